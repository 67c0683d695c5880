"""``carrier-relay feed``: configure VTEX's order feed for the relay's key, and never touch somebody else's."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import typer

from app.cli.exits import ExitCode, stop
from app.cli.tables import aligned
from app.egress import Egress
from app.main import accounts_of
from app.settings import load_settings
from app.vtex import Answered, Client, FeedConfig, Outcome

__all__ = ["install_feed", "remove_feed", "show_feed"]

T = TypeVar("T")


def show_feed(account: str, *, as_json: bool) -> None:
    """Show how the feed of an account's key is configured, and what waits in it."""
    found = _calling(account, _configured)
    if as_json:
        typer.echo(json.dumps(None if found is None else _document(found), ensure_ascii=False))
    elif found is None:
        typer.echo(f"The key of {account} has no feed; carrier-relay feed install {account} makes one.")
    else:
        typer.echo("\n".join(aligned([(name, str(value)) for name, value in _document(found).items()])))


def install_feed(account: str) -> None:
    """Configure the feed where there is none; one that others configured stays as it is."""

    async def install(client: Client) -> str:
        found = await _configured(client)
        if found is not None and found.is_ours:
            return f"The feed of {account} is configured already."
        if found is not None:
            raise _foreign(account, found)
        _demand(await client.configure_feed())
        return f"The feed of {account} is configured. With accounts.{account}.feed = true the relay polls it."

    typer.echo(_calling(account, install))


def remove_feed(account: str) -> None:
    """Delete the feed that was installed for the relay; one that others configured stays as it is."""

    async def remove(client: Client) -> str:
        found = await _configured(client)
        if found is None:
            return f"The key of {account} has no feed."
        if not found.is_ours:
            raise _foreign(account, found)
        _demand(await client.remove_feed())
        return f"The feed of {account} is deleted, with what waited in it."

    typer.echo(_calling(account, remove))


def _calling(account: str, work: Callable[[Client], Awaitable[T]]) -> T:
    accounts = accounts_of(load_settings())
    if account not in accounts:
        known = ", ".join(sorted(accounts)) or "none"
        raise stop(ExitCode.BAD_INPUT, f"{account} is no configured account; configured: {known}")

    async def calling() -> T:
        async with Egress() as egress:
            return await work(Client(accounts[account], egress))

    return asyncio.run(calling())


async def _configured(client: Client) -> FeedConfig | None:
    read = await client.feed_config()
    if read.answered.outcome is Outcome.MISSING:
        return None
    _demand(read.answered)
    return read.found


def _demand(answered: Answered) -> None:
    if answered.outcome is Outcome.APPLIED:
        return
    if answered.outcome in {Outcome.UNAUTHORISED, Outcome.FORBIDDEN}:
        advice = "the key needs a role with the resource Feed v3 and Hook Admin"
        raise stop(ExitCode.FAILED, f"VTEX answered {answered.status}: {advice}")
    code = ExitCode.UNAVAILABLE if answered.outcome is not Outcome.REFUSED else ExitCode.FAILED
    raise stop(code, f"VTEX answered {answered.status or 'nothing'}: {answered.detail}")


def _foreign(account: str, found: FeedConfig) -> typer.Exit:
    what = found.expression or ", ".join(found.states) or "nothing"
    return stop(
        ExitCode.FAILED,
        f"the key of {account} has a feed that is not this relay's ({found.kind}: {what}); it stays as it is. "
        "Whoever shares a key takes notifications from the other: give the relay a key of its own",
    )


def _document(found: FeedConfig) -> dict[str, Any]:
    return {
        "ours": found.is_ours,
        "filter": found.kind,
        "expression": found.expression,
        "every_change": found.every_change,
        "states": list(found.states),
        "visibility_seconds": found.visibility.total_seconds(),
        "waiting": found.waiting,
        "oldest_seconds": found.oldest.total_seconds() if found.oldest is not None else None,
    }
