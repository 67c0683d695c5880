"""What the settings say as a whole, and whether a relay answers where they say that it listens."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.cli.serving import base_url
from app.egress import Egress
from app.errors import CallFailed
from app.main import rules_of
from app.settings import Settings

__all__ = ["examine_configuration", "examine_listeners", "is_local"]

_PROBE_SECONDS: Final = 5.0
_OK: Final = 200
_NOT_READY: Final = 503


def examine_configuration(settings: Settings) -> Iterator[Finding]:
    """Say what is configured, and what is missing."""
    sources = sum(len(account.carriers) for account in settings.accounts.values())
    sources += sum(len(group.carriers) for group in settings.groups.values())
    counts = (
        (len(settings.accounts), "account"),
        (len(settings.groups), "group"),
        (sources, "source"),
        (len(settings.tokens), "token"),
    )
    counted = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
    yield ok("settings", f"every setting is known and fits: {counted}")
    if not settings.accounts:
        yield problem("settings", "no account is configured, so `serve` runs a demonstration: set accounts.<account>")
    elif not sources:
        yield problem("settings", "no account has a carrier: set accounts.<account>.carriers.<carrier>")
    if not settings.tokens:
        yield warning("tokens", "nobody can use the operators' interface; `carrier-relay token new` makes a token")
    yield from _number_rules(settings)
    yield from _public_url(settings)


def _number_rules(settings: Settings) -> Iterator[Finding]:
    """Show the rules by which numbers are made of others, since a wrong one finds nothing without a word."""
    for kind, owners in (("accounts", settings.accounts), ("groups", settings.groups)):
        for name, owner in owners.items():
            for slug, source in owner.carriers.items():
                if source.number_rules:
                    rules = "; ".join(str(rule) for rule in rules_of(source))
                    yield ok(f"{kind}.{name}.carriers.{slug}", f"number_rules: {rules}")


def _public_url(settings: Settings) -> Iterator[Finding]:
    url = settings.public_url
    if url is None:
        yield warning("public_url", "is not set: the URLs below are this machine's, not those that carriers can reach")
        return
    parts = urlsplit(url)
    accounts = settings.accounts.values()
    is_rehearsed = bool(accounts) and all(_is_here(account.base_url) for account in accounts)
    if is_local(parts.hostname or "") and is_rehearsed:
        yield note(
            "public_url", f"{url} leads to this machine or network, and so do the accounts: right for a rehearsal"
        )
    elif is_local(parts.hostname or ""):
        yield problem("public_url", f"{url} leads to this machine or network; carriers are elsewhere")
    elif parts.scheme != "https":
        yield warning("public_url", f"{url} is not https: secrets and shoppers' data travel in clear")
    else:
        yield ok("public_url", url)


def _is_here(base_url: str | None) -> bool:
    return base_url is not None and is_local(urlsplit(base_url).hostname or "")


def is_local(host: str) -> bool:
    """Tell whether only this machine, or its network, can reach a host."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))


async def examine_listeners(settings: Settings) -> tuple[bool, Finding]:
    """Ask the relay that may run here whether it is ready; say, too, whether anything answered."""
    url = base_url(settings.listen)
    async with Egress() as egress:
        try:
            reply = await egress.call("GET", f"{url}/readyz", headers={}, total_seconds=_PROBE_SECONDS)
        except CallFailed:
            return False, note("relay", f"none answers at {url}: start one with `carrier-relay serve`")
    if reply.status == _OK:
        return True, ok("relay", f"one is ready at {url}")
    words = reply.body[:500].decode("utf-8", "replace")
    if reply.status == _NOT_READY:
        return True, problem("relay", f"the one at {url} is not ready: {words}")
    return True, problem("relay", f"something else than a relay listens at {url}: /readyz answers {reply.status}")
