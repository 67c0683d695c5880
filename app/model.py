"""The words of the domain: what carriers say, and what the relay makes of it.

Everything here is a frozen value. Times are aware. Text is as the carrier sent it.
"""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

__all__ = [
    "BY_HAND",
    "CarrierEvent",
    "Ignored",
    "Milestone",
    "Moment",
    "Place",
    "References",
    "TimeQuality",
    "Webhook",
    "normalise_number",
]

BY_HAND: Final = "by hand"
"""Stands in the place of a carrier where a person wrote an event; no carrier's slug holds a space."""


class Milestone(StrEnum):
    """What an event means to a shopper, whichever carrier said it."""

    PRE_TRANSIT = "PRE_TRANSIT"  # Announced; the carrier does not hold the parcel yet.
    IN_TRANSIT = "IN_TRANSIT"  # The carrier holds it and moves it.
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"  # On the vehicle that should deliver it today.
    DELIVERED = "DELIVERED"  # Handed to the shopper, or to someone in their place.
    AVAILABLE_FOR_PICKUP = "AVAILABLE_FOR_PICKUP"  # Waits for the shopper at a counter or locker.
    FAILED_ATTEMPT = "FAILED_ATTEMPT"  # A delivery was tried and did not succeed; it is tried again.
    EXCEPTION = "EXCEPTION"  # Something is wrong that time alone may not mend.
    RETURNING = "RETURNING"  # On its way back to the sender.
    RETURNED = "RETURNED"  # Back with the sender; never counts as delivered.
    CANCELLED = "CANCELLED"  # Will not be carried.
    UNKNOWN = "UNKNOWN"  # A code that the adapter does not list: shown as text, changes nothing.


class TimeQuality(StrEnum):
    """How far an event's time can be trusted."""

    OFFSET = "offset"  # Sent with its offset.
    UTC = "utc"  # Sent as UTC.
    EPOCH = "epoch"  # Sent as seconds or milliseconds since 1970.
    LOCAL = "local"  # A wall clock without a zone, read in the zone that the carrier's documents give.
    UNZONED = "unzoned"  # A wall clock whose zone nothing gives; read as UTC until the account's zone is applied.
    FALSE_UTC = "false-utc"  # Labelled UTC, but may be a local wall clock.
    DATE = "date"  # A day without a time of day.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time as a carrier gave it.

    Args:
        at: The aware time, in the zone in which it was read.
        quality: How it was given.
        text: The text as sent; fingerprints are made of this, never of ``at``.
        path: Where in the payload it stood, for the mapping trace.

    """

    at: datetime
    quality: TimeQuality
    text: str
    path: str = ""

    @property
    def zone_is_assumed(self) -> bool:
        """Tell whether the zone was not sent with the time."""
        return self.quality in {TimeQuality.LOCAL, TimeQuality.UNZONED, TimeQuality.DATE}

    @property
    def zone_is_unknown(self) -> bool:
        """Tell whether not even the carrier's documents give the zone, so that UTC stands in for it."""
        return self.quality is TimeQuality.UNZONED or (self.quality is TimeQuality.DATE and self.at.tzinfo is UTC)

    def read_in(self, zone: ZoneInfo) -> "Moment":
        """Read the same wall clock in another zone; times sent with a zone stay as they are."""
        if not self.zone_is_assumed:
            return self
        quality = TimeQuality.LOCAL if self.quality is TimeQuality.UNZONED else self.quality
        return replace(self, at=self.at.replace(tzinfo=zone), quality=quality)

    def as_false_utc(self) -> "Moment":
        """Say that a label UTC may be wrong, and keep the time; times with another offset stay as they are."""
        return replace(self, quality=TimeQuality.FALSE_UTC) if self.quality is TimeQuality.UTC else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a scan happened; unknown parts are None."""

    city: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What a payload says about the order, as text with leading zeros kept."""

    order_id: str | None = None
    """The shop's order; whether it is VTEX's own id is for resolution to verify."""

    alternative_order_ids: tuple[str, ...] = ()
    """Further candidates for the order, best first."""

    invoice_number: str | None = None
    invoice_series: str | None = None
    invoice_key: str | None = None
    """The 44 characters of a Brazilian NF-e access key, as sent."""

    issuer: str | None = None
    """The invoice issuer's CNPJ, digits (or letters, since 2026) only."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing here can lead to an order."""
        return not (self.order_id or self.alternative_order_ids or self.invoice_number or self.invoice_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEvent:
    """One tracking fact, normalised.

    Args:
        code: The key of the adapter's status table that decided, or the carrier's unknown code.
        milestone: Its meaning.
        raw: The values as sent that identify this fact within its subject. The fingerprint is a digest of them, so
            they must not depend on how the relay reads them.
        tracking_numbers: Numbers of the parcel, the one to show first; empty when references are the subject.
        occurred_at: When it happened, None when the payload has no time.
        place: Where it was scanned.
        description: The carrier's words, shown to shoppers unless an account prefers phrases.
        event_id: The sender's id of this fact, when it has one.
        references: What leads to the order.
        full_history: The document holds everything the carrier knows of the subject, so what it lacks was withdrawn.
        reverses: Codes of earlier events of the subject that this one undoes.
        unknown_code: The code sent that the adapter does not list, also where a less specific one decided; counted.
        warnings: What a person should know about the reading.

    """

    code: str
    milestone: Milestone
    raw: tuple[str | None, ...]
    tracking_numbers: tuple[str, ...] = ()
    occurred_at: Moment | None = None
    place: Place = Place()
    description: str | None = None
    event_id: str | None = None
    references: References = References()
    full_history: bool = False
    reverses: frozenset[str] = frozenset()
    unknown_code: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """Say what the event is about: number, else NF-e key, else invoice, else order; empty if nothing is known."""
        references = self.references
        if self.tracking_numbers:
            return f"number:{normalise_number(self.tracking_numbers[0])}"
        if references.invoice_key:
            return f"key:{normalise_number(references.invoice_key)}"
        order = references.order_id or next(iter(references.alternative_order_ids), "")
        if references.invoice_number:
            # Without its issuer, an invoice number alone would make one parcel of the invoices of several orders.
            whose = references.issuer or order
            return f"invoice:{whose}/{references.invoice_series or ''}/{references.invoice_number}"
        return f"order:{order}" if order else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A part of an authentic webhook that is no event, with the reason in plain words.

    Args:
        reason: Why it is none.
        code: The code or kind of message that decided, a key of the adapter's ``ignored`` where it lists it.
        unreadable: The part should have been an event and could not be read, while its neighbours could.

    """

    reason: str
    code: str | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One HTTP request as a carrier sent it.

    Args:
        method: Upper-case HTTP method.
        path: Path as received, still percent-encoded, without the query.
        query: Query as received, without the question mark.
        headers: Name and value pairs in order; names in lower case, values decoded as Latin-1.
        body: The bytes as received.
        received_at: When the last byte was read.
        peer: Address of the sender after trusted proxies, empty when there was none.

    """

    # Credentials and shoppers' data are in these: a log line or a traceback must not show them by accident.
    method: str
    path: str = field(repr=False)
    query: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    peer: str = ""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key == wanted:
                return value
        return None

    @property
    def content_type(self) -> str:
        """Return the media type in lower case without parameters, empty when there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


_DROPPED = str.maketrans("", "", " -._/\t\r\n\u00a0")


def normalise_number(number: str) -> str:
    """Return the form in which tracking numbers and keys are compared: NFKC, upper case, no separators, zeros kept."""
    return unicodedata.normalize("NFKC", number).translate(_DROPPED).upper()
