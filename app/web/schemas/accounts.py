"""Accounts in JSON: their state, what operators ask for, and the comparison of observed ones."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from app.web.schemas.asked import Asked, OrderId, Words
from app.web.schemas.hooks import HookWord
from app.web.schemas.shown import EventId, ShipmentId, Shown

__all__ = [
    "AccountDetail",
    "AccountItem",
    "AccountPage",
    "ComparedRow",
    "ComparedShipment",
    "ComparisonPage",
    "ComparisonTotals",
    "Erased",
    "LearntHistory",
    "OptionalReason",
    "Queued",
    "Reason",
    "Sample",
    "Source",
    "SourceSecret",
]

Seconds = Annotated[
    float | None, BeforeValidator(lambda value: value.total_seconds() if isinstance(value, timedelta) else value)
]


class Sample(Shown):
    """What one read told about what a PUT does to the rows before it."""

    kind: Literal["kept", "replaced", "doubled", "blurred"]
    shipment_id: ShipmentId | None = Field(description="null when it was found out by `accounts learn`.")
    order_id: str
    at: datetime


class AccountItem(Shown):
    """An account: whether it is called, what waits for it, and what its PUT does."""

    account: str = Field(examples=["mystore"])
    mode: Literal["live", "observe"]
    forward_from: date | None = Field(description="Shipments invoiced before this day are observed only.")
    state: Literal["open", "paused", "probing", "held", "stopped"] = Field(
        description="paused: VTEX asked to wait; probing: too many calls failed; held: VTEX refuses the key; "
        "stopped: an operator paused it."
    )
    until: datetime | None = Field(description="When the next call may start; of a stopped account, not before this.")
    reason: str | None
    since: datetime | None = Field(description="Since when it cannot be called, or when it last changed.")
    history: Literal["auto", "delta", "full"] = Field(description="The setting.")
    sends: Literal["delta", "full"] = Field(description="New rows only, or the whole timeline every time.")
    verdict: Literal["delta", "full"] | None = Field(description="What was learnt; null while it is not known.")
    verdict_at: datetime | None
    due: int = Field(description="Shipments whose turn it is.")
    in_flight: int = Field(description="Shipments that are being worked on.")
    waiting: int = Field(description="Shipments whose turn comes later: retries, and looks at orders.")
    oldest_due_at: datetime | None
    pending_rows: int = Field(description="Rows that are not known to be at VTEX yet.")
    observed_rows: int = Field(description="Rows that are only compared with what others write.")
    dead_shipments: int = Field(description="Shipments for which nothing is tried without a person.")
    dead_rows: int = Field(description="Rows that VTEX refused.")
    last_success_at: datetime | None = Field(description="When VTEX last accepted a write.")
    is_more: bool = Field(
        description="Whether there is more than was counted: 2,500 of each kind are, of all accounts together."
    )
    hook: HookWord = Field(
        description="VTEX's order hook. off: the account has no `hook_key`; unchecked: nobody looked yet; none: VTEX "
        "has none; differs: it is this relay's but needs installing again; foreign: it is somebody else's; unknown: "
        "VTEX did not say."
    )
    hook_problem: str | None = Field(description="What is wrong with it, and what to do.")


class AccountPage(Shown):
    """All accounts that the caller may see."""

    items: tuple[AccountItem, ...]
    next: None = Field(default=None, description="Always null: there is one page.")


class SourceSecret(Shown):
    """A secret of a source, by a name that tells nothing of it."""

    id: str = Field(description="Stays the same as long as the secret does.", examples=["5f0c21aa"])
    position: int = Field(description="0 is the newest; relay_secret_matched_total says which one a carrier uses.")
    since: datetime | None = Field(description="Since when the relay has been configured with it.")


class Source(Shown):
    """A configured source: how it proves itself, how it speaks, and how many of its parcels found their shipment."""

    name: str = Field(examples=["mystore/easypost"])
    owner: str
    carrier: str
    accounts: tuple[str, ...] = Field(description="Where its shipments are sought.")
    subjects: int = Field(description="Parcels that it told of, since counting began.")
    placed_within_hour: int
    placed: int
    match_rate_within_hour: float | None = Field(description="The share placed within an hour; null before the first.")
    match_rate: float | None = Field(description="The share placed by now.")
    path: str = Field(description="Where its carrier posts to, without the path key.")
    has_path_key: bool
    is_unsigned: bool = Field(description="Whether nothing but the path key and networks proves its sender.")
    secrets: tuple[SourceSecret, ...]
    last_at: datetime | None = Field(description="When a webhook of it was last read.")
    taken: int = Field(description="Webhooks of the last 24 hours.")
    refused: int = Field(description="Requests that were refused in the last 24 hours, as far as they were kept.")
    refusal_rate: float | None = Field(description="Their share; null while nothing came.")
    rhythm: Literal["unknown", "steady", "quiet"] = Field(
        description="quiet: silent for longer than is usual for it, by the hours of the week in which it spoke; "
        "unknown: too little was heard to tell."
    )
    unusual_from: datetime | None = Field(description="From when on its silence is unusual.")


class AccountDetail(AccountItem):
    """An account with the reads that its verdict rests on, newest last, and with its own sources."""

    evidence: tuple[Sample, ...]
    sources: tuple[Source, ...] = Field(description="Those of a group are in the list of sources.")


class Reason(Asked):
    """Why something is done to an account."""

    reason: Words = Field(description="Stands in the audit log.", examples=["VTEX maintenance on Sunday"])


class OptionalReason(Asked):
    """Why something is done to an account, if that needs saying."""

    reason: Words | None = Field(default=None, description="Stands in the audit log.")


class LearntHistory(Reason):
    """What an account's PUT does, found out on a test order."""

    verdict: Literal["delta", "full"] = Field(description="delta: it adds or merges rows; full: it replaces them.")
    order_id: OrderId = Field(description="The test order.", examples=["1527103869572-01"])


