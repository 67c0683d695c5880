"""Parcels on their way of which nothing was heard for too long, the quietest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select, tuple_

from app.store.queries.shipments import ShipmentSummary, summaries_of
from app.store.schema import shipments

__all__ = ["QuietCount", "QuietPage", "QuietShipment", "count_quiet", "quiet_shipments"]

_COUNTED: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietShipment:
    """A shipment on its way, and since when nothing was heard of it."""

    summary: ShipmentSummary
    quiet_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietPage:
    """Some shipments, the quietest first; ``after`` is where the next page begins."""

    items: tuple[QuietShipment, ...]
    after: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietCount:
    """How many shipments of an account are quiet; ``is_more`` when there are more than anybody counts."""

    account: str
    count: int
    is_more: bool


def quiet_shipments(
    connection: Connection,
    accounts: Sequence[str],
    before: datetime,
    *,
    after: tuple[datetime, int] | None,
    limit: int,
) -> QuietPage:
    """List the shipments of accounts that were last heard of before a time and have not arrived."""
    found: list[tuple[datetime, int]] = []
    for account in accounts:
        # One account at a time: so the index gives them in order, and no more than a page is read of each.
        query = select(shipments.c.quiet_since, shipments.c.id).where(
            shipments.c.account == account, shipments.c.quiet_since.is_not(None), shipments.c.quiet_since < before
        )
        if after is not None:
            query = query.where(tuple_(shipments.c.quiet_since, shipments.c.id) > after)
        query = query.order_by(shipments.c.quiet_since, shipments.c.id).limit(limit + 1)
        found += [(row.quiet_since, row.id) for row in connection.execute(query)]
    found.sort()
    shown = found[:limit]
    summaries = summaries_of(connection, [id_ for _, id_ in shown])
    return QuietPage(
        items=tuple(QuietShipment(summary=summaries[id_], quiet_since=since) for since, id_ in shown),
        after=shown[-1] if len(found) > limit else None,
    )


def count_quiet(connection: Connection, accounts: Sequence[str], before: datetime) -> tuple[QuietCount, ...]:
    """Count them, of each account up to a bound: for gauges, which are sampled."""
    counts = []
    for account in accounts:
        some = (
            select(shipments.c.id)
            .where(
                shipments.c.account == account, shipments.c.quiet_since.is_not(None), shipments.c.quiet_since < before
            )
            .limit(_COUNTED + 1)
            .subquery()
        )
        count = connection.execute(select(func.count()).select_from(some)).scalar_one()
        counts.append(QuietCount(account=account, count=min(count, _COUNTED), is_more=count > _COUNTED))
    return tuple(counts)
