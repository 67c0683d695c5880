"""What the commands about parked work do."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import typer

from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["change_link", "list_parked", "show_parked", "sum_up"]


def sum_up(url: str | None, token: str | None, *, as_json: bool) -> None:
    """Say how much waits for what."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/parked/causes"))
        return
    items = operators.ask("GET", "/parked/causes")["items"]
    rows = [("SOURCE", "CAUSE", "PARKED")]
    rows += [(f"{item['owner']}/{item['carrier']}", item["cause"], item["count"]) for item in items]
    typer.echo("\n".join(aligned(rows)) if items else "Nothing waits for its shipment.")


def list_parked(path: str, query: Mapping[str, object], url: str | None, token: str | None, *, as_json: bool) -> None:
    """List what a query finds."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", path, query=query))
        return
    found = operators.ask("GET", path, query=query)
    rows = [("ID", "SOURCE", "SUBJECT", "SINCE", "WHY")]
    rows += [
        (item["id"], f"{item['owner']}/{item['carrier']}", item["subject"], item["since"], item["reason"] or "")
        for item in found["items"]
    ]
    typer.echo("\n".join(aligned(rows)) if found["items"] else "Nothing fits.")
    if found["next"]:
        typer.echo(f"\nThere are more: --cursor {found['next']}")


def show_parked(subject: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one subject."""
    operators = reach(url, token)
    path = f"/parked/{quote(subject, safe='')}"
    if as_json:
        typer.echo(operators.text("GET", path))
        return
    typer.echo("\n".join(_as_text(operators.ask("GET", path))))


def change_link(subject: str, change: str, body: Mapping[str, str], url: str | None, token: str | None) -> None:
    """Link a subject, or take the link back, and say where it is now."""
    found = reach(url, token).ask("POST", f"/parked/{quote(subject, safe='')}/{change}", body=body)
    typer.echo(_sentence(found))


def _sentence(found: Mapping[str, Any]) -> str:
    about = f"{found['subject']} of {found['owner']}/{found['carrier']}"
    if found["linked_to"]:
        return f"{about} is linked to {found['linked_to']}."
    because = f": {found['reason']}" if found["reason"] else ""
    return f"{about} is {found['state']} since {found['since']}{because}"


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    yield _sentence(found)
    references = {name: value for name, value in found["references"].items() if value}
    facts = [("Numbers", ", ".join(found["tracking_numbers"]) or "none")]
    facts += [(name, ", ".join(value) if isinstance(value, list) else value) for name, value in references.items()]
    yield from aligned(facts, indent="  ")
    yield from ("", "Events:")
    rows = [
        (event["occurred_at"] or event["received_at"], event["milestone"], event["code"]) for event in found["events"]
    ]
    yield from aligned(rows, indent="  ")
    yield ""
    if not found["candidates"]:
        yield "No known shipment shares anything with it."
    for candidate in found["candidates"]:
        fits = "fits" if candidate["fits"] else "does not fit"
        yield (
            f"{candidate['id']} of {candidate['account']}, order {candidate['order_id']}, "
            f"invoice {candidate['invoice_number']}: {fits}"
        )
        yield from (f"  + {text}" for text in candidate["agrees"])
        yield from (f"  - {text}" for text in candidate["differs"])
    if found["state"] in {"parked", "unmatched"}:
        yield f'\nTo link it: carrier-relay parked link {found["id"]} SH_ID --reason "…"'
