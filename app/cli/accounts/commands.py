"""The commands about accounts with their arguments; what they do is imported when they run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, MaybeWhy, Token, Why
from app.cli.teaching import example

__all__ = ["accounts"]

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, as configured.")]
Kind = Literal[
    "same", "reworded", "missing", "waiting", "revised", "extra", "agree", "only-relay", "only-vtex", "delivery-waiting"
]

accounts = typer.Typer(
    help="See, pause and compare accounts; learn what their PUT does.",
    short_help="See, pause, compare and learn about accounts.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@accounts.callback()
def index(context: typer.Context, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """List the accounts of a running relay, or do something with one of them."""
    if context.invoked_subcommand is None:
        from app.cli.accounts.showing import list_accounts

        list_accounts(url, token, as_json=as_json)


@accounts.command(
    short_help="Show one account and what its PUT was seen to do.", epilog=example("accounts show mystore")
)
def show(account: Name, url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """Show whether an account is called and why not, what waits for it, and the evidence of what its PUT does."""
    from app.cli.accounts.showing import show_account

    show_account(account, url, token, as_json=as_json)


@accounts.command(
    short_help="Stop calling an account until it is resumed.",
    epilog=example('accounts pause mystore --reason "VTEX asked for it"'),
)
def pause(account: Name, reason: Why, url: URL = None, token: Token = None) -> None:
    """Stop calling an account until it is resumed; webhooks are received as ever, and wait."""
    from app.cli.accounts.showing import change_account

    change_account(account, "pause", reason, url, token)


@accounts.command(
    short_help="Call an account again.", epilog=example('accounts resume mystore --reason "VTEX is well again"')
)
def resume(account: Name, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:
    """Open a paused account; let the next call of one that VTEX closed start now, which decides."""
    from app.cli.accounts.showing import change_account

    change_account(account, "resume", reason, url, token)


@accounts.command(
    short_help="Limit the calls to an account while the relay runs.",
    epilog=example('accounts limit mystore --rate 5 --concurrency 2 --reason "VTEX is slow today"'),
)
def limit(
    account: Name,
    reason: Why,
    rate: Annotated[float | None, typer.Option(help="How many calls may start per second.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="How many may be in flight.")] = None,
    url: URL = None,
    token: Token = None,
) -> None:
    """Set how fast an account is called, from now on; what is not given is as the settings say."""
    from app.cli.accounts.showing import limit_account

    limit_account(account, {"rate_per_second": rate, "concurrency": concurrency, "reason": reason}, url, token)


@accounts.command(
    short_help="Find out now whether a held account can be called again.", epilog=example("accounts probe mystore")
)
def probe(account: Name, reason: MaybeWhy = None, url: URL = None, token: Token = None) -> None:
    """Let the next call of a held or probing account start now instead of later."""
    from app.cli.accounts.showing import change_account

    change_account(account, "probe", reason, url, token)


@accounts.command(
    name="reset-history",
    short_help="Forget what was learnt of an account's PUT.",
    epilog=example('accounts reset-history mystore --reason "VTEX changed"'),
)
def reset_history(account: Name, reason: Why, url: URL = None, token: Token = None) -> None:
    """Forget what an account's PUT is believed to do; with history = "auto" it is learnt anew."""
    from app.cli.accounts.showing import change_account

    change_account(account, "history/reset", reason, url, token)


@accounts.command(
    short_help="Compare what an observed account would be sent with what others write.",
    epilog=example("accounts compare mystore --since 2026-11-01 --show missing"),
)
def compare(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Name,
    since: Annotated[
        str | None, typer.Option(help="Leave out what would have been sent before: a day (of UTC) or an RFC 3339 time.")
    ] = None,
    show: Annotated[
        Kind | None, typer.Option(help="List shipments with something of this kind, rather than all that differ.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=500, help="How many shipments to list; 0 for the sums alone.")] = 20,
    missing_after_hours: Annotated[
        float, typer.Option(min=0, max=8760, help="After how long a row that VTEX does not show is missing.")
    ] = 24.0,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Have every observed order read again; compare again a little later.")
    ] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say how far the relay and the other writers of an observed account agree, and what going live would change."""
    from app.cli.accounts.comparing import Comparing, compare_account

    options = Comparing(
        since=since,
        show=show,
        limit=limit,
        missing_after_hours=missing_after_hours,
        refresh=refresh,
        as_json=as_json,
    )
    compare_account(account, options, url, token)


@accounts.command(
    short_help="Find out on a test order what a VTEX account does with a PUT.",
    epilog=example("accounts learn mystore --order 1234567890123-01 --invoice 000123456"),
)
def learn(
    account: Name,
    order: Annotated[str, typer.Option(help="Id of a TEST order: test rows are written to its timeline, for good.")],
    invoice: Annotated[str, typer.Option(help="Number of an invoice of that order.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, and write although the package has rows already.")
    ] = False,
    write: Annotated[Path | None, typer.Option(help="File to write the transcript to as well.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Let the running relay take over what was found out of the history.")
    ] = False,
    url: URL = None,
    token: Token = None,
) -> None:
    """Find out, on a test order and past the relay's queue, what a VTEX account does with what it is sent.

    Whether a PUT adds rows, merges them or replaces them; which dates it takes and how it shows them; whether a
    delivered package can be undelivered. Shows what it will write, and asks, before it writes anything.
    """
    from app.cli.accounts.learning import Learning, learn_account

    learn_account(
        account, Learning(order=order, invoice=invoice, yes=yes, write=write, apply=apply, url=url, token=token)
    )


@accounts.command(
    short_help="Erase what an account has left that is not configured any more.",
    epilog=example('accounts remove mystore --erase --reason "the store has closed"'),
)
def remove(
    account: Name,
    reason: Why,
    erase: Annotated[bool, typer.Option("--erase", help="Delete everything that is stored of it, for good.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: URL = None,
    token: Token = None,
) -> None:
    """Erase webhooks, events, shipments and calls of an account that was taken out of the configuration.

    Interrupted, it is simply run again. The audit log stays. Takes a token of an admin.
    """
    from app.cli.accounts.removing import remove_account

    remove_account(account, reason, url, token, erase, yes)