class Erased(Shown):
    """How much of an account was erased, and whether that was all."""

    account: str
    done: bool = Field(description="Ask again while it is false.")
    rows: dict[str, int] = Field(description="How many rows went this time, by table.")


class Queued(Shown):
    """How many shipments something was asked for."""

    queued: int


class ComparedRow(Shown):
    """One row that would have been sent, and what VTEX shows of it."""

    event_id: EventId
    kind: Literal["same", "reworded", "missing", "waiting", "revised"]
    milestone: str
    description: str
    city: str
    uf: str = Field(description="The state; VTEX's `state`.")
    date: str
    sent_at: datetime = Field(description="When it would have been sent.")
    shown_at: datetime | None = Field(description="When VTEX says that its own row was made.")
    earlier_by_seconds: Seconds = Field(
        validation_alias="earlier_by", description="How much earlier it would have been there; negative for later."
    )


class ComparedShipment(Shown):
    """One observed shipment."""

    id: ShipmentId
    order_id: str
    invoice_number: str
    read_at: datetime | None = Field(description="When its order was last read.")
    rows: tuple[ComparedRow, ...]
    extra: tuple[dict[str, str], ...] = Field(description="Rows of other writers that are like none of these.")
    would_deliver_at: datetime | None = Field(description="When the relay would have told that it was delivered.")
    finished_at: datetime | None = Field(description="When VTEX was first seen to count it as delivered.")
    delivery: Literal["agree", "only-relay", "only-vtex", "delivery-waiting"] | None


class ComparisonTotals(Shown):
    """The whole comparison in numbers."""

    shipments: int
    same: int = Field(description="Rows that VTEX shows exactly so.")
    reworded: int = Field(description="Rows of the same moment that VTEX shows in other words.")
    missing: int = Field(description="Rows that nobody wrote although an order was read long after.")
    waiting: int = Field(description="Rows that are not shown yet, and not overdue.")
    revised: int = Field(description="Rows for which another version of the same event stands.")
    extra: int = Field(description="Rows of other writers that are like none of the relay's.")
    earlier: int = Field(description="Rows with which the relay would have been first.")
    later: int = Field(description="Rows with which the other writer was first.")
    earlier_by_median_seconds: Seconds = Field(validation_alias="earlier_by_median")
    earlier_by_p90_seconds: Seconds = Field(
        validation_alias="earlier_by_p90", description="What nine of ten rows do not exceed."
    )
    delivery_agree: int
    delivery_only_relay: int
    delivery_only_vtex: int
    delivery_waiting: int


class ComparisonPage(Shown):
    """The totals of all observed shipments, and some of them, newest first."""

    totals: ComparisonTotals
    items: tuple[ComparedShipment, ...]
    next: str | None = Field(description="The `cursor` of the next page.")
