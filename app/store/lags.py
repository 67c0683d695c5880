"""How long events took from their webhook to VTEX: counted in classes of length, hour by hour, among the tallies.

Percentiles are read from the classes, so nobody has to keep or to sort the lengths themselves.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Table, func, select

from app.store.columns import node_of
from app.store.console_schema import tallies
from app.store.dialect import Insert
from app.store.prepared import Prepared
from app.store.tallies import hour_of

__all__ = ["LAG_KINDS", "Span", "count_lags", "percentile", "spans_since"]

# Each class ends with one of these seconds; the last one has no end.
_BOUNDS: Final = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
LAG_KINDS: Final = tuple(f"lag-{index:02}" for index in range(len(_BOUNDS) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What was counted within some hours; ``lags`` by the index of their class."""

    since: datetime
    counts: Mapping[str, int]
    lags: Mapping[int, int]


def _counting(insert: Callable[[Table], Insert]) -> Insert:
    counted = insert(tallies)
    return counted.on_conflict_do_update(
        index_elements=["owner", "carrier", "hour", "kind", "node"],
        set_={"count": tallies.c.count + counted.excluded["count"]},
    )


_COUNT: Final = Prepared(_counting)


def count_lags(connection: Connection, account: str, lags: Iterable[timedelta], *, made: int, now: datetime) -> None:
    """Count how long events took that VTEX has now; ``made`` is any id that the process made for it."""
    classes = Counter(LAG_KINDS[bisect_left(_BOUNDS, max(0.0, lag.total_seconds()))] for lag in lags)
    if not classes:
        return
    shared = {"owner": account, "carrier": "", "hour": hour_of(now), "node": node_of(made)}
    _COUNT.run_all(connection, [{**shared, "kind": kind, "count": count} for kind, count in sorted(classes.items())])


def spans_since(
    connection: Connection, owners: Sequence[str], *, hours: int, step: int, now: datetime
) -> tuple[Span, ...]:
    """Sum up the last hours in spans of some hours each, oldest first; the last one holds this hour."""
    count = -(-hours // step)
    first = hour_of(now) - count * step + 1
    index = (tallies.c.hour - first) // step
    query = (
        select(index.label("span"), tallies.c.kind, func.sum(tallies.c.count).label("total"))
        .where(tallies.c.owner.in_(owners), tallies.c.hour >= first)
        .group_by(index, tallies.c.kind)
    )
    counts: list[dict[str, int]] = [{} for _ in range(count)]
    lags: list[dict[int, int]] = [{} for _ in range(count)]
    classes = {kind: number for number, kind in enumerate(LAG_KINDS)}
    for row in connection.execute(query):
        # What another process counted a moment ahead of our clock is of this hour as well.
        at = min(int(row.span), count - 1)
        if row.kind in classes:
            lags[at][classes[row.kind]] = lags[at].get(classes[row.kind], 0) + int(row.total)
        else:
            counts[at][row.kind] = counts[at].get(row.kind, 0) + int(row.total)
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count * step - 1)
    return tuple(
        Span(since=begin + timedelta(hours=number * step), counts=counts[number], lags=lags[number])
        for number in range(count)
    )


def percentile(lags: Mapping[int, int], share: float) -> float | None:
    """Return the seconds that a share of the events did not exceed, about; None where there are none.

    Within a class lengths are taken as evenly spread. Of those in the last one only the least is known.
    """
    left = share * sum(lags.values())
    if left <= 0:
        return None
    for index in sorted(lags):
        if lags[index] >= left:
            least = _BOUNDS[index - 1] if index else 0.0
            if index == len(_BOUNDS):
                return least
            return least + (_BOUNDS[index] - least) * left / lags[index]
        left -= lags[index]
    return _BOUNDS[-1]
