"""The commands ``export``, ``erase``, ``backup`` and ``restore`` with their arguments."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import URL, Token, Why
from app.cli.privacy import Account, Order, erase_order, export_order, hold
from app.cli.teaching import example

__all__ = ["hold", "personal"]

personal = typer.Typer()
"""Commands that stand beside the others, in no group."""


@personal.command(
    short_help="Export everything known of an order.",
    epilog=example('export mystore 1234567890123-01 --reason "request of the shopper" --write order.json'),
)
def export(
    account: Account,
    order: Order,
    reason: Why,
    write: Annotated[Path | None, typer.Option(help="File to write; standard output unless given.")] = None,
    url: URL = None,
    token: Token = None,
) -> None:
    """Export everything that is known of an order, for whoever has a right to know it; needs a support token."""
    export_order(account, order, reason, write, url, token)


@personal.command(
    short_help="Erase an order or a parcel for good.",
    epilog=example('erase mystore --order 1234567890123-01 --reason "request of the shopper"'),
)
def erase(
    account: Account,
    reason: Why,
    order: Annotated[str | None, typer.Option(help="VTEX's order id.")] = None,
    tracking_number: Annotated[str | None, typer.Option(help="A tracking number, in place of an order.")] = None,
    invoice_key: Annotated[
        str | None, typer.Option(help="The key of an NF-e, for a parcel that is known by nothing else.")
    ] = None,
    url: URL = None,
    token: Token = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase an order, or one parcel by its number or its NF-e, for good; nothing brings it back. Needs an admin."""
    named = {"order_id": order, "tracking_number": tracking_number, "invoice_key": invoice_key}
    erase_order(account, {name: value for name, value in named.items() if value}, reason, url, token, yes=yes)


@personal.command(
    short_help="Copy the database while the relay runs.", epilog=example("backup /var/backups/carrier-relay")
)
def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where copies are kept; only its owner should read it.")
    ],
) -> None:
    """Copy the SQLite database while the relay runs, and write beside it what was erased, so that it stays erased.

    Of PostgreSQL only that is written: pg_dump copies the rest.
    """
    from app.cli.backing_up import make_copy

    make_copy(folder)


@personal.command(
    short_help="Put a copy in the place of the database.",
    epilog=example("restore /var/backups/carrier-relay/relay-20261101T030000Z.db"),
)
def restore(
    copy: Annotated[
        Path,
        typer.Argument(
            metavar="COPY",
            help="A copy that `backup` wrote; erased.json lies beside it. With PostgreSQL, the folder of that.",
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a copy in the place of the SQLite database, with the relay stopped, and erase again what was erased.

    With PostgreSQL, run it after pg_restore and before any relay starts: it only erases again.
    """
    from app.cli.backing_up import put_copy

    put_copy(copy, is_agreed=yes)
