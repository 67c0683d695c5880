"""When webhooks could not be taken, and which were not: kept by each process for the time it was there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, delete, select

from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion
from app.store.outage_schema import presences, turned_away

__all__ = ["NoteOutages", "Presence", "TurnedAway", "drop_outages", "presences_since", "turned_away_since"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A time in which a process could take webhooks.

    Args:
        id: Its id.
        since: When it began.
        until: When the process was last seen.
        ended: ``stopped`` or ``suspended``; None of one that goes on, or whose process vanished.

    """

    id: int
    since: datetime
    until: datetime
    ended: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """Requests of a source that a process did not take.

    Args:
        id: Its id.
        owner: The account or group.
        carrier: The carrier's slug.
        kind: ``refused`` when it was the request's fault, ``failed`` when it was ours.
        cause: Why the latest was not taken: the slug of its problem, or ``disk``.
        since: When the first came.
        until: When the latest came.
        count: How many they were.
        taken: How many webhooks of the source were taken in between.
        is_over: Whether one was taken since.

    """

    id: int
    owner: str
    carrier: str
    kind: str
    cause: str
    since: datetime
    until: datetime
    count: int
    taken: int = 0
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOutages:
    """Write down what a process knows; what is there already is brought up to date."""

    presences: Sequence[Presence] = ()
    turned_away: Sequence[TurnedAway] = ()
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write it down."""
        for table, entries in ((presences, self.presences), (turned_away, self.turned_away)):
            # In one order in all processes, so that none waits for another that waits for it.
            values = sorted((asdict(entry) for entry in entries), key=lambda entry: entry["id"])
            if values:
                new = insert(connection, table)
                kept = {column.name: new.excluded[column.name] for column in table.columns if column.name != "id"}
                connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=kept), values)


def presences_since(connection: Connection, since: datetime) -> tuple[Presence, ...]:
    """List when processes could take webhooks from a time on, with the last time before it; oldest first."""
    recent = select(presences).where(presences.c.until >= since).order_by(presences.c.until)
    before = select(presences).where(presences.c.until < since).order_by(presences.c.until.desc()).limit(1)
    found = [*connection.execute(before), *connection.execute(recent)]
    return tuple(Presence(id=row.id, since=row.since, until=row.until, ended=row.ended) for row in found)


def turned_away_since(connection: Connection, owners: Sequence[str] | None, since: datetime) -> tuple[TurnedAway, ...]:
    """List what was not taken from a time on of some accounts and groups, of all for None; oldest first."""
    counted = turned_away.c.count.label("total")  # A row has a method of the column's name.
    query = select(turned_away, counted).where(turned_away.c.until >= since).order_by(turned_away.c.until)
    if owners is not None:
        query = query.where(turned_away.c.owner.in_(owners))
    return tuple(
        TurnedAway(
            id=row.id,
            owner=row.owner,
            carrier=row.carrier,
            kind=row.kind,
            cause=row.cause,
            since=row.since,
            until=row.until,
            count=row.total,
            taken=row.taken,
            is_over=row.is_over,
        )
        for row in connection.execute(query)
    )


def drop_outages(connection: Connection, before: datetime) -> dict[str, int]:
    """Forget what was over before a time; count the rows by their table."""
    return {
        table.name: connection.execute(delete(table).where(table.c.until < before)).rowcount
        for table in (presences, turned_away)
    }
