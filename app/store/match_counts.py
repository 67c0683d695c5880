"""How many subjects of each source found their shipment: counted as it happens, so that nobody has to count rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Table, bindparam, select, update

from app.store.console_schema import match_counts
from app.store.dialect import Insert
from app.store.prepared import Prepared

__all__ = ["MatchCount", "count_placed", "count_subject", "match_rates"]

_SOON: Final = timedelta(hours=1)


def _counting(insert: Callable[[Table], Insert]) -> Insert:
    counted = insert(match_counts)
    added = {
        name: match_counts.c[name] + counted.excluded[name] for name in ("subjects", "placed", "placed_within_hour")
    }
    return counted.on_conflict_do_update(index_elements=["owner", "carrier"], set_=added)


_COUNT_SUBJECT: Final = Prepared(_counting)
_COUNT_PLACED: Final = Prepared(
    update(match_counts)
    .where(match_counts.c.owner == bindparam("of"), match_counts.c.carrier == bindparam("by"))
    .values(placed=match_counts.c.placed + 1, placed_within_hour=match_counts.c.placed_within_hour + bindparam("soon"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCount:
    """The subjects of one source, and how many of them were placed: within an hour, and ever."""

    owner: str
    carrier: str
    subjects: int
    placed_within_hour: int
    placed: int


def count_subject(connection: Connection, owner: str, carrier: str, *, is_placed: bool) -> None:
    """Count a subject that was not known before, and that it found its shipment if it did so at once."""
    at_once = int(is_placed)
    counts = {"subjects": 1, "placed": at_once, "placed_within_hour": at_once}
    _COUNT_SUBJECT.run(connection, {"owner": owner, "carrier": carrier, **counts})


def count_placed(connection: Connection, owner: str, carrier: str, waited: timedelta) -> None:
    """Count a subject that found its shipment, the first time that it does."""
    _COUNT_PLACED.run(connection, {"of": owner, "by": carrier, "soon": int(waited <= _SOON)})


def match_rates(connection: Connection, owners: Sequence[str] | None = None) -> tuple[MatchCount, ...]:
    """Read the counts of all sources, or of those of some accounts and groups."""
    query = select(match_counts).order_by(match_counts.c.owner, match_counts.c.carrier)
    if owners is not None:
        query = query.where(match_counts.c.owner.in_(owners))
    return tuple(
        MatchCount(
            owner=row.owner,
            carrier=row.carrier,
            subjects=row.subjects,
            placed_within_hour=row.placed_within_hour,
            placed=row.placed,
        )
        for row in connection.execute(query)
    )
