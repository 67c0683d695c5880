"""The statements of placing subjects, built once: building one costs several times what running it costs.

What is set without being named here is named when they run.
"""

from typing import Final

from sqlalchemy import BindParameter, Boolean, bindparam, case, delete, or_, select, update

from app.store.columns import Instant
from app.store.prepared import Prepared
from app.store.schema import events, numbers, rows, shipments, subject_keys, subjects

__all__ = [
    "ADD_ROWS",
    "CHANGE_SUBJECT",
    "EVENT_IDS",
    "FORGET_KEYS",
    "HEAR",
    "HOLDERS",
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
SHIPMENTS: Final = Prepared(
    select(
        shipments.c.id,
        shipments.c.account,
        shipments.c.order_id,
        shipments.c.invoice_number,
        shipments.c.invoice_key,
        shipments.c.courier,
        shipments.c.invoiced_at,
        shipments.c.created_at,
        shipments.c.delivered_at,
        shipments.c.origin,
    )
    .where(shipments.c.id.in_(_IDS))
    .order_by(shipments.c.id)
)

CHANGE_SUBJECT: Final = Prepared(update(subjects).where(subjects.c.id == bindparam("of")))
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
_MOMENT: Final = bindparam("moment", type_=Instant())
_WAITS: Final = shipments.c.lease.is_(None) & shipments.c.retrying.is_(False) & (shipments.c.due_at > _MOMENT)
_COMES: Final = (shipments.c.due_at.is_(None) | _WAITS) & shipments.c.dead_reason.is_(None)
NOT_LATER: Final = Prepared(_MINE.where(shipments.c.later.is_(True)).values(later=False))
MAKE_DUE: Final = Prepared(_MINE.where(_COMES).values(retrying=False))

_AT: Final = bindparam("at", type_=Instant())
_BEHIND: Final = bindparam("behind", type_=Boolean())
_IS_NEWS: Final = or_(shipments.c.news_at.is_(None), shipments.c.news_at <= _AT)
# What VTEX counts as delivered is waited for no longer, whatever comes late.
_QUIET: Final = case((shipments.c.delivered_at.is_(None), bindparam("quiet", type_=Instant())))
HEAR: Final = Prepared(
    update(shipments)
    .where(shipments.c.id == bindparam("shipment"))
    .values(
        news_at=case((_IS_NEWS, _AT), else_=shipments.c.news_at),
        quiet_since=case((_IS_NEWS, _QUIET), else_=shipments.c.quiet_since),
        due_at=case((_COMES, _MOMENT), else_=shipments.c.due_at),
        retrying=case((_COMES, False), else_=shipments.c.retrying),
        later=case((_COMES, _BEHIND), else_=shipments.c.later & _BEHIND),
    )
)
"""Both in one statement, with when the shipment was heard of: it runs with every webhook that is placed."""
