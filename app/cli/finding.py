"""``carrier-relay find``: an order, by whatever is known of it."""

import typer

from app.cli.exits import ExitCode
from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["find"]


def find(text: str, account: str | None, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show every shipment that a text may mean; with none the command fails."""
    operators = reach(url, token)
    query = {"q": text, "account": account}
    if as_json:
        typer.echo(operators.text("GET", "/search", query=query))
        return
    found = operators.ask("GET", "/search", query=query)
    rows = [("ID", "FOUND BY", "ACCOUNT", "ORDER", "INVOICE", "STATE", "NUMBERS")]
    for item in found["items"]:
        shipment = item["shipment"]
        names = ("account", "order_id", "invoice_number", "state")
        numbers = ", ".join(shipment["tracking_numbers"]) or "–"
        rows.append((shipment["id"], item["by"], *(shipment[name] for name in names), numbers))
    if found["items"]:
        typer.echo("\n".join(aligned(rows)))
    for item in found["waiting"]:
        typer.echo(f"{item['id']} of {item['owner']}/{item['carrier']}: {item['subject']} is {item['state']}")
    if found["is_more"]:
        typer.echo("\nThere are more: type more of it, or name the --account.")
    if not found["items"] and not found["waiting"]:
        typer.echo("Nothing fits.")
        raise typer.Exit(ExitCode.FAILED)
