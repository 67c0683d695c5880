"""Whether VTEX knows each account's key, and whether the clocks agree."""

import asyncio
from collections.abc import AsyncIterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from app.account import Account
from app.cli.doctor.findings import Finding, Level, note, ok, problem, warning
from app.cli.doctor.hooks import examine_hook, examine_name
from app.egress import Egress, Reply
from app.main import accounts_of
from app.settings import Settings
from app.vtex import Client, OrderQuery, Outcome, Span, named_by_address, named_by_key

__all__ = ["ROLE", "examine_accounts"]

ROLE: Final = ("'View order'", "'List Orders'", "'Notify invoice'", "'Feed v3 and Hook Admin'")
"""What VTEX calls the resources that a key of the relay's needs."""
_NO_ORDER: Final = "carrier-relay-doctor-0"
"""No order has this id, so VTEX's answer is about the key alone."""
_SKEW_SECONDS: Final = 30
_MOST_SKEW_SECONDS: Final = 240
"""Signed times may be 5 minutes ahead of this clock."""


class _DatedEgress(Egress):
    """Remember how far this clock is from that of whoever answered last."""

    skew_seconds: float | None = None

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        total_seconds: float,
        content: bytes | AsyncIterable[bytes] | None = None,
        max_bytes: int = 65_536,
    ) -> Reply:
        """Call, and read the answer's date."""
        reply = await super().call(
            method, url, headers=headers, total_seconds=total_seconds, content=content, max_bytes=max_bytes
        )
        self.skew_seconds = _skew(reply.headers.get("date"))
        return reply


def _skew(date: str | None) -> float | None:
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return (datetime.now(UTC) - there.replace(tzinfo=there.tzinfo or UTC)).total_seconds()


async def examine_accounts(settings: Settings, *, online: bool) -> list[Finding]:
    """Look at every account, and ask VTEX about its key unless that is not wanted."""
    accounts = accounts_of(settings)
    found = await asyncio.gather(*(_examine(account, settings, online=online) for account in accounts.values()))
    return [finding for findings in found for finding in findings]


async def _examine(account: Account, settings: Settings, *, online: bool) -> list[Finding]:
    about = account.name
    mode = "observes only, nothing is written to VTEX" if account.observe else "is written to"
    findings = [ok(about, f"has a key and a token for {account.base_url}, {mode}")]
    findings += examine_name(account, hears=settings.accounts[about].hook_key is not None)
    if not online:
        return findings
    async with _DatedEgress() as egress:
        findings.append(await _ask(account, egress))
        if findings[-1].level is Level.OK:
            findings += await _lists(account, egress)
            findings.append(await examine_hook(account, settings, egress))
        return [*findings, *_clock(about, egress.skew_seconds)]


async def _ask(account: Account, egress: Egress) -> Finding:
    """Read an order that there is not: 404 proves the key, and nothing is changed."""
    answered = await Client(account, egress).get_order(_NO_ORDER)
    about, words = account.name, answered.detail or ""
    match answered.outcome:
        case Outcome.MISSING if words.startswith("<"):
            text = f"{account.base_url} answers 404 with a page, and not as VTEX does: is there such an account?"
            return problem(about, text)
        case Outcome.MISSING | Outcome.APPLIED:
            text = (
                "VTEX knows the key and lets it read orders; whether it may update tracking shows with the first update"
            )
            return ok(about, text)
        case Outcome.UNAUTHORISED:
            text = f"VTEX refuses app_key and app_token (401 {words}): compare both, and base_url"
            return problem(about, f"{text}, since an account knows its own keys only{_elsewhere(account)}")
        case Outcome.FORBIDDEN:
            return problem(
                about, "VTEX knows the key but forbids it to read orders (403): give it a role with 'View order'"
            )
        case Outcome.NOT_APPLIED:
            return warning(about, f"VTEX answers {answered.status}, too many calls: ask again later")
        case _ if answered.status is None:
            return problem(about, f"{account.base_url} cannot be reached: {words}")
        case _:
            return problem(about, f"{account.base_url} answers {answered.status} {words}: is it VTEX?")


def _elsewhere(account: Account) -> str:
    """Say so where the key's name is another account's."""
    keyed, asked = named_by_key(account.app_key), named_by_address(account.base_url) or account.name
    return "" if keyed in {None, asked} else f"; by its name the key was made in account {keyed}, not in {asked}"


async def _lists(account: Account, egress: Egress) -> list[Finding]:
    """Ask for no order at all of the list: what the key may not see there, hooks that fail do not make good."""
    moment = datetime.now(UTC)
    query = OrderQuery(invoiced=Span(since=moment, until=moment))
    answered = (await Client(account, egress).list_orders(query, 1)).answered
    if answered.outcome is not Outcome.FORBIDDEN:
        return []
    text = "the key may not list orders (403), so an order that no hook told of is not found: give it 'List Orders'"
    return [warning(account.name, text)]


def _clock(about: str, skew: float | None) -> list[Finding]:
    if skew is None:
        return []
    text = f"this clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} VTEX's"
    if abs(skew) > _MOST_SKEW_SECONDS:
        return [problem(about, f"{text}: signed times are refused over it, so set the clock")]
    if abs(skew) > _SKEW_SECONDS:
        return [warning(about, f"{text}: let something keep it right")]
    return [note(about, text)] if abs(skew) > 2 else []  # noqa: PLR2004 - a date has whole seconds
