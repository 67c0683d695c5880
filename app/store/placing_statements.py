"""The statements of placing subjects, built once: building one costs several times what running it costs.

What is set without being named here is named when they run.
"""

from typing import Final

from sqlalchemy import BindParameter, bindparam, delete, select, update

from app.store.prepared import Prepared
from app.store.schema import events, numbers, rows, shipments, subject_keys, subjects

__all__ = [
    "ADD_ROWS",
    "CHANGE_SINCE",
    "CHANGE_SUBJECT",
    "EVENT_IDS",
    "FORGET_KEYS",
    "HOLDERS",
    "LINKED",
    "MAKE_DUE",
    "NOT_LATER",
    "PAIRS",
    "SHIPMENTS",
    "WAIT_FOR",
]

_IDS: Final[BindParameter[int]] = bindparam("ids", expanding=True)

HOLDERS: Final = Prepared(
    select(numbers.c.shipment_id, numbers.c.number).where(
        numbers.c.account.in_(bindparam("accounts", expanding=True)),
        numbers.c.number.in_(bindparam("numbers", expanding=True)),
    )
)
SHIPMENTS: Final = Prepared(select(shipments).where(shipments.c.id.in_(_IDS)).order_by(shipments.c.id))

LINKED: Final = Prepared(select(subjects.c.linked_to).where(subjects.c.id == bindparam("of")))
_THIS: Final = update(subjects).where(subjects.c.id == bindparam("of"))
CHANGE_SUBJECT: Final = Prepared(_THIS)
CHANGE_SINCE: Final = Prepared(_THIS.where(subjects.c.state != bindparam("new_state")))
FORGET_KEYS: Final = Prepared(delete(subject_keys).where(subject_keys.c.subject_id == bindparam("of")))
WAIT_FOR: Final = Prepared(lambda insert: insert(subject_keys).on_conflict_do_nothing())
EVENT_IDS: Final = Prepared(select(events.c.id).where(events.c.subject_id == bindparam("of")).order_by(events.c.id))

PAIRS: Final = Prepared(
    select(
        shipments.c.id,
        shipments.c.invoiced_at,
        events.c.id.label("event_id"),
        events.c.received_at,
        events.c.occurred_at,
        events.c.milestone,
    )
    .join(events, events.c.id.in_(bindparam("event_ids", expanding=True)))
    .where(shipments.c.id.in_(_IDS))
)
ADD_ROWS: Final = Prepared(lambda insert: insert(rows).on_conflict_do_nothing())

_MINE: Final = update(shipments).where(shipments.c.id.in_(_IDS))
_WAITS: Final = (
    shipments.c.lease.is_(None) & shipments.c.retrying.is_(False) & (shipments.c.due_at > bindparam("moment"))
)
NOT_LATER: Final = Prepared(_MINE.where(shipments.c.later.is_(True)).values(later=False))
MAKE_DUE: Final = Prepared(
    _MINE.where(shipments.c.due_at.is_(None) | _WAITS, shipments.c.dead_reason.is_(None)).values(retrying=False)
)
