"""When each parcel was heard of last: noted as news comes, so that the quiet ones are found by an index."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, case, or_, update

from app.store.prepared import Prepared
from app.store.schema import shipments

__all__ = ["News", "note_news"]

News = tuple[int, datetime, datetime | None, str]
"""A shipment, when an event of it arrived, when that happened, and what it means."""

_AT: Final = bindparam("at", type_=shipments.c.news_at.type)
_NOTE: Final = Prepared(
    update(shipments)
    .where(shipments.c.id == bindparam("shipment"), or_(shipments.c.news_at.is_(None), shipments.c.news_at <= _AT))
    .values(
        news_at=_AT,
        # What VTEX counts as delivered is waited for no longer, whatever comes late.
        quiet_since=case((shipments.c.delivered_at.is_(None), bindparam("quiet", type_=shipments.c.quiet_since.type))),
    )
)
_ENDS: Final = frozenset({"DELIVERED", "RETURNED", "CANCELLED"})


def note_news(connection: Connection, news: Iterable[News]) -> None:
    """Note of each shipment when it was heard of last, and whether more is to be expected by what was said."""
    latest: dict[int, News] = {}
    for each in news:
        shipment_id, received_at, occurred_at, _ = each
        known = latest.get(shipment_id)
        if known is None or (received_at, occurred_at or received_at) >= (known[1], known[2] or known[1]):
            latest[shipment_id] = each
    changes = [
        {"shipment": id_, "at": received_at, "quiet": None if milestone in _ENDS else received_at}
        for id_, received_at, _, milestone in latest.values()
    ]
    if not changes:
        return
    _NOTE.run_all(connection, changes)
