"""The commands about shipments with their arguments; what they do is imported when they run."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, Token
from app.cli.teaching import example

__all__ = ["shipments"]


shipments = typer.Typer(
    help="Import, list and add shipments: which tracking numbers belong to which order and invoice.",
    short_help="Import, list and add shipments.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@shipments.command(
    name="import",
    short_help="Import shipments from a CSV or NDJSON file.",
    epilog=example("shipments import parcels.csv --account mystore"),
)
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads standard input.")],
    account: Annotated[str | None, typer.Option(help="The account of rows that name none.")] = None,
    kind: Annotated[
        Literal["csv", "ndjson"] | None, typer.Option("--format", help="Told from the file unless given.")
    ] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Import shipments into a running relay; each row that is wrong is told, and the others are taken.

    CSV names its columns in the first line, in any order: account, order_id, invoice_number, tracking_numbers (several
    separated by ;), invoice_key, courier, invoiced_at. Importing a file again changes nothing, so after an interruption
    it is simply imported again. Exit code 1 says that rows were refused, 4 that it has to be imported again.
    """
    from app.cli.shipments.importing import import_file

    import_file(file, account, kind, url, token, as_json=as_json)


@shipments.command(
    name="list",
    short_help="List shipments, newest first.",
    epilog=example("shipments list --account mystore --quiet 5d --csv"),
)
def list_(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    order: Annotated[str | None, typer.Option(help="Only of this order id.")] = None,
    number: Annotated[str | None, typer.Option(help="Only with this tracking number, however it is written.")] = None,
    invoice: Annotated[str | None, typer.Option(help="Only with this invoice number.")] = None,
    state: Annotated[Literal["due", "idle", "dead"] | None, typer.Option(help="Only in this state.")] = None,
    quiet: Annotated[
        str | None, typer.Option(help="Only those on their way that nothing was heard of for so long: 5d, 36h.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write all that fit as CSV, for spreadsheets.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List the shipments of a running relay."""
    from app.cli.shipments.listing import list_quiet, list_shipments, write_csv

    if quiet is not None:
        if order or number or invoice or state or cursor:
            raise typer.BadParameter("goes with --account only", param_hint="--quiet")
        list_quiet({"silence": quiet, "account": account}, limit, url, token, as_csv=as_csv, as_json=as_json)
        return

    query = {
        "account": account,
        "order_id": order,
        "tracking_number": number,
        "invoice_number": invoice,
        "state": state,
        "limit": limit,
        "cursor": cursor,
    }
    if as_csv:
        write_csv({name: value for name, value in query.items() if name not in {"limit", "cursor"}}, url, token)
        return
    list_shipments(query, url, token, as_json=as_json)


@shipments.command(short_help="Show one shipment and its timeline.", epilog=example("shipments show sh_…"))
def show(
    shipment: Annotated[str, typer.Argument(metavar="SH_ID", help="The shipment's id: sh_…")],
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what carriers said of a shipment, the rows on its timeline, and what VTEX answered."""
    from app.cli.telling import show_shipment

    show_shipment(shipment, url, token, as_json=as_json)


@shipments.command(
    short_help="Write on a shipment's timeline by hand.",
    epilog=example('shipments correct sh_… "Entrega em verificação" --reason "carrier says it was not delivered"'),
)
def correct(  # noqa: PLR0913, PLR0917 - each option is a parameter
    id: Annotated[str, typer.Argument(metavar="SH_ID", help="The shipment's id: sh_…")],  # noqa: A002 - its name
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What shoppers read, as it stands.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the audit log.")],
    city: Annotated[str | None, typer.Option(help="Where.")] = None,
    state: Annotated[str | None, typer.Option(help="Of the city, such as SP.")] = None,
    at: Annotated[str | None, typer.Option(help="When: an RFC 3339 time; now unless given.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Send a row with this text to VTEX, in its turn like any other; what is delivered stays delivered."""
    from app.cli.shipments.listing import correct_shipment

    given = {"text": text, "reason": reason, "city": city, "state": state, "occurred_at": at}
    correct_shipment(id, given, url, token, as_json=as_json)


@shipments.command(
    short_help="Add a shipment, or tracking numbers to one.",
    epilog=example("shipments add mystore 1234567890123-01 000123456 QX123456789BR"),
)
def add(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, as configured.")],
    order: Annotated[str, typer.Argument(metavar="ORDER", help="VTEX's order id.")],
    invoice: Annotated[str, typer.Argument(metavar="INVOICE", help="The invoice's number, as VTEX has it.")],
    numbers: Annotated[list[str] | None, typer.Argument(metavar="NUMBER", help="Tracking numbers.")] = None,
    key: Annotated[str | None, typer.Option(help="The access key of a Brazilian NF-e.")] = None,
    courier: Annotated[str | None, typer.Option(help="The courier that VTEX names.")] = None,
    invoiced_at: Annotated[str | None, typer.Option(help="When it was invoiced: an RFC 3339 time.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Tell a running relay which tracking numbers belong to an order's invoice; what waited for them is forwarded."""
    from app.cli.shipments.listing import add_shipment

    given = {
        "account": account,
        "order_id": order,
        "invoice_number": invoice,
        "tracking_numbers": numbers or [],
        "invoice_key": key,
        "courier": courier,
        "invoiced_at": invoiced_at,
    }
    add_shipment({name: value for name, value in given.items() if value is not None}, url, token, as_json=as_json)


@shipments.command(short_help="Sum up why shipments were given up.", epilog=example("shipments dead --account mystore"))
def dead(
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Count the shipments that were given up, or rows of them, by account and cause."""
    from app.cli.shipments.redriving import sum_up_dead

    sum_up_dead(account, url, token, as_json=as_json)


@shipments.command(
    short_help="Take up again what was given up.",
    epilog=example('shipments redrive --account mystore --cause exhausted --reason "VTEX works again"'),
)
def redrive(
    reason: Annotated[str, typer.Option(help="Why; stands in the audit log.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="SH_ID", help="Shipments by their ids: sh_…")] = None,
    account: Annotated[str | None, typer.Option(help="All of this account.")] = None,
    cause: Annotated[
        Literal["missing", "exhausted", "refused", "invoice-number", "failed"] | None,
        typer.Option(help="All that were given up for this cause."),
    ] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make shipments due as though they had never failed; the order is read first, and only what is missing is sent."""
    from app.cli.shipments.redriving import redrive as take_up

    take_up(ids or [], account, cause, reason, url, token, as_json=as_json)
