"""``carrier-relay accounts compare``: may an observed account go live."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import typer

from app.cli.accounts.durations import spoken
from app.cli.operating import Operators, reach
from app.cli.tables import aligned

__all__ = ["Comparing", "compare_account"]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_PAGE: Final = 100
_UNREMARKABLE: Final = frozenset({"same", "waiting", "revised"})
_DELIVERY: Final = {
    "agree": "both say that it is delivered",
    "only-relay": "delivered for the relay, not for VTEX",
    "only-vtex": "delivered for VTEX, not for the relay",
    "delivery-waiting": "delivered for the relay; too new to tell of VTEX",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """The options of the command; see its ``--help``."""

    since: str | None
    show: str | None
    limit: int
    missing_after_hours: float
    refresh: bool
    as_json: bool


def compare_account(account: str, options: Comparing, url: str | None, token: str | None) -> None:
    """Print the comparison, and what it means for going live."""
    operators = reach(url, token)
    path = f"/accounts/{quote(account, safe='')}/comparison"
    if options.refresh:
        queued = operators.ask("POST", f"{path}/refresh")["queued"]
        typer.echo(f"Reading the orders of {queued} observed shipments again.", err=True)
    query = {
        "since": _time(options.since),
        "missing_after_hours": options.missing_after_hours,
        "show": options.show,
        "limit": max(1, options.limit) if options.as_json else _PAGE,
    }
    if options.as_json:
        typer.echo(operators.text("GET", path, query=query))
        return
    mode = operators.ask("GET", f"/accounts/{quote(account, safe='')}")["mode"]
    page = operators.ask("GET", path, query=query)
    for line in _summary(account, page["totals"]):
        typer.echo(line)
    shown = 0
    for shipment in _listed(operators, path, query, page):
        differing = options.show is not None or _is_remarkable(shipment)
        if shown < options.limit and differing:
            typer.echo("\n" + "\n".join(_as_text(shipment)))
        shown += differing
    if shown > options.limit > 0:
        typer.echo(f"\n… and {shown - options.limit} more shipments; --limit shows them, --show one kind of them.")
    typer.echo("\n" + "\n".join(_advice(account, mode, page["totals"])))


def _time(since: str | None) -> str | None:
    """Read a day as its midnight in UTC."""
    return f"{since}T00:00:00Z" if since and _DAY.fullmatch(since) else since


def _listed(
    operators: Operators, path: str, query: Mapping[str, object], page: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    yield from page["items"]
    while page["next"]:
        page = operators.ask("GET", path, query={**query, "cursor": page["next"]})
        yield from page["items"]


def _is_remarkable(shipment: Mapping[str, Any]) -> bool:
    kinds = {row["kind"] for row in shipment["rows"]}
    return bool(kinds - _UNREMARKABLE or shipment["extra"] or shipment["delivery"] in {"only-relay", "only-vtex"})


def _summary(account: str, totals: Mapping[str, Any]) -> Iterator[str]:
    yield f"{account}: {_count(totals['shipments'], 'observed shipment')}"
    facts = [
        ("agree", totals["same"], "VTEX shows the very row that the relay would have sent"),
        ("reworded", totals["reworded"], "VTEX shows a row of the same moment in other words"),
        ("missing", totals["missing"], "the relay would have sent a row, VTEX shows none"),
        ("waiting", totals["waiting"], "too new to tell"),
        ("extra", totals["extra"], "VTEX shows a row that the relay does not know of"),
    ]
    if totals["revised"] != "0":
        facts.append(("revised", totals["revised"], "another version of the event stands for it"))
    yield from aligned(facts, indent="  ")
    yield f"  earlier by  {_earlier(totals)}"
    delivery = [
        f"agree {totals['delivery_agree']}",
        f"only the relay {totals['delivery_only_relay']}",
        f"only VTEX {totals['delivery_only_vtex']}",
        f"too new to tell {totals['delivery_waiting']}",
    ]
    yield f"  delivered   {', '.join(delivery)}"


def _earlier(totals: Mapping[str, Any]) -> str:
    if totals["earlier_by_median_seconds"] is None:
        return "nothing to compare yet"
    middle, most = (float(totals[f"earlier_by_{name}_seconds"]) for name in ("median", "p90"))
    return (
        f"{_by(middle)} in the middle, nine of ten rows at most {_by(most)}; the relay would have been first"
        f" {_count(totals['earlier'], 'time')}, the other writer {_count(totals['later'], 'time')}"
    )


def _by(seconds: float) -> str:
    return spoken(seconds) if seconds >= 0 else f"minus {spoken(seconds)}"


def _count(number: str, what: str) -> str:
    return f"{number} {what}{'' if number == '1' else 's'}"


def _as_text(shipment: Mapping[str, Any]) -> Iterator[str]:
    yield f"{shipment['order_id']} invoice {shipment['invoice_number']} ({shipment['id']})"
    rows = [(row["kind"], row["date"], _row_earlier(row), row["description"]) for row in shipment["rows"]]
    rows += [("extra", row["date"], "", row["description"]) for row in shipment["extra"]]
    yield from aligned(rows, indent="  ")
    if shipment["delivery"]:
        yield f"  {_DELIVERY[shipment['delivery']]}"


def _row_earlier(row: Mapping[str, Any]) -> str:
    if row["earlier_by_seconds"] is None:
        return ""
    seconds = float(row["earlier_by_seconds"])
    return f"earlier by {spoken(seconds)}" if seconds >= 0 else f"later by {spoken(seconds)}"


def _advice(account: str, mode: str, totals: Mapping[str, Any]) -> Sequence[str]:
    """Say what going live would change for shoppers."""
    number = {name: int(value) for name, value in totals.items() if not name.endswith("_seconds")}
    found = (
        (
            "extra",
            "row",
            "VTEX shows {} that the relay does not know of: find out who sends it before that writer is switched off",
        ),
        ("delivery_only_vtex", "package", "{} delivered at VTEX alone: the relay would not have marked it"),
        ("reworded", "row", "{} would read differently: see the settings description and texts"),
        ("missing", "row", "{} that VTEX shows nothing of would appear"),
        ("waiting", "row", "{} too new to tell: look again later, or with --refresh"),
    )
    lines = [f"  {text.format(_count(totals[name], what))}" for name, what, text in found if number[name]]
    if not number["shipments"]:
        hint = "" if mode == "observe" else f'; {account} is live: nothing is observed while mode is not "observe"'
        return [f"Nothing was observed yet{hint}."]
    if not lines:
        lines = ["  The relay would have shown everything that the other writer shows, in the same words"]
    live = f'To go live, set accounts.{account}.mode = "live" and restart: what VTEX lacks is sent then, nothing twice.'
    return ["What that means:", *lines, live]
