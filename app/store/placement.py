"""Which shipments an event belongs to: the index, the parked, and the step between them.

Resolving or parking an event and indexing a shipment exclude each other: both run in write transactions, and each
looks for what the other left. The decision itself is a pure function handed in by the caller.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select

from app.store.facts import Candidate, Facts, Resolution, Resolve, keys_of, stored_facts, united
from app.store.finding import candidates, waiting_for
from app.store.match_counts import count_placed
from app.store.news import latest_news
from app.store.placing_statements import (
    ADD_ROWS,
    CHANGE_SUBJECT,
    EVENT_IDS,
    FORGET_KEYS,
    HEAR,
    MAKE_DUE,
    NOT_LATER,
    PAIRS,
    WAIT_FOR,
)
from app.store.schema import events, numbers, rows, subjects

__all__ = [
    "Candidate",
    "Facts",
    "Resolution",
    "Resolve",
    "decide",
    "decided",
    "keys_of",
    "place_subject",
    "put_where_decided",
    "share",
    "united",
    "unlink",
    "wake",
]

EARLIER_PARCEL: Final = timedelta(days=30)
"""How long before a shipment, or before its next event, an event is about an earlier parcel of the same number."""


def place_subject(
    connection: Connection,
    subject: Row[Any],
    facts: Facts,
    event_ids: Sequence[int],
    *,
    accounts: Sequence[str],
    resolve: Resolve,
    now: datetime,
    later: bool = False,
) -> Resolution:
    """Resolve a subject as it is stored, and put its events on the shipments found or park it under its keys."""
    resolution = decide(connection, facts, accounts, resolve, linked_to=subject.linked_to)
    FORGET_KEYS.run(connection, {"of": subject.id})
    changes = {name: value for name, value in decided(resolution).items() if getattr(subject, name) != value}
    if "state" in changes:
        changes["since"] = now
    if resolution.shipments and subject.placed_at is None:
        changes["placed_at"] = now
        count_placed(connection, subject.owner, subject.carrier, now - subject.created_at)
    if changes:
        CHANGE_SUBJECT.run(connection, {"of": subject.id, **changes})
    put_where_decided(connection, subject.id, resolution, facts, event_ids, accounts, now, later=later)
    return resolution


def decide(
    connection: Connection, facts: Facts, accounts: Sequence[str], resolve: Resolve, *, linked_to: int | None = None
) -> Resolution:
    """Decide where a subject's events go: to the shipment that a person linked it to, where one did."""
    if linked_to is not None:
        return Resolution(shipments=(linked_to,))
    return resolve(facts, candidates(connection, accounts, facts))


def decided(resolution: Resolution) -> dict[str, Any]:
    """Say what a decision makes of the subject's own columns."""
    told = {"reason": resolution.reason, "strategy": resolution.strategy, "cause": resolution.cause}
    if resolution.shipments or resolution.skip:
        return {"state": "placed" if resolution.shipments else "skipped", "lookup_at": None, **told}
    return {"state": "parked", **told}


def put_where_decided(
    connection: Connection,
    subject_id: int,
    resolution: Resolution,
    facts: Facts,
    event_ids: Sequence[int],
    accounts: Sequence[str],
    now: datetime,
    *,
    later: bool,
) -> None:
    """Put a subject's events on the shipments of a decision, and have it woken by its keys where that may be wrong."""
    if resolution.shipments:
        add_rows(connection, resolution.shipments, event_ids, now, later=later)
        if resolution.yields:
            _wait_for(connection, subject_id, accounts, {key for key in keys_of(facts) if key[0] == "number"})
    elif not resolution.skip:
        _wait_for(connection, subject_id, accounts, keys_of(facts))


def _wait_for(connection: Connection, subject_id: int, accounts: Sequence[str], keys: set[tuple[str, str]]) -> None:
    """Have a subject woken by any of these keys."""
    entries = [
        {"account": account, "kind": kind, "value": value, "subject_id": subject_id}
        for account in accounts
        for kind, value in sorted(keys)
    ]
    if entries:
        WAIT_FOR.run_all(connection, entries)


def add_rows(
    connection: Connection,
    shipment_ids: Iterable[int],
    event_ids: Sequence[int],
    now: datetime,
    *,
    later: bool = False,
) -> None:
    """Give shipments events to show, and make them due unless they are claimed or waiting already.

    Carriers use numbers again: what came long before a shipment was invoiced is about an earlier parcel.
    """
    pairs = PAIRS.all(connection, {"ids": list(shipment_ids), "event_ids": list(event_ids)})
    heard = [
        pair for pair in pairs if pair.invoiced_at is None or pair.received_at >= pair.invoiced_at - EARLIER_PARCEL
    ]
    entries = [{"shipment_id": pair.id, "event_id": pair.event_id, "state": "pending"} for pair in heard]
    if not entries:
        return
    ADD_ROWS.run_all(connection, entries)
    latest = latest_news((pair.id, pair.received_at, pair.occurred_at, pair.milestone) for pair in heard)
    HEAR.run_all(connection, [{**each, "moment": now, "behind": later} for each in latest])


def make_due(connection: Connection, shipment_ids: Sequence[int], now: datetime, *, later: bool = False) -> None:
    """Queue shipments for now, unless they are claimed, retried or dead; with ``later`` behind everything else.

    What a replay queued does not wait for it any more when something happens to it.
    """
    if not later:
        NOT_LATER.run(connection, {"ids": list(shipment_ids)})
    MAKE_DUE.run(connection, {"ids": list(shipment_ids), "moment": now, "due_at": now, "later": later})


