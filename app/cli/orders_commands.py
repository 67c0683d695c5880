"""The commands about where orders are learnt of, with their arguments; what they do is imported when they run."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.cli.options import URL, AsJson, MaybeWhy, Token
from app.cli.teaching import example

__all__ = ["backfill", "feed", "hook"]

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, as configured.")]
Id = Annotated[str, typer.Argument(metavar="BACKFILL_ID", help="The backfill: bf_…")]


class _Backfills(TyperGroup):
    """Take what is no command's name as the account to start with: `backfill mystore --since 2026-01-01`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps its context's class
        """Put the command in front where it was left out."""
        first = args[0] if args else "--help"
        return super().parse_args(ctx, args if first in {*self.commands, "-h", "--help"} else ["start", *args])


backfill = typer.Typer(cls=_Backfills, help="Have a running relay look for orders of the past.", rich_markup_mode=None)
hook = typer.Typer(
    help="Have VTEX's order hook tell a running relay; one of others stays as it is.",
    short_help="Install, show or remove VTEX's order hook.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
feed = typer.Typer(help="Configure VTEX's order feed for the relay's key.", no_args_is_help=True, rich_markup_mode=None)


@backfill.command(
    short_help="Look for an account's orders; may be left out.", epilog=example("backfill mystore --since 2026-11-01")
)
def start(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Name,
    since: Annotated[str, typer.Option(help="Orders invoiced since: a day (of Sao Paulo) or an RFC 3339 time.")],
    until: Annotated[str | None, typer.Option(help="And until then; now unless given.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Most orders per second.")] = None,
    reason: MaybeWhy = None,
    detach: Annotated[bool, typer.Option("--detach", help="Start it and do not wait for it.")] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List the orders invoiced in a span of time; the relay reads and indexes each, behind live traffic.

    It runs in the relay and survives its restarts; this command only watches it.
    """
    from app.cli.backfilling import Starting, start_backfill

    asked = Starting(since=since, until=until, rate=rate, reason=reason, detach=detach, as_json=as_json)
    start_backfill(account, asked, url, token)


@backfill.command(name="list", short_help="List the backfills.", epilog=example("backfill list --account mystore"))
def list_(
    account: Annotated[str | None, typer.Option(help="Of this account only.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """List the backfills, newest first."""
    from app.cli.backfilling import list_backfills

    list_backfills(account, url, token, as_json=as_json)


@backfill.command(short_help="Show a backfill.", epilog=example("backfill show bf_…"))
def show(id: Id, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:  # noqa: A002 - its name
    """Show how far a backfill has come, how long it may take, and what hinders it."""
    from app.cli.backfilling import show_backfill

    show_backfill(id, url, token, as_json=as_json)


@backfill.command(short_help="Pause a backfill.", epilog=example("backfill pause bf_…"))
def pause(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """List nothing more until it is resumed."""
    from app.cli.backfilling import change_backfill

    change_backfill(id, "pause", reason, url, token)


@backfill.command(short_help="Resume a paused backfill.", epilog=example("backfill resume bf_…"))
def resume(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """Go on where it was paused."""
    from app.cli.backfilling import change_backfill

    change_backfill(id, "resume", reason, url, token)


@backfill.command(short_help="End a backfill.", epilog=example("backfill cancel bf_…"))
def cancel(id: Id, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:  # noqa: A002 - its name
    """List nothing more, for good; orders that were found already are still read."""
    from app.cli.backfilling import change_backfill

    change_backfill(id, "cancel", reason, url, token)


@feed.command(
    name="show", short_help="Show what the feed of an account's key tells of.", epilog=example("feed show mystore")
)
def show_(account: Name, as_json: AsJson = False) -> None:
    """Show what the feed of an account's key tells of, and how much waits in it."""
    from app.cli.feeding import show_feed

    show_feed(account, as_json=as_json)


@feed.command(short_help="Configure the feed where there is none.", epilog=example("feed install mystore"))
def install(account: Name) -> None:
    """Configure the feed of an account's key where there is none; one of others stays as it is."""
    from app.cli.feeding import install_feed

    install_feed(account)


@feed.command(short_help="Delete the feed that was installed for the relay.", epilog=example("feed remove mystore"))
def remove(account: Name) -> None:
    """Delete the feed that was installed for the relay; one of others stays as it is."""
    from app.cli.feeding import remove_feed

    remove_feed(account)


@hook.command(
    name="install",
    short_help="Set the hook up where there is none, or put ours right.",
    epilog=example('hook install mystore --reason "first set up"'),
)
def install_(
    account: Name,
    public_url: Annotated[
        str | None,
        typer.Option(help="How VTEX reaches the relay, where the setting public_url does not say it; admins only."),
    ] = None,
    reason: MaybeWhy = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Have VTEX tell the relay of every change of an invoiced order; the relay must run, for VTEX asks it first.

    From then on the relay looks at its hook every day, and makes it again when VTEX deletes it.
    """
    from app.cli.hooking import install_hook

    install_hook(account, public_url, reason, url, token, as_json=as_json)


@hook.command(
    name="show",
    short_help="Show what stands there, whose it is, and what is wrong.",
    epilog=example("hook show mystore"),
)
def show_hook_(account: Name, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """Look at the hook of an account's key now; the exit status is 1 unless it tells this relay as it should."""
    from app.cli.hooking import show_hook

    show_hook(account, url, token, as_json=as_json)


@hook.command(
    name="remove",
    short_help="Delete the relay's own hook.",
    epilog=example('hook remove mystore --reason "moving away"'),
)
def remove_hook_(
    account: Name, reason: MaybeWhy = None, url: URL = None, token: Token = None, as_json: AsJson = False
) -> None:
    """Delete the hook if it is this relay's, and make it no more; one of others stays as it is."""
    from app.cli.hooking import remove_hook

    remove_hook(account, reason, url, token, as_json=as_json)
