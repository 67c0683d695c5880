"""When each parcel was heard of last: noted as news comes, so that the quiet ones are found by an index."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

__all__ = ["News", "latest_news"]

News = tuple[int, datetime, datetime | None, str]
"""A shipment, when an event of it arrived, when that happened, and what it means."""

_ENDS: Final = frozenset({"DELIVERED", "RETURNED", "CANCELLED"})


def latest_news(news: Iterable[News]) -> list[dict[str, Any]]:
    """Say of each shipment when it was heard of last, and since when more is to be expected by what was said."""
    latest: dict[int, News] = {}
    for each in news:
        shipment_id, received_at, occurred_at, _ = each
        known = latest.get(shipment_id)
        if known is None or (received_at, occurred_at or received_at) >= (known[1], known[2] or known[1]):
            latest[shipment_id] = each
    return [
        {"shipment": id_, "at": received_at, "quiet": None if milestone in _ENDS else received_at}
        for id_, received_at, _, milestone in sorted(latest.values(), key=itemgetter(0))
    ]
