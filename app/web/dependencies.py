"""What the web layer is given: one frozen value, made by the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from app import __version__
from app.adapter import Adapter
from app.errors import LookupFailed
from app.gathering import HookKeeper
from app.mapping import Reread
from app.store import Candidate, Facts, Resolution, public_id
from app.web.front import Front

__all__ = ["ConsoleOptions", "Dependencies", "Forwarding", "Replay", "Role", "Token"]


_UTC: Final = ZoneInfo("UTC")


class Role(IntEnum):
    """What the holder of a token may see and do; each may do what those below it may."""

    VIEWER = 1  # Sees everything but personal data.
    SUPPORT = 2  # Sees requests as they came, changes nothing.
    OPERATOR = 3  # Adds shipments, replays.
    ADMIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key to the operators' interface, known only by its digest.

    Args:
        name: Who holds it; stands in the audit log.
        role: What its holder may see and do.
        sha256: Digest of the token, 64 hexadecimal digits.
        accounts: Accounts that it is limited to; None for all.

    """

    name: str
    role: Role
    sha256: str = field(repr=False)
    accounts: frozenset[str] | None = None


class Replay(Protocol):
    """Map the stored bytes of a webhook again and say what differs."""

    def __call__(
        self, webhook_id: int, *, dry_run: bool, reason: str, actor: str
    ) -> Awaitable[Mapping[str, Any] | None]:
        """Replay one webhook, with ``dry_run`` without changing anything; None when there is no such webhook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """How an account is configured to be written to.

    Args:
        is_observed: Whether it is not, and everything else happens all the same.
        history: ``auto``, ``delta`` or ``full``.
        since: Shipments invoiced before this day are observed only.
        rate_per_second: How many calls may start per second.
        concurrency: How many calls may be in flight.
        timezone: The zone of its shoppers.
        locale: Their language.

    """

    is_observed: bool = False
    history: str = "auto"
    since: date | None = None
    rate_per_second: float = 20.0
    concurrency: int = 8
    timezone: ZoneInfo = _UTC
    locale: str = "pt-BR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """How the console greets people.

    Args:
        language: ``en``, ``pt-BR``, or ``auto`` for what a browser prefers; whoever reads may choose another.
        idle: How long somebody may be silent before they must log in again.
        proxy_roles: The roles of the groups that a trusted proxy may name; with none no proxy logs anybody in.
        proxy_user_header: Where it says who somebody is.
        proxy_groups_header: Where it names their groups.

    """

    language: str = "auto"
    idle: timedelta = timedelta(minutes=30)
    proxy_roles: Mapping[str, Role] = field(default_factory=dict)
    proxy_user_header: str = "X-Forwarded-User"
    proxy_groups_header: str = "X-Forwarded-Groups"


def _no_tail(_since: datetime, _until: datetime, _now: datetime) -> datetime | None:
    """Expect nothing late of the list: nobody here asks it."""
    return None


async def _no_rereader(webhook_id: int) -> Reread:
    """Read nothing again: this process maps nothing."""
    raise LookupFailed(f"{public_id('wh', webhook_id)} cannot be read by this process")


def _no_reader() -> None:
    """Have no reader of orders: whoever has one finds in the store what is due."""


def _no_limits(account: str, rate_per_second: float | None, concurrency: int | None) -> None:
    """Have no gate to limit: this process calls no account."""


def _no_gate(account: str) -> None:
    """Have no gate to reopen: this process calls no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies(Front):
    """Everything that requests need, those of operators and of VTEX as well.

    Args:
        accounts: Names of the configured accounts.
        adapters: The carriers that the OpenAPI document describes, by slug.
        tokens: Who may use the operators' interface; with none nobody may.
        replay: Maps stored bytes again.
        reread: Reads stored bytes again, changes nothing, and calls nobody.
        replaying: Tells whoever replays in bulk that a replay was started or changed.
        meaning: Tells the mapper that an operator changed what a code means.
        wake: Tells the forwarder that shipments may have become due.
        told: Tells the reader of orders that some are due.
        reopen: Tells the forwarder that an operator changed an account's state.
        limit: Tells the forwarder that an operator limited an account anew.
        look_back: Tells whoever lists orders that an account's backfills changed.
        tail_of: Says from where a backfill's end is to be listed again later.
        console: How the console greets people.
        hooks: Who looks after VTEX's order hook, by account.
        forwarding: How the accounts are configured to be written to, by name.
        resolve: Decides where parked subjects go when a shipment is added.
        members: The accounts among which an owner's shipments are sought.
        version: The release.
        public_url: How carriers reach the relay, for documents.
        tombstone_days: How long nothing is taken in about an erased tracking number.

    """

    accounts: frozenset[str]
    adapters: Mapping[str, Adapter]
    tokens: tuple[Token, ...]
    replay: Replay
    wake: Callable[[], None]
    resolve: Callable[[Facts, Sequence[Candidate]], Resolution]
    members: Callable[[str], Sequence[str]]
    version: str = __version__
    reread: Callable[[int], Awaitable[Reread]] = _no_rereader
    replaying: Callable[[], None] = _no_reader
    meaning: Callable[[], None] = _no_reader
    told: Callable[[], None] = _no_reader
    reopen: Callable[[str], None] = _no_gate
    limit: Callable[[str, float | None, int | None], None] = _no_limits
    look_back: Callable[[str], None] = _no_gate
    tail_of: Callable[[datetime, datetime, datetime], datetime | None] = _no_tail
    console: ConsoleOptions = field(default_factory=ConsoleOptions)
    hooks: Mapping[str, HookKeeper] = field(default_factory=dict, repr=False)
    forwarding: Mapping[str, Forwarding] = field(default_factory=dict)
    public_url: str | None = None
    tombstone_days: int = 365
