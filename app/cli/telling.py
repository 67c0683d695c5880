"""One webhook or shipment for people, with everything that became of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import typer

from app.cli.operating import reach
from app.cli.tables import aligned, printable

__all__ = ["show_shipment", "show_webhook"]

_EVENT = ("id", "occurred_at", "milestone", "code", "city", "description")
_ROW = ("shipment_id", "event_id", "state", "date", "description", "reason")
_ATTEMPT = ("started_at", "call", "outcome", "status", "detail")


def show_webhook(id_: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one webhook; bodies and headers are only in the JSON."""
    _show(f"/webhooks/{quote(id_, safe='')}", _webhook, url, token, as_json=as_json)


def show_shipment(id_: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one shipment."""
    _show(f"/shipments/{quote(id_, safe='')}", _shipment, url, token, as_json=as_json)


def _show(path: str, told: Any, url: str | None, token: str | None, *, as_json: bool) -> None:  # noqa: ANN401
    operators = reach(url, token)
    typer.echo(operators.text("GET", path) if as_json else "\n".join(told(operators.ask("GET", path))))


def _webhook(found: Mapping[str, Any]) -> Iterator[str]:
    verification, mapping = found["verification"], found["mapping"]
    again = int(found["duplicates"])
    yield f"{found['id']} of {found['owner']}/{found['carrier']} is {found['state']}{_because(found['reason'])}"
    yield from _facts(
        ("Received", f"{found['received_at']} from {found['peer']}"),
        ("As", f"{found['method']} {found['path']}"),
        ("Size", f"{found['size']} bytes"),
        ("Came again", f"{again} times" if again else "never"),
        ("Proven by", verification["scheme"]),
        ("Read by", f"version {mapping['adapter_version']} of the adapter" if mapping["mapped_at"] else "nobody yet"),
        ("Ignored", mapping["ignored"]),
        ("Warnings", mapping["warnings"]),
    )
    yield from _table("Events:", _EVENT, found["events"])
    for subject in found["resolution"]:
        yield f"{printable(subject['subject'])} is {subject['state']}{_because(subject['reason'])}"
    yield from _table("Rows:", _ROW, found["rows"])
    yield from _table("Calls to VTEX:", _ATTEMPT, found["attempts"])


def _shipment(found: Mapping[str, Any]) -> Iterator[str]:
    order = f"order {found['order_id']}, invoice {found['invoice_number']} of {found['account']}"
    yield f"{found['id']}, {order}, is {found['state']}{_because(found['dead_reason'])}"
    yield from _facts(
        ("Tracking numbers", found["tracking_numbers"]),
        ("Carrier heard of it", found["news_at"]),
        ("Delivered in VTEX", found["delivered_at"]),
        ("VTEX accepted", f"{found['accepted_puts']} calls; rows of others: {len(found['baseline'])}"),
        ("Next call", found["due_at"]),
    )
    yield from _table("Events:", _EVENT, found["events"])
    yield from _table("Rows:", _ROW[1:], found["rows"])
    yield from _table("Calls to VTEX:", _ATTEMPT, found["attempts"])


def _because(reason: str | None) -> str:
    return f": {printable(reason)}" if reason else ""


def _facts(*facts: tuple[str, object]) -> list[str]:
    return aligned([(name, printable(value)) for name, value in facts if value not in (None, [])], indent="  ")


def _table(title: str, columns: Sequence[str], items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not items:
        return
    rows = [tuple(name.upper().replace("_", " ") for name in columns)]
    rows += [tuple(printable(item[name]) for name in columns) for item in items]
    yield from ("", title, *aligned(rows, indent="  "))
