"""When each source spoke and was refused, by what was counted; and since when it has its secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from app.store.access_schema import secrets_seen
from app.store.console_schema import tallies
from app.store.dialect import insert
from app.store.tallies import hour_of

__all__ = ["Arrivals", "NoteSecrets", "arrivals", "secrets_since"]

_TAKEN: Final = ("mapped", "ignored", "unmappable")
_WEEKS: Final = 10 * 168
_DAY: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What came of one source.

    Args:
        hours: The hours since 1970 in which webhooks of it were read, of the last ten weeks.
        last_at: When one was read last; None when none was within them, or before this was kept.
        taken: How many came within a day.
        refused: How many of its requests were refused within a day.

    """

    hours: frozenset[int]
    last_at: datetime | None
    taken: int
    refused: int


def arrivals(
    connection: Connection, sources: Sequence[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], Arrivals]:
    """Look at sources, each named by its owner and carrier: of each a piece of the key that tallies are kept by."""
    hour = hour_of(now)
    found = {}
    for owner, carrier in sources:
        counted = connection.execute(
            select(
                tallies.c.hour, tallies.c.kind, func.sum(tallies.c.count).label("total"), func.max(tallies.c.last_at)
            )
            .where(tallies.c.owner == owner, tallies.c.carrier == carrier, tallies.c.hour > hour - _WEEKS)
            .group_by(tallies.c.hour, tallies.c.kind)
        ).all()
        taken = [row for row in counted if row.kind in _TAKEN]
        recent = [row for row in counted if row.hour > hour - _DAY]
        times = [row[3] for row in taken if row[3] is not None]
        found[owner, carrier] = Arrivals(
            hours=frozenset(row.hour for row in taken),
            last_at=max(times, default=None),
            taken=sum(int(row.total) for row in recent if row.kind in _TAKEN),
            refused=sum(int(row.total) for row in recent if row.kind == "refused"),
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSecrets:
    """Remember since when the relay is configured with secrets: owner, carrier and mark of each."""

    marks: tuple[tuple[str, str, str], ...]
    now: datetime

    def run(self, connection: Connection) -> None:
        """Note those that are new."""
        entries = [
            {"owner": owner, "carrier": carrier, "mark": mark, "since": self.now} for owner, carrier, mark in self.marks
        ]
        if entries:
            connection.execute(insert(connection, secrets_seen).on_conflict_do_nothing(), entries)


def secrets_since(connection: Connection) -> dict[tuple[str, str, str], datetime]:
    """Read since when each secret is known; there are never many."""
    found = connection.execute(select(secrets_seen))
    return {(row.owner, row.carrier, row.mark): row.since for row in found}
