"""One VTEX account as the pipeline sees it: no settings classes, no secrets in its text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from app.model import Milestone

__all__ = ["Account", "DateFormat", "History", "Locale"]

_SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")


class History(StrEnum):
    """What a PUT does to the rows that VTEX already has."""

    AUTO = "auto"  # Learnt from what VTEX shows.
    DELTA = "delta"  # Rows are added or merged: send what is new.
    FULL = "full"  # Rows are replaced: send everything.


class DateFormat(StrEnum):
    """How a row's date is written for VTEX."""

    DATETIME = "datetime"  # ISO 8601 with the offset of the account's zone.
    DATE = "date"  # yyyy-MM-dd in the account's zone, as VTEX documents.
    UTC = "utc"  # ISO 8601 in UTC.
    WALL_AS_UTC = "wall_as_utc"  # Local clock time labelled UTC, for stores whose pages print UTC.


class Locale(StrEnum):
    """The language of the relay's own phrases on a timeline."""

    PT_BR = "pt-BR"
    ES = "es"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A VTEX account: where it is, how it is called, and how its timelines look.

    Args:
        name: Its name in VTEX and in settings.
        base_url: Where its API answers, without a trailing slash.
        app_key: Sent as X-VTEX-API-AppKey.
        app_token: Sent as X-VTEX-API-AppToken.
        timezone: The zone of its shoppers.
        locale: The language of phrases.
        history: What its PUT does.
        date_format: How dates are written.
        description: ``carrier`` for the carrier's words where there are any, ``phrase`` for ours always.
        texts: What shoppers read in place of that, by milestone or ``carrier/code``.
        observe: Whether everything happens but the write.
        forward_milestones: The milestones that are forwarded; None for all.
        forward_from: Shipments invoiced before this day are observed only.
        stale_after: Rows older than this go out only together with a newer one.
        debounce: How long a new row waits for company.
        retry_base: The first wait after a failed call.
        read_lag: How long VTEX may take to show what it accepted.
        prefer: Carriers of which several may speak for one parcel, best first; empty when all are shown.
        voice_takeover: How long the owner of a timeline may be silent while another has news.
        register_tracking: Whether a parcel's number is written into a package that has none.
        first_read: Whether the order is read before its first PUT.
        request_timeout: How long a call may take in all.
        rate_per_second: How many calls may start per second.
        concurrency: How many calls may be in flight.
        feed: Whether its order feed is polled.
        sweep_every: How often the list is looked through for what nobody told of; None for never.

    """

    name: str
    base_url: str
    app_key: str = field(repr=False)
    app_token: str = field(repr=False)
    timezone: ZoneInfo = _SAO_PAULO
    locale: Locale = Locale.PT_BR
    history: History = History.AUTO
    date_format: DateFormat = DateFormat.DATETIME
    description: str = "carrier"
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    observe: bool = False
    forward_milestones: frozenset[Milestone] | None = None
    forward_from: date | None = None
    stale_after: timedelta | None = None
    debounce: timedelta = timedelta(0)
    retry_base: timedelta = timedelta(seconds=30)
    read_lag: timedelta = timedelta(seconds=5)
    prefer: tuple[str, ...] = ()
    voice_takeover: timedelta = timedelta(hours=24)
    register_tracking: bool = False
    first_read: bool = True
    request_timeout: timedelta = timedelta(seconds=20)
    rate_per_second: float = 20.0
    concurrency: int = 8
    feed: bool = False
    sweep_every: timedelta | None = timedelta(minutes=30)
