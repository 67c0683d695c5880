"""Which subject a webhook is about: one that is known, as it stands, or a new one.

A webhook changes of a subject only what it tells anew, and what one statement has read no other one asks again.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, bindparam, select, update

from app.store.dialect import Insert
from app.store.facts import Facts, Resolution, stored_facts, united
from app.store.match_counts import count_subject
from app.store.placement import EARLIER_PARCEL, decided
from app.store.prepared import Prepared
from app.store.schema import events, subjects

__all__ = ["Known", "Name", "add_subject", "known_subject"]

Name = tuple[str, str, str]
"""A subject's owner, its carrier, and what the carrier calls it."""


def _adding_subject(insert: Callable[[Table], Insert]) -> Any:  # noqa: ANN401 - an INSERT that returns something
    return insert(subjects).on_conflict_do_nothing().returning(subjects.c.id)


_SUBJECT: Final = Prepared(
    select(subjects)
    .where(
        subjects.c.owner == bindparam("its_owner"),
        subjects.c.carrier == bindparam("its_carrier"),
        subjects.c.subject == bindparam("its_subject"),
    )
    .with_for_update()
)
_ADD_SUBJECT: Final = Prepared(_adding_subject)
_CHANGE_SUBJECT: Final = Prepared(update(subjects).where(subjects.c.id == bindparam("of")))
_EVENTS: Final = Prepared(
    select(
        events.c.id,
        events.c.fingerprint,
        events.c.code,
        events.c.time_text,
        events.c.webhook_id,
        events.c.received_at,
    )
    .where(events.c.subject_id == bindparam("of"))
    .order_by(events.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A subject that somebody spoke of before.

    Args:
        row: As it is stored.
        events: Its events, in order of arrival.
        facts: All that is known of it, with what is said now.

    """

    row: Row[Any]
    events: Sequence[Any]
    facts: Facts


def known_subject(connection: Connection, name: Name, said: Facts, now: datetime) -> Known | None:
    """Find the subject of a name and add to it what is said of it now; None where nobody spoke of it before."""
    named = dict(zip(("its_owner", "its_carrier", "its_subject"), name, strict=True))
    row = _SUBJECT.first(connection, named)
    if row is None:
        return None
    told = _EVENTS.all(connection, {"of": row.id})
    stored = stored_facts(row)
    changes: dict[str, Any] = {}
    latest = max((event.received_at for event in told), default=now)
    if now - latest > EARLIER_PARCEL:
        # Nothing came for so long that the number may be another parcel's by now; for that one nothing holds any more
        # of what a person said of the earlier one.
        facts = said
        changes = {} if row.linked_to is None else {"linked_to": None}
    else:
        facts = united(stored, said)
    if facts != stored:
        changes |= _columns(facts)
    if changes:
        _CHANGE_SUBJECT.run(connection, {"of": row.id, **changes})
        row = _SUBJECT.first(connection, named)
    return Known(row=row, events=told, facts=facts)


def add_subject(
    connection: Connection, id_: int, name: Name, facts: Facts, resolution: Resolution, now: datetime
) -> bool:
    """Add a new subject as it was resolved; false where another process was first."""
    owner, carrier, subject = name
    times = {"since": now, "created_at": now, "placed_at": now if resolution.shipments else None}
    entry = {"id": id_, "owner": owner, "carrier": carrier, "subject": subject, **_columns(facts), **times}
    if _ADD_SUBJECT.first(connection, entry | decided(resolution)) is None:
        return False
    count_subject(connection, owner, carrier, is_placed=bool(resolution.shipments))
    return True


def _columns(facts: Facts) -> dict[str, Any]:
    return {
        "numbers": list(facts.numbers),
        "references": asdict(facts.references),
        "derived": facts.derived.document(),
    }