def wake(
    connection: Connection,
    account: str,
    keys: Iterable[tuple[str, str]],
    *,
    resolve: Resolve,
    members: Callable[[str], Sequence[str]],
    now: datetime,
) -> int:
    """Resolve again every subject that waits for one of these keys; return how many found their shipment.

    One that was placed by something weaker than its number moves to the shipment that holds the number.
    """
    found_by = waiting_for(connection, account, keys)
    ids = sorted({subject_id for subject_ids in found_by.values() for subject_id in subject_ids})
    if not ids:
        return 0
    waiting = connection.execute(select(subjects).where(subjects.c.id.in_(ids)).order_by(subjects.c.id)).all()
    found = 0
    for subject in waiting:
        facts, accounts = stored_facts(subject), members(subject.owner)
        guessed: set[int] = set()
        if subject.state == "placed":
            known = candidates(connection, accounts, facts)
            if not resolve(facts, known).shipments:
                continue  # What it is shown on is not given up for nothing.
            # Whoever holds its number may show an earlier parcel of it.
            guessed = _shown_on(connection, subject.id) - {candidate.id for candidate in known if candidate.held}
        ids = event_ids(connection, subject.id)
        resolution = place_subject(connection, subject, facts, ids, accounts=accounts, resolve=resolve, now=now)
        _take_back(connection, subject.id, guessed - set(resolution.shipments))
        found += bool(resolution.shipments)
    return found


def _shown_on(connection: Connection, subject_id: int) -> set[int]:
    """Return the shipments that have rows of a subject."""
    found = select(rows.c.shipment_id).join(events, events.c.id == rows.c.event_id)
    return set(connection.execute(found.where(events.c.subject_id == subject_id).distinct()).scalars())


def _take_back(connection: Connection, subject_id: int, shipment_ids: Iterable[int]) -> None:
    """Take from shipments what was not sent yet of a subject that is not theirs; what VTEX may show stays."""
    of_subject = select(events.c.id).where(events.c.subject_id == subject_id)
    for shipment_id in sorted(shipment_ids):
        connection.execute(
            delete(rows).where(
                rows.c.shipment_id == shipment_id,
                rows.c.event_id.in_(of_subject),
                rows.c.state.in_(("pending", "held")),
                rows.c.sent_at.is_(None),
            )
        )


def share(
    connection: Connection,
    shipment_id: int,
    *,
    resolve: Resolve,
    members: Callable[[str], Sequence[str]],
    now: datetime,
) -> int:
    """Give a shipment what is shown on another one of its numbers, if both are meant; return of how many subjects."""
    other = numbers.alias()
    same_number = (other.c.account == numbers.c.account) & (other.c.number == numbers.c.number)
    others = (
        select(other.c.shipment_id)
        .join(numbers, same_number & (other.c.shipment_id != numbers.c.shipment_id))
        .where(numbers.c.shipment_id == shipment_id)
    )
    shown = select(events.c.subject_id).join(rows, rows.c.event_id == events.c.id).where(rows.c.shipment_id.in_(others))
    found = 0
    for subject in connection.execute(
        select(subjects)
        .where(subjects.c.state == "placed", subjects.c.linked_to.is_(None), subjects.c.id.in_(shown))
        .order_by(subjects.c.id)
    ).all():
        facts = stored_facts(subject)
        meant = set(resolve(facts, candidates(connection, members(subject.owner), facts)).shipments)
        ids = event_ids(connection, subject.id)
        showing = select(rows.c.shipment_id).where(rows.c.event_id.in_(ids), rows.c.shipment_id.in_(meant))
        # Were it shown on none of those that are meant, it would be about an earlier parcel of the same number.
        if shipment_id in meant and connection.execute(showing.limit(1)).first() is not None:
            add_rows(connection, [shipment_id], ids, now)
            found += 1
    return found


def unlink(
    connection: Connection,
    shipment_id: int,
    number: tuple[str, str],
    *,
    resolve: Resolve,
    members: Callable[[str], Sequence[str]],
    now: datetime,
) -> None:
    """Resolve again what a number, of an account, led to or could not tell apart while a shipment held it.

    What was sent stays, and what was not goes where the number leads now: to the shipments that hold it, or to wait,
    with all that was said, for the one that gets it next.
    """
    account, normalised = number
    wake(connection, account, [("number", normalised)], resolve=resolve, members=members, now=now)
    shown = select(events.c.subject_id).join(rows, rows.c.event_id == events.c.id)
    # A parked one may be shown here as well: since it was placed, its number became one of several accounts.
    affected = select(subjects).where(
        subjects.c.state.in_(("placed", "parked")), subjects.c.id.in_(shown.where(rows.c.shipment_id == shipment_id))
    )
    for subject in connection.execute(affected.order_by(subjects.c.id)).all():
        facts = stored_facts(subject)
        if ("number", normalised) in keys_of(facts):
            ids, accounts = event_ids(connection, subject.id), members(subject.owner)
            resolution = place_subject(connection, subject, facts, ids, accounts=accounts, resolve=resolve, now=now)
            _take_back(connection, subject.id, {shipment_id} - set(resolution.shipments))


def event_ids(connection: Connection, subject_id: int) -> list[int]:
    """List a subject's events, oldest first."""
    return EVENT_IDS.scalars(connection, {"of": subject_id})
