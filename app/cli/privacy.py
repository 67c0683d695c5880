"""Personal data of one order, by command: hold it, export it, erase it."""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.exits import ExitCode, stop
from app.cli.options import URL, Token, Why
from app.cli.teaching import example
from app.payload import json_document

__all__ = ["erase_order", "export_order", "hold"]

hold = typer.Typer(help="Keep everything of a disputed order.", no_args_is_help=True, rich_markup_mode=None)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The VTEX account.")]
Order = Annotated[str, typer.Argument(metavar="ORDER", help="VTEX's order id.")]


@hold.command(
    short_help="Hold an order.", epilog=example('hold add mystore 1234567890123-01 --reason "chargeback under dispute"')
)
def add(account: Account, order: Order, reason: Why, url: URL = None, token: Token = None) -> None:
    """Hold an order: nothing of it is deleted until it is released."""
    from app.cli.operating import reach

    reach(url, token).text("POST", "/orders/hold", body={"account": account, "order_id": order, "reason": reason})
    typer.echo(f"{order} of {account} is held.")


@hold.command(
    short_help="Release a held order.",
    epilog=example('hold release mystore 1234567890123-01 --reason "dispute settled"'),
)
def release(account: Account, order: Order, reason: Why, url: URL = None, token: Token = None) -> None:
    """Release an order: its age decides again."""
    from app.cli.operating import reach

    reach(url, token).text("POST", "/orders/release", body={"account": account, "order_id": order, "reason": reason})
    typer.echo(f"{order} of {account} is released.")


@hold.command(name="list", short_help="List the held orders.", epilog=example("hold list"))
def list_(url: URL = None, token: Token = None) -> None:
    """List the orders of which nothing is deleted."""
    from app.cli.operating import reach

    items: list[dict[str, Any]] = reach(url, token).ask("GET", "/orders/held")["items"]
    for each in items:
        typer.echo(f"{each['account']}  {each['order_id']}  since {each['since']} by {each['actor']}: {each['reason']}")
    if not items:
        typer.echo("No order is held.")


def export_order(account: str, order: str, reason: str, write: Path | None, url: str | None, token: str | None) -> None:
    """Write everything that is known of an order to a file that only its owner can read, or to standard output."""
    from app.cli.operating import reach

    body = json.dumps({"account": account, "order_id": order, "reason": reason}).encode()
    text = reach(url, token).stream("/orders/export", body)
    if write is None:
        typer.echo(text)
        return
    write.touch(mode=0o600)
    write.write_text(text, "utf-8")
    typer.echo(f"Wrote {write}: personal data; delete it when it was handed over.")


def erase_order(
    account: str, named: Mapping[str, str], reason: str, url: str | None, token: str | None, *, yes: bool
) -> None:
    """Erase an order, or one parcel, a few seconds at a time; ``named`` says by what it is known."""
    from app.cli.operating import reach

    if len(named) != 1:
        raise stop(ExitCode.BAD_INPUT, "name what to erase: one of --order, --tracking-number and --invoice-key")
    (wanted,) = named.values()
    operators = reach(url, token)
    if not yes and typer.prompt(f"Everything stored of {wanted} is deleted for good. Type it to go on") != wanted:
        raise stop(ExitCode.FAILED, "nothing was erased")
    asked = {"account": account, "reason": reason, **named}
    rows: Counter[str] = Counter()
    while True:
        told = json_document(operators.stream("/orders/erase", json.dumps(asked).encode())).plain()
        rows.update({name: int(count) for name, count in told["rows"].items()})
        if told["done"]:
            break
        line = f"erased {rows.total()} rows so far"
        # On a terminal the next one stands in its place.
        typer.echo(f"\r{line}" if sys.stderr.isatty() else line, err=True, nl=not sys.stderr.isatty())
    what = ", ".join(f"{count} {name}" for name, count in sorted(rows.items())) or "nothing was stored of it"
    typer.echo(f"Erased as {told['id']}: {what}. Nothing of it is taken in any more.")
    if int(told["shared"]):
        typer.echo(f"{told['shared']} parcels stay: other orders show them as well.")
