"""The feeds of orders: queues that hide what was read until it is committed, or shows up again."""

import base64
import heapq
import json
import random
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.sandbox.events import Change, OrderEvent, Subscription
from app.sandbox.options import SandboxOptions
from app.sandbox.subscribing import Queue

__all__ = ["Feed", "Feeds"]


@dataclass(slots=True, kw_only=True, eq=False)
class _Item:
    number: int
    event: OrderEvent
    put_at: datetime
    receipt: str | None = None
    """The handle that its last reader got; earlier ones commit nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class Feed(Subscription):
    """The feed of an application key."""

    queue: Queue
    committed: int = 0
    expired: int = 0
    _items: dict[int, _Item] = field(default_factory=dict)
    """What is not committed, oldest first."""
    _visible: dict[int, None] = field(default_factory=dict)
    _hidden: list[tuple[datetime, int]] = field(default_factory=list)
    _receipts: dict[str, int] = field(default_factory=dict)
    _next: int = 1

    @property
    def quantity(self) -> int:
        """Count what is not committed."""
        return len(self._items)

    @property
    def visible(self) -> int:
        """Count what the next read could give."""
        return len(self._visible)

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {"filter": self.filter.document(), "queue": self.queue.document()}

    def age_seconds(self, now: datetime) -> int:
        """Say how old the oldest item is."""
        oldest = next(iter(self._items.values()), None)
        return int((now - oldest.put_at).total_seconds()) if oldest else 0

    def take_over(self, older: "Feed") -> None:
        """Keep the items of the feed that this one takes the place of."""
        for item in older._items.values():  # noqa: SLF001 - of its own kind
            self._put(item.event, item.put_at)

    def put(self, event: OrderEvent, now: datetime) -> None:
        """Add an event."""
        self.active_at = max(self.active_at, now)
        self._put(event, now)

    def refresh(self, now: datetime, retention: timedelta) -> None:
        """Show what was hidden long enough, and forget what is too old."""
        while self._hidden and self._hidden[0][0] <= now:
            number = heapq.heappop(self._hidden)[1]
            if number in self._items:
                self._visible[number] = None
        for item in tuple(self._items.values()):
            if now - item.put_at < retention:
                break
            self._forget(item)
            self.expired += 1

    def read(self, numbers: Iterable[int], now: datetime) -> list[dict[str, object]]:
        """Give items under handles that are new each time, and hide them for a while."""
        until = now + timedelta(seconds=self.queue.visibility_seconds)
        given = []
        for number in numbers:
            item = self._items[number]
            if item.receipt:
                del self._receipts[item.receipt]
            item.receipt = _receipt(number)
            self._receipts[item.receipt] = number
            del self._visible[number]
            heapq.heappush(self._hidden, (until, number))
            given.append(item.event.feed_item(item.receipt))
        return given

    def candidates(self) -> list[int]:
        """List what could be read, oldest first."""
        return list(self._visible)

    def commit(self, receipts: Iterable[str]) -> int:
        """Forget the items of these handles; one that is not known, or not the item's last, is no mistake."""
        done = 0
        for receipt in receipts:
            number = self._receipts.get(receipt)
            if number is not None:
                self._forget(self._items[number])
                done += 1
        self.committed += done
        return done

    def _put(self, event: OrderEvent, put_at: datetime) -> None:
        self._items[self._next] = _Item(number=self._next, event=event, put_at=put_at)
        self._visible[self._next] = None
        self._next += 1

    def _forget(self, item: _Item) -> None:
        del self._items[item.number]
        self._visible.pop(item.number, None)
        if item.receipt:
            del self._receipts[item.receipt]


@dataclass(slots=True, eq=False)
class Feeds:
    """All feeds of a sandbox."""

    now: Callable[[], datetime]
    options: Callable[[], SandboxOptions]
    _feeds: dict[tuple[str, str], Feed] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable, and no secret

    def __iter__(self) -> Iterator[Feed]:
        """Go through the feeds that are there."""
        self._refresh()
        return iter(tuple(self._feeds.values()))

    def find(self, account: str, app_key: str) -> Feed | None:
        """Find the feed of a key."""
        self._refresh()
        return self._feeds.get((account, app_key))

    def configure(self, feed: Feed) -> None:
        """Put a feed in the place of the one that its key had; what is in the queue stays."""
        older = self.find(feed.account, feed.app_key)
        if older is not None:
            feed.take_over(older)
        self._feeds[feed.account, feed.app_key] = feed

    def remove(self, account: str, app_key: str) -> bool:
        """Remove a feed; tell whether it was there."""
        self._refresh()
        return self._feeds.pop((account, app_key), None) is not None

    def offer(self, change: Change, *, again: bool = False) -> int:
        """Put what a change calls for into the queues; tell how much."""
        put = 0
        for feed in self:
            for event in feed.wanted(change, again=again):
                for _ in range(1 + self._strikes(self.options().duplicate_share)):
                    feed.put(event, self.now())
                    put += 1
        return put

    def read(self, feed: Feed, most: int) -> list[dict[str, object]]:
        """Read up to so many items of a feed."""
        options, numbers = self.options(), feed.candidates()
        if options.feed_shuffled:
            self._random.shuffle(numbers)
        numbers = numbers[:most]
        if self._strikes(options.feed_short_share):
            numbers = numbers[: self._random.randint(0, max(0, len(numbers) - 1))]
        return feed.read(numbers, self.now())

    def reset(self) -> None:
        """Forget the feeds."""
        self._feeds.clear()
        self._random.seed(1)

    def _strikes(self, share: float) -> bool:
        return self._random.random() < share

    def _refresh(self) -> None:
        now, options = self.now(), self.options()
        for key, feed in tuple(self._feeds.items()):
            retention = options.span(feed.queue.retention_seconds)
            if now - feed.active_at >= retention:
                del self._feeds[key]
            else:
                feed.refresh(now, retention)


def _receipt(number: int) -> str:
    """Make a handle that looks like VTEX's and says nothing."""
    text = json.dumps({"item": number, "nonce": secrets.token_hex(16)}).encode()
    return base64.urlsafe_b64encode(text).decode()
