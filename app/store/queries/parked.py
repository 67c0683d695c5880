"""Subjects that wait for their shipment, and those for which it never came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from app.model import normalise_number
from app.store.dialect import literally
from app.store.facts import Candidate, Facts, stored_facts
from app.store.finding import candidates
from app.store.queries.journal import EventDetail, events_where
from app.store.queries.paging import Page, Through, page
from app.store.schema import events, subject_keys, subjects

__all__ = [
    "ParkedCause",
    "SubjectFilter",
    "SubjectState",
    "WaitingSubject",
    "list_subjects",
    "parked_causes",
    "states_of",
    "subject_state",
    "waiting_subject",
]

OTHER: Final = "other"
_COUNTED: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFilter:
    """Which subjects to list; None means any.

    Args:
        state: ``parked`` or ``unmatched``.
        owners: Accounts or groups that their source may belong to.
        accounts: Accounts among which the shipment of ``tracking_number`` is sought.
        since: In their state not since before this time.
        until: In their state since before this time.

    """

    state: str
    owners: tuple[str, ...] | None = None
    accounts: tuple[str, ...] = ()
    carrier: str | None = None
    cause: str | None = None
    tracking_number: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectState:
    """What some events of a source are about, and whether their shipment is known."""

    id: int
    owner: str
    carrier: str
    subject: str
    numbers: tuple[str, ...]
    references: Mapping[str, Any]
    state: str
    reason: str | None
    cause: str | None
    since: datetime
    created_at: datetime
    lookup_at: datetime | None
    lookups: int
    linked_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSubject:
    """A subject with its events, what leads to its shipment, and the shipments that share something with it."""

    summary: SubjectState
    facts: Facts
    events: tuple[EventDetail, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedCause:
    """How many subjects of one source are parked for one cause."""

    owner: str
    carrier: str
    cause: str
    count: int


_LISTED: Final = tuple(field.name for field in fields(SubjectState))
_COLUMNS: Final = tuple(subjects.c[name] for name in _LISTED)


def list_subjects(
    connection: Connection, wanted: SubjectFilter, *, before: int | None, limit: int
) -> Page[SubjectState]:
    """List subjects in one state, newest first."""
    query = select(*_COLUMNS).where(subjects.c.state == literally(wanted.state))
    if wanted.owners is not None:
        query = query.where(subjects.c.owner.in_(wanted.owners))
    if wanted.carrier is not None:
        query = query.where(subjects.c.carrier == wanted.carrier)
    if wanted.cause is not None:
        query = query.where(func.coalesce(subjects.c.cause, OTHER) == wanted.cause)
    if wanted.since is not None:
        query = query.where(subjects.c.since >= wanted.since)
    if wanted.until is not None:
        query = query.where(subjects.c.since < wanted.until)
    through: Through | None = Through(
        table=subjects,
        index=f"ix_subjects_{wanted.state}_id",
        conditions=[subjects.c.state == literally(wanted.state)],
    )
    if wanted.tracking_number is not None:
        through = None
        number = normalise_number(wanted.tracking_number)
        waiting = select(subject_keys.c.subject_id).where(
            subject_keys.c.account.in_(wanted.accounts),
            subject_keys.c.kind == "number",
            subject_keys.c.value == number,
        )
        query = query.where(or_(subjects.c.subject == f"number:{number}", subjects.c.id.in_(waiting)))
    return page(connection, query, subjects.c.id, _state, before=before, limit=limit, through=through)


def _state(row: Row[Any]) -> SubjectState:
    values = {name: getattr(row, name) for name in _LISTED}
    return SubjectState(**values | {"numbers": tuple(row.numbers)})


def states_of(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], *, limit: int
) -> tuple[SubjectState, ...]:
    """Read the subjects that fit all conditions, newest first."""
    query = select(*_COLUMNS).where(*conditions).order_by(subjects.c.id.desc()).limit(limit)
    return tuple(_state(row) for row in connection.execute(query))


def parked_causes(connection: Connection, owners: tuple[str, ...] | None) -> tuple[tuple[ParkedCause, ...], bool]:
    """Sum up why subjects are parked, and say whether there is more than was counted.

    One index holds all that is read, and no more of it than anybody counts.
    """
    query = select(subjects.c.owner, subjects.c.carrier, subjects.c.cause)
    query = query.where(subjects.c.state == literally("parked"))
    if owners is not None:
        query = query.where(subjects.c.owner.in_(owners))
    some = query.limit(_COUNTED).subquery()
    grouped = select(some, func.count().label("total")).group_by(some.c.owner, some.c.carrier, some.c.cause)
    found = connection.execute(grouped.order_by(some.c.owner, some.c.carrier, some.c.cause)).all()
    causes = tuple(
        ParkedCause(owner=row.owner, carrier=row.carrier, cause=row.cause or OTHER, count=row.total) for row in found
    )
    return causes, sum(cause.count for cause in causes) == _COUNTED


def subject_state(connection: Connection, subject_id: int) -> SubjectState | None:
    """Read one subject, None when there is no such subject."""
    row = connection.execute(select(*_COLUMNS).where(subjects.c.id == subject_id)).one_or_none()
    return None if row is None else _state(row)


def waiting_subject(connection: Connection, subject_id: int, accounts: tuple[str, ...]) -> WaitingSubject:
    """Read one subject, which must exist, with its candidates in some accounts."""
    row = connection.execute(select(subjects).where(subjects.c.id == subject_id)).one()
    facts = stored_facts(row)
    return WaitingSubject(
        summary=_state(row),
        facts=facts,
        events=events_where(connection, events.c.subject_id == subject_id),
        candidates=tuple(candidates(connection, accounts, facts)),
    )
