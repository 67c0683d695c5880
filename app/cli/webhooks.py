"""``carrier-relay webhooks``: what carriers sent, and what became of it."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, Token
from app.cli.teaching import example

__all__ = ["webhooks"]


webhooks = typer.Typer(
    help="See what carriers sent, and what became of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@webhooks.command(
    name="list",
    short_help="List webhooks, newest first.",
    epilog=example("webhooks list --account mystore --state unmappable --since 2026-11-01T00:00:00Z"),
)
def list_(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Annotated[str | None, typer.Option(help="Only to this account or group.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Only of this carrier.")] = None,
    state: Annotated[
        Literal["stored", "mapped", "ignored", "unmappable"] | None, typer.Option(help="Only those that were read so.")
    ] = None,
    number: Annotated[str | None, typer.Option(help="Only about this tracking number, however it is written.")] = None,
    since: Annotated[str | None, typer.Option(help="Not received before this RFC 3339 time.")] = None,
    until: Annotated[str | None, typer.Option(help="Received before this RFC 3339 time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List what carriers sent to a running relay; `carrier-relay list webhooks` has more filters and forms."""
    from app.cli.lists import write_list

    query = {"account": account, "carrier": carrier, "state": state, "tracking_number": number}
    query |= {"since": since, "until": until}
    given = {name: value for name, value in query.items() if value is not None}
    write_list("webhooks", given, limit, "json" if as_json else "table", url, token)


@webhooks.command(short_help="Show one webhook and what became of it.", epilog=example("webhooks show wh_…"))
def show(
    webhook: Annotated[str, typer.Argument(metavar="WH_ID", help="The webhook: wh_…")],
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show what proved a webhook's sender, how it was read, where its events went, and what VTEX answered."""
    from app.cli.telling import show_webhook

    show_webhook(webhook, url, token, as_json=as_json)
