"""How spans of time are parted until the list can show all of their orders. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from app.store import Slice
from app.vtex import MAX_PAGE, PER_PAGE, OrderQuery, Span

__all__ = ["LIST_LAG", "MOST", "halves", "last_page", "query_of", "tail_of"]

MOST: Final = MAX_PAGE * PER_PAGE
"""Most orders that the list shows of one slice."""
LIST_LAG: Final = timedelta(minutes=15)
"""How late the list may be: a few minutes as a rule, more when VTEX is busy."""

_GRAIN: Final = timedelta(milliseconds=1)
_OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


def halves(slice_: Slice) -> tuple[Slice, ...]:
    """Part a slice in two that share their border, the older one first; nothing when it cannot be parted.

    Where so many orders were invoiced in one moment, by one run of a merchant's system, they are parted by when they
    were created.
    """
    if middle := _middle(slice_.since, slice_.until):
        return Slice(since=slice_.since, until=middle), Slice(since=middle, until=slice_.until)
    since = slice_.created_since or _OLDEST
    # Whatever the clock of whoever invoiced said, an order is not created long after.
    until = slice_.created_until or slice_.until + timedelta(days=366)
    middle = _middle(since, until)
    if middle is None:
        return ()
    return tuple(
        Slice(since=slice_.since, until=slice_.until, created_since=start, created_until=end)
        for start, end in ((since, middle), (middle, until))
    )


def _middle(since: datetime, until: datetime) -> datetime | None:
    """Return the border in the middle, to the millisecond, None when nothing is between."""
    middle = since + (until - since) / 2
    middle -= timedelta(microseconds=middle.microsecond % 1000)
    return middle if since + _GRAIN <= middle <= until - _GRAIN else None


def query_of(slice_: Slice) -> OrderQuery:
    """Ask for the orders of a slice."""
    created = None
    if slice_.created_since is not None and slice_.created_until is not None:
        created = Span(since=slice_.created_since, until=slice_.created_until)
    return OrderQuery(invoiced=Span(since=slice_.since, until=slice_.until), created=created)


def last_page(total: int) -> int:
    """Return the last page that may be asked for when there are so many orders."""
    return min(MAX_PAGE, max(1, -(-total // PER_PAGE)))


def tail_of(since: datetime, until: datetime, now: datetime) -> datetime | None:
    """Return from where the end must be listed again, None when the list holds all of it already."""
    return max(since, until - LIST_LAG) if until > now - LIST_LAG else None
