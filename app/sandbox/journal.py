"""What was asked of the emulated API, in order, and how it was answered."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from app.sandbox.faults import FaultHit
from app.sandbox.timestamps import vtex_timestamp

__all__ = ["Entry", "Journal"]

_CAPACITY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request; no header is kept, so no key is."""

    id: int
    time: datetime
    account: str
    method: str
    path: str
    query: str
    route: str
    order_id: str | None
    invoice_number: str | None
    status: int | None
    """None when the connection was dropped on purpose."""
    duration_ms: float
    body_sha256: str | None
    body: object
    """The body as decoded JSON; as text when it is none."""
    refusal: object
    """What was answered, when the status is 400 or more."""
    faults: tuple[FaultHit, ...] = ()
    """What went wrong on purpose."""

    def document(self) -> dict[str, object]:
        """Show the entry as JSON."""
        return {**asdict(self), "time": vtex_timestamp(self.time)}


class Journal:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: deque[Entry] = deque(maxlen=_CAPACITY)
        self._next_id = 1

    def __iter__(self) -> Iterator[Entry]:
        """Go through the entries, oldest first."""
        return iter(self._entries)

    def take_id(self) -> int:
        """Give the next request its number, in the order of arrival."""
        self._next_id += 1
        return self._next_id - 1

    def add(self, entry: Entry) -> None:
        """Keep an entry; the oldest goes when there are too many."""
        self._entries.append(entry)

    def of_order(self, account: str, order_ids: Iterable[str]) -> list[Entry]:
        """Find what was asked about one order, newest first."""
        wanted = frozenset(order_ids)
        return [entry for entry in reversed(self._entries) if entry.account == account and entry.order_id in wanted]

    def clear(self) -> None:
        """Forget the entries; numbering goes on."""
        self._entries.clear()
