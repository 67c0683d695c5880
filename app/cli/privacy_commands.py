"""The commands ``export`` and ``erase`` with their arguments."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.backing_up import copies
from app.cli.privacy import Account, Key, OpsURL, Order, Why, erase_order, export_order, hold

__all__ = ["hold", "personal"]

personal = typer.Typer()
"""Commands that stand beside the others, in no group."""
personal.add_typer(copies)


@personal.command(short_help="Export everything known of an order.")
def export(
    account: Account,
    order: Order,
    reason: Why,
    write: Annotated[Path | None, typer.Option(help="File to write; standard output unless given.")] = None,
    url: OpsURL = None,
    token: Key = None,
) -> None:
    """Export everything that is known of an order, for whoever has a right to know it; needs a support token."""
    export_order(account, order, reason, write, url, token)


@personal.command(short_help="Erase an order or a parcel for good.")
def erase(
    account: Account,
    reason: Why,
    order: Annotated[str | None, typer.Option(help="VTEX's order id.")] = None,
    tracking_number: Annotated[str | None, typer.Option(help="A tracking number, in place of an order.")] = None,
    url: OpsURL = None,
    token: Key = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase an order, or the parcel with a tracking number for good; nothing brings it back. Needs an admin."""
    erase_order(account, order, tracking_number, reason, url, token, yes=yes)
