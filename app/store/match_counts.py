"""How many subjects of each source found their shipment: counted as it happens, so that nobody has to count rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from app.store.console_schema import match_counts
from app.store.prepared import Prepared
from app.store.schema import subjects

__all__ = ["MatchCount", "count_placed", "count_subject", "match_rates"]

_SOON: Final = timedelta(hours=1)


_COUNT_SUBJECT: Final = Prepared(
    lambda insert: insert(match_counts).on_conflict_do_update(
        index_elements=["owner", "carrier"], set_={"subjects": match_counts.c.subjects + 1}
    )
)
_SUBJECT: Final = Prepared(
    select(subjects.c.owner, subjects.c.carrier, subjects.c.created_at, subjects.c.placed_at).where(
        subjects.c.id == bindparam("of")
    )
)
_PLACED: Final = Prepared(update(subjects).where(subjects.c.id == bindparam("of")))
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


def count_subject(connection: Connection, owner: str, carrier: str) -> None:
    """Count a subject that was not known before."""
    _COUNT_SUBJECT.run(connection, {"owner": owner, "carrier": carrier, "subjects": 1})


def count_placed(connection: Connection, subject_id: int, now: datetime) -> None:
    """Count a subject that found its shipment, the first time that it does."""
    subject = _SUBJECT.first(connection, {"of": subject_id})
    if subject.placed_at is not None:
        return
    _PLACED.run(connection, {"of": subject_id, "placed_at": now})
    soon = int(now - subject.created_at <= _SOON)
    _COUNT_PLACED.run(connection, {"of": subject.owner, "by": subject.carrier, "soon": soon})


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
