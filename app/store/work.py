"""What the queue hands to a forwarder, and what it takes back: plain values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.model import Milestone
from app.store.accounts import Learnt, Sample

__all__ = ["Claimed", "EventRow", "Frozen", "PackageFields", "Plan", "Planner", "Seen", "Skip", "Voice", "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A row as rendered for VTEX; never rendered again once it was sent."""

    city: str
    state: str
    description: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event on one shipment: what happened, and what became of its row.

    Args:
        event_id: Grows with the order of arrival.
        row_state: ``pending``, ``sent`` (frozen, not known to be on the timeline), ``applied``, ``skipped``, ``dead``,
            ``observed`` (frozen, and never sent because the shipment is only observed), ``held`` (another carrier owns
            the timeline).
        numbers: Every tracking number by which the carrier knows the parcel, normalised.
        revises: The event of an earlier full history that this one replaces.
        frozen: The row as first sent.
        sent_at: When it was last sent, or would have been; None when it never was.
        likeness: For an observed row, how VTEX's own row of the event compares; None while it shows none.

    """

    event_id: int
    row_state: str
    carrier: str
    code: str
    milestone: Milestone
    occurred_at: datetime | None
    occurred_text: str | None
    quality: str | None
    received_at: datetime
    city: str | None
    state: str | None
    description: str | None
    tracking_number: str | None
    numbers: frozenset[str]
    reverses: frozenset[str]
    revises: int | None
    frozen: Frozen | None
    sent_at: datetime | None
    likeness: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFields:
    """What VTEX's package says of its tracking; an empty ``number`` where it has none."""

    number: str
    courier: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A carrier that owns a shipment's timeline since a time; ``told`` is up to when others had told it, None for all.

    It tells of what happened after that.
    """

    carrier: str
    since: datetime
    told: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A shipment with everything that a plan needs.

    ``split`` says that VTEX refused several rows together, so that they go one by one until the bad one is found.
    """

    shipment_id: int
    account: str
    order_id: str
    invoice_number: str
    tracking_numbers: tuple[str, ...]
    invoiced_at: datetime | None
    attempts: int
    failing_since: datetime | None
    read_after: datetime | None
    read_at: datetime | None
    baseline: tuple[Frozen, ...]
    delivered_date: str | None
    delivered: bool
    accepted_hash: str | None
    accepted_puts: int
    split: bool
    learnt: Learnt
    rows: tuple[EventRow, ...]
    voices: tuple[Voice, ...] = ()
    package: PackageFields | None = None
    registration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A row that will not be sent, and why; ``state`` is ``skipped``, ``held`` or ``dead``."""

    event_id: int
    reason: str
    state: str = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do next for a shipment: a read, a PUT of ``body``, or neither.

    ``registration`` is the request that writes the tracking number into VTEX's package before any PUT.

    Args:
        read: Read the order first.
        body: The request to PUT.
        body_hash: Its digest.
        frozen: The pending rows that ``body`` holds for the first time, as rendered.
        carries: The events whose rows are open and in ``body``: its acceptance settles them.
        skips: Rows that will not be sent.
        delivered_date: The ``deliveredDate`` of ``body`` when it says isDelivered.
        observed: The rows that would be sent if the shipment were not only observed; ``body`` is not sent then.
        says_delivered: Whether an observed shipment would be called delivered by now.
        wait_until: Nothing may be done before.
        look_at: When the order should be read to see what other writers show.
        dead: Nothing will ever be done, and why.
        voices: Who owned the timeline since when.
        rest_until: There is nothing to do before, unless something happens.

    """

    read: bool = False
    body: dict[str, Any] | None = None
    body_hash: str | None = None
    frozen: tuple[tuple[int, Frozen], ...] = ()
    carries: tuple[int, ...] = ()
    skips: tuple[Skip, ...] = ()
    delivered_date: str | None = None
    observed: tuple[tuple[int, Frozen], ...] = ()
    says_delivered: bool = False
    wait_until: datetime | None = None
    look_at: datetime | None = None
    dead: str | None = None
    voices: tuple[Voice, ...] = ()
    rest_until: datetime | None = None
    registration: dict[str, Any] | None = None

    def asks_for_nothing(self, work: Work) -> bool:
        """Tell whether there is nothing to call, and nothing to note but when to look again."""
        calls = self.read or self.body is not None or self.registration is not None
        return not (calls or self.skips or self.dead) and self.voices == work.voices

    @property
    def call(self) -> str:
        """Name the call that it asks for."""
        return "get" if self.read else "patch" if self.registration else "put"


Planner = Callable[[Work], Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A shipment that one forwarder alone may act upon until ``deadline``.

    ``attempt_id`` is the journal's entry of the call that ``plan`` asks for. ``probe`` says that the account could not
    be called before, and that this call finds out whether it can again; ``later`` that a replay made the shipment due.
    """

    work: Work
    plan: Plan
    lease: str
    attempt_id: int
    deadline: datetime
    probe: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a read found.

    Args:
        matched: Our events that VTEX's timeline holds, with the row as it stands there.
        baseline: The rows of other writers.
        finished: Whether VTEX counts the package as delivered.
        delivered_date: What VTEX says of when, None when it does not.
        sample: What the read tells about what a PUT does.
        package: What the package says of its tracking; None when there is no package.
        likenesses: For observed events, how VTEX's own row compares and when VTEX says that it was made.

    """

    matched: Sequence[tuple[int, Frozen]] = ()
    baseline: tuple[Frozen, ...] = ()
    finished: bool = False
    delivered_date: str | None = None
    sample: Sample | None = None
    package: PackageFields | None = None
    likenesses: tuple[tuple[int, str, datetime | None], ...] = ()
