"""A backfill as it stands in its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

__all__ = ["Backfill", "Slice", "read_backfill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Orders invoiced in a span of time, both ends included; where that is not enough, created in one, too."""

    since: datetime
    until: datetime
    created_since: datetime | None = None
    created_until: datetime | None = None

    def stored(self) -> list[str | None]:
        """Return it as it is kept."""
        times = (self.since, self.until, self.created_since, self.created_until)
        return [None if at is None else at.isoformat() for at in times]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """A backfill as it stands.

    Args:
        id: Its id.
        account: The account.
        kind: ``asked`` by a person, or the relay's own ``sweep``.
        state: ``running``, ``paused``, ``done`` or ``cancelled``.
        since: From when on orders were invoiced.
        until: And until when.
        rate: Most orders told per second.
        slices: What is still to be listed, the next one last.
        step: How often it advanced.
        tail_since: From where the end is to be listed again.
        resume_at: Nothing is listed before.
        expected: How many orders VTEX said there are, None before it was asked.
        told: How many were told by slices that are done.
        listed: How many by the slice at hand.
        unlisted: How many VTEX counted and did not show.
        problem: Why it does not get on.
        actor: Who wanted it.
        reason: Why.
        created_at: When it was wanted.
        ended_at: When it was done or cancelled.

    """

    id: int
    account: str
    kind: str
    state: str
    since: datetime
    until: datetime
    rate: float | None
    slices: tuple[Slice, ...]
    step: int
    tail_since: datetime | None
    resume_at: datetime | None
    expected: int | None
    told: int
    listed: int
    unlisted: int
    problem: str | None
    actor: str
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


def read_backfill(row: Row[Any]) -> Backfill:
    """Read a row of the table."""
    values = dict(row._mapping)  # noqa: SLF001 - its public name, in spite of the underscore
    return Backfill(**values | {"slices": tuple(_slice(stored) for stored in row.slices)})


def _slice(stored: Sequence[str | None]) -> Slice:
    since, until, *created = (None if text is None else datetime.fromisoformat(text) for text in stored)
    if since is None or until is None:
        raise ValueError("a slice was stored without its ends")
    return Slice(since=since, until=until, created_since=created[0], created_until=created[1])
