"""What the web layer is given: one frozen value, made by the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from app import __version__
from app.adapter import Adapter
from app.errors import LookupFailed
from app.gathering import HookKeeper
from app.intake import Intake
from app.mapping import Reread
from app.outages import Outages
from app.source import Sources
from app.store import Candidate, Facts, Resolution, Store, public_id
from app.telemetry import Metrics
from app.web.limits import Limits
from app.web.peer import Network

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


def _no_worker() -> datetime | None:
    return None


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
class Dependencies:
    """Everything that requests need.

    Args:
        store: The open database.
        sources: Where webhooks may come in.
        accounts: Names of the configured accounts.
        adapters: The carriers that the OpenAPI document describes, by slug.
        intake: Verifies and stores webhooks.
        tokens: Who may use the operators' interface; with none nobody may.
        metrics: Where requests are counted.
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
        hook_keys: What VTEX's order hook must send as its key, by account; without one nothing is received.
        forwarding: How the accounts are configured to be written to, by name.
        resolve: Decides where parked subjects go when a shipment is added.
        members: The accounts among which an owner's shipments are sought.
        heartbeat: When the worker last showed that it is alive; None where this process has none.
        outages: Where is noted what was not taken.
        now: The time.
        version: The release.
        clock: Seconds that pass, whatever is done to the time.
        limits: What a sender may cost before it has proven who it is.
        trusted_proxies: Networks of proxies whose X-Forwarded-For is believed.
        public_url: How carriers reach the relay, for documents.
        tombstone_days: How long nothing is taken in about an erased tracking number.
        data_folder: The folder whose disk the store needs; None where the store is elsewhere.

    """

    store: Store
    sources: Sources
    accounts: frozenset[str]
    adapters: Mapping[str, Adapter]
    intake: Intake
    tokens: tuple[Token, ...]
    metrics: Metrics
    replay: Replay
    wake: Callable[[], None]
    resolve: Callable[[Facts, Sequence[Candidate]], Resolution]
    members: Callable[[str], Sequence[str]]
    outages: Outages
    now: Callable[[], datetime]
    version: str = __version__
    heartbeat: Callable[[], datetime | None] = _no_worker
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
    hook_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    forwarding: Mapping[str, Forwarding] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = monotonic
    trusted_proxies: tuple[Network, ...] = ()
    public_url: str | None = None
    tombstone_days: int = 365
    data_folder: Path | None = None
