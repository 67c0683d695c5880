"""VTEX's order feed, version 3: a queue of notifications that one application key owns, and its configuration.

A lot that was received is invisible until its time-out ends; what was not committed by then is received again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.payload import Maybe, Node
from app.vtex.notifications import MAX_ORDER_ID

__all__ = ["FEED_PATH", "INVOICED", "LOT", "FeedConfig", "FeedItem", "feed_request", "read_feed_config", "read_lot"]

FEED_PATH: Final = "/api/orders/feed"
LOT: Final = 10
"""Most notifications that VTEX gives at once."""

INVOICED: Final = "$count(packageAttachment.packages) > 0"
"""Orders that have an invoice; one whose tracking number comes later must be told of as well."""
_VISIBILITY_SECONDS: Final = 240
_RETENTION_SECONDS: Final = 1_209_600
"""The longest that VTEX takes: after so long without notification it deletes the configuration."""
_LONGEST: Final = 4096
_MOST: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One notification: an order changed.

    Args:
        handle: What commits it; None where that cannot be read, and it will be given again.
        order_id: The order; None where it cannot be read, and the item is only committed.
        state: The order's new state.
        changed_at: When it changed.
        domain: ``Fulfillment`` or ``Marketplace``.

    """

    handle: str | None
    order_id: str | None
    state: str | None = None
    changed_at: datetime | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """What a key's feed is configured to tell of.

    Args:
        kind: ``FromWorkflow`` or ``FromOrders``.
        expression: The condition of the latter.
        every_change: Whether it fires each time an order that meets it changes, not only the first time.
        states: The states of the former.
        visibility: For how long a lot is the receiver's.
        waiting: How many notifications wait, None when VTEX does not say.
        oldest: How long the oldest has waited.

    """

    kind: str
    expression: str | None = None
    every_change: bool = False
    states: tuple[str, ...] = ()
    visibility: timedelta = timedelta(seconds=_VISIBILITY_SECONDS)
    waiting: int | None = None
    oldest: timedelta | None = None

    @property
    def is_ours(self) -> bool:
        """Tell whether it is what this relay asks for."""
        return self.kind == "FromOrders" and self.expression == INVOICED and self.every_change


def feed_request() -> Mapping[str, Any]:
    """Make the configuration that this relay asks for: every change of an order that has an invoice."""
    return {
        "filter": {"type": "FromOrders", "expression": INVOICED, "disableSingleFire": True},
        "queue": {
            "visibilityTimeoutInSeconds": _VISIBILITY_SECONDS,
            "MessageRetentionPeriodInSeconds": _RETENTION_SECONDS,
        },
    }


def read_lot(document: Node) -> tuple[FeedItem, ...]:
    """Read what was received; raises `MalformedPayload` when it is no list."""
    return tuple(item for entry in document.items() for item in _item(entry))


def _item(entry: Node) -> Iterator[FeedItem]:
    if not entry.is_object:
        return
    handle, order_id = entry.get("handle").text(), entry.get("orderId").text()
    changed = entry.get("currentChange", "lastChange").moment()
    yield FeedItem(
        handle=str(handle) if handle and len(handle) <= _LONGEST else None,
        order_id=str(order_id) if order_id and len(order_id) <= MAX_ORDER_ID else None,
        state=entry.get("state").text(),
        changed_at=changed.at if changed else None,
        domain=entry.get("domain").text(),
    )


def read_feed_config(document: Node) -> FeedConfig:
    """Read a configuration; raises `MalformedPayload` when it is none."""
    wanted, queue = document["filter"], document.get("queue")
    visibility = next(queue.items(), document).get("visibilityTimeoutInSeconds")
    # VTEX's own guide misspells the age.
    age = document.get("approximateAgeOfOldestMessageInSeconds", "aproximateAgeOfOldestMessageInSeconds")
    seconds, oldest = _count(visibility), _count(age)
    return FeedConfig(
        kind=wanted["type"].text(),
        expression=wanted.get("expression").text(),
        every_change=wanted.get("disableSingleFire").flag(),
        states=tuple(map(str, wanted.get("status").texts())),
        visibility=timedelta(seconds=seconds or _VISIBILITY_SECONDS),
        waiting=_count(document.get("quantity")),
        oldest=None if oldest is None else timedelta(seconds=oldest),
    )


def _count(place: Maybe) -> int | None:
    text = (place.text() or "").partition(".")[0]
    return min(int(text[:12]), _MOST) if text.isascii() and text.isdecimal() else None
