"""The commands about replays with their arguments; what they do is imported when they run."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, MaybeWhy, Token
from app.cli.teaching import example

__all__ = ["replay"]

Id = Annotated[str, typer.Argument(metavar="RP_ID", help="The replay: rp_…")]
Reason = Annotated[str, typer.Option(help="Why; stands in the audit log.")]

replay = typer.Typer(
    help="Have a running relay read stored webhooks again with today's adapters, and forward what is missing.",
    short_help="Read stored webhooks again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@replay.command(
    short_help="Read one webhook again.", epilog=example('replay one wh_… --reason "adapter corrected" --dry-run')
)
def one(
    webhook: Annotated[str, typer.Argument(metavar="WH_ID", help="The webhook: wh_…")],
    reason: Reason,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would differ.")] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Read one webhook again and show what differs; rows that VTEX has are never sent again."""
    from app.cli.replays.single import replay_one

    replay_one(webhook, reason, url, token, dry_run=dry_run, as_json=as_json)


@replay.command(
    short_help="Read many webhooks again.",
    epilog=example('replay start --account mystore --carrier loggi --unknown --reason "codes have a meaning now"'),
)
def start(  # noqa: PLR0913, PLR0917 - each option is a parameter
    reason: Reason,
    account: Annotated[str | None, typer.Option(help="Only of this account or group.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Only of this carrier.")] = None,
    state: Annotated[
        Literal["mapped", "ignored", "unmappable"] | None, typer.Option(help="Only those that were read so.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Received since: a day (of Sao Paulo) or an RFC 3339 time.")] = None,
    until: Annotated[str | None, typer.Option(help="And before then.")] = None,
    number: Annotated[str | None, typer.Option(help="Only about this tracking number, however it is written.")] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only with events whose code had no meaning.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most, the oldest first.")] = 10_000,
    rate: Annotated[float, typer.Option(min=0.01, max=1000, help="Most webhooks per second.")] = 20.0,
    yes: Annotated[bool, typer.Option("--yes", help="Run what the preview shows without being asked.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Start it and do not wait for it.")] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Preview what would be read again, ask, and run exactly that, behind live traffic.

    It runs in the relay and survives its restarts; this command only watches it. Without a terminal to ask on, --yes
    is needed. Exit code 1 says that webhooks could not be read, or that it was paused or cancelled.
    """
    from app.cli.replays.bulk import Starting, start_replay

    wanted = {
        "account": account,
        "carrier": carrier,
        "state": state,
        "since": since,
        "until": until,
        "tracking_number": number,
        "unknown": unknown or None,
        "limit": limit,
    }
    asked = Starting(reason=reason, rate=rate, yes=yes, detach=detach, as_json=as_json)
    start_replay(wanted, asked, url, token)


@replay.command(name="list", short_help="List the bulk replays.", epilog=example("replay list"))
def list_(url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """List the bulk replays, newest first."""
    from app.cli.replays.bulk import list_replays

    list_replays(url, token, as_json=as_json)


@replay.command(short_help="Show a bulk replay.", epilog=example("replay show rp_…"))
def show(id: Id, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:  # noqa: A002 - its name
    """Show how far a bulk replay has come, what it changed, what failed, and what hinders it."""
    from app.cli.replays.bulk import show_replay

    show_replay(id, url, token, as_json=as_json)


@replay.command(short_help="Pause a bulk replay.", epilog=example("replay pause rp_…"))
def pause(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """Read nothing more until it is resumed."""
    from app.cli.replays.bulk import change_replay

    change_replay(id, "pause", reason, url, token)


@replay.command(short_help="Resume a paused bulk replay.", epilog=example("replay resume rp_…"))
def resume(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """Go on where it was paused."""
    from app.cli.replays.bulk import change_replay

    change_replay(id, "resume", reason, url, token)


@replay.command(short_help="End a bulk replay.", epilog=example('replay cancel rp_… --reason "wrong filter"'))
def cancel(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """Read nothing more, for good; what was read stays as it is."""
    from app.cli.replays.bulk import change_replay

    change_replay(id, "cancel", reason, url, token)
