"""``carrier-relay shipments list`` and ``add``."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import typer

from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["add_shipment", "correct_shipment", "list_quiet", "list_shipments", "write_csv"]


def list_shipments(query: Mapping[str, object], url: str | None, token: str | None, *, as_json: bool) -> None:
    """List the shipments that a query finds."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/shipments", query=query))
        return
    found = operators.ask("GET", "/shipments", query=query)
    rows = [("ID", "ACCOUNT", "ORDER", "INVOICE", "STATE", "NUMBERS")]
    rows += [
        (
            item["id"],
            item["account"],
            item["order_id"],
            item["invoice_number"],
            item["state"],
            ", ".join(item["tracking_numbers"]) or "–",
        )
        for item in found["items"]
    ]
    typer.echo("\n".join(aligned(rows)) if found["items"] else "No shipment fits.")
    if found["next"]:
        typer.echo(f"\nThere are more: --cursor {found['next']}")


def add_shipment(given: Mapping[str, Any], url: str | None, token: str | None, *, as_json: bool) -> None:
    """Add a shipment, and say what is known of it now."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("POST", "/shipments", body=given))
        return
    found = operators.ask("POST", "/shipments", body=given)
    numbers = ", ".join(found["tracking_numbers"]) or "no tracking number yet"
    what = f"order {found['order_id']}, invoice {found['invoice_number']}: {numbers}"
    typer.echo(f"{found['id']} of {found['account']}: {what}.")


def list_quiet(
    query: Mapping[str, Any], limit: int, url: str | None, token: str | None, *, as_csv: bool, as_json: bool
) -> None:
    """List shipments that nothing was heard of, the quietest first; as CSV all of them."""
    from app.cli.lists import write_list

    write_list(
        "quiet", query, None if as_csv else limit, "csv" if as_csv else "json" if as_json else "table", url, token
    )


def write_csv(query: Mapping[str, Any], url: str | None, token: str | None) -> None:
    """Write all shipments that fit."""
    from app.cli.lists import write_list

    write_list("shipments", query, None, "csv", url, token)


def correct_shipment(id_: str, given: Mapping[str, Any], url: str | None, token: str | None, *, as_json: bool) -> None:
    """Write on a shipment's timeline."""
    operators, path = reach(url, token), f"/shipments/{quote(id_, safe='')}/corrections"
    body = {name: value for name, value in given.items() if value is not None}
    if as_json:
        typer.echo(operators.text("POST", path, body=body))
        return
    found = operators.ask("POST", path, body=body)
    typer.echo(f"{found['id']}: order {found['order_id']} is to show {given['text']!r}.")
