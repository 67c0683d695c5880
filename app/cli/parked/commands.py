"""The commands about parked work with their arguments; what they do is imported when they run."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, Token, Why
from app.cli.teaching import example

__all__ = ["parked"]

Id = Annotated[str, typer.Argument(metavar="SU_ID", help="The subject's id, as the list shows it: su_…")]

parked = typer.Typer(
    help="See what waits for its shipment and why; link it by hand.",
    short_help="See and link what waits for its shipment.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@parked.callback()
def index(context: typer.Context, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """Sum up why things wait, source by source, or do something with one of them."""
    if context.invoked_subcommand is None:
        from app.cli.parked.showing import sum_up

        sum_up(url, token, as_json=as_json)


@parked.command(
    name="list",
    short_help="List what waits, newest first.",
    epilog=example("parked list --account mystore --cause ambiguous"),
)
def list_(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Annotated[str | None, typer.Option(help="Only of sources of this account or group.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Only of this carrier.")] = None,
    cause: Annotated[
        Literal["unknown-number", "unknown-references", "ambiguous", "several-accounts", "contradicting", "other"]
        | None,
        typer.Option(help="Only what waits for this cause."),
    ] = None,
    number: Annotated[str | None, typer.Option(help="Only with this tracking number, however it is written.")] = None,
    since: Annotated[str | None, typer.Option(help="Not parked before this RFC 3339 time.")] = None,
    until: Annotated[str | None, typer.Option(help="Parked before this RFC 3339 time.")] = None,
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help="List what waited long enough and is not ours, instead.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for its shipment, or what never found one."""
    from app.cli.parked.showing import list_parked

    query = {
        "account": account,
        "carrier": carrier,
        "cause": cause,
        "tracking_number": number,
        "since": since,
        "until": until,
        "limit": limit,
        "cursor": cursor,
    }
    list_parked("/unmatched" if unmatched else "/parked", query, url, token, as_json=as_json)


@parked.command(short_help="Show one with the shipments that it might belong to.", epilog=example("parked show su_…"))
def show(subject: Id, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show why it waits, its events, and of each shipment that shares something with it why it fits or not."""
    from app.cli.parked.showing import show_parked

    show_parked(subject, url, token, as_json=as_json)


@parked.command(
    short_help="Link one to its shipment by hand.",
    epilog=example('parked link su_… sh_… --reason "the shopper sent the label"'),
)
def link(
    subject: Id,
    shipment: Annotated[str, typer.Argument(metavar="SH_ID", help="The shipment's id: sh_…")],
    reason: Why,
    url: URL = None,
    token: Token = None,
) -> None:
    """Show its events on a shipment's timeline, and those that come later as well."""
    from app.cli.parked.showing import change_link

    change_link(subject, "link", {"shipment_id": shipment, "reason": reason}, url, token)


@parked.command(
    short_help="Take a link back, as long as nothing of it was sent.",
    epilog=example('parked unlink su_… --reason "wrong order"'),
)
def unlink(subject: Id, reason: Why, url: URL = None, token: Token = None) -> None:
    """Take its events from the shipment again; the relay then decides where they belong."""
    from app.cli.parked.showing import change_link

    change_link(subject, "unlink", {"reason": reason}, url, token)
