"""What an observed account would have been sent, compared with what other writers show."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, literal, select

from app.store.schema import events, rows, shipments

__all__ = [
    "ComparedRow",
    "ComparedShipment",
    "Comparison",
    "ComparisonFilter",
    "ComparisonTotals",
    "compare",
]

_NINETY: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonFilter:
    """What to compare.

    Args:
        account: Whose rows.
        since: Rows that would have been sent before this time are left out; None for none.
        missing_after: How long after a row would have been sent an order must have been read without showing it, before
            the row counts as missing.
        kind: Show only shipments with something of this kind; None for all.

    """

    account: str
    since: datetime | None = None
    missing_after: timedelta = timedelta(hours=24)
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    """One row that would have been sent.

    ``kind`` is ``same`` (the same row is there), ``reworded`` (one of the same moment in other words), ``missing`` (an
    order read late enough shows none), ``waiting`` (no such order was read yet) or ``revised`` (another version of the
    event stands for it). ``earlier_by`` is how much earlier it would have been there; negative for later.
    """

    event_id: int
    kind: str
    milestone: str
    description: str
    city: str
    uf: str
    date: str
    sent_at: datetime
    shown_at: datetime | None

    @property
    def earlier_by(self) -> timedelta | None:
        """Return how much earlier than VTEX's own row it would have been there."""
        return None if self.shown_at is None else self.shown_at - self.sent_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedShipment:
    """One observed shipment.

    Args:
        read_at: When its order was last read.
        rows: What would have been sent, in order.
        extra: Rows of other writers that are like none of these.
        would_deliver_at: When the relay would have told that it was delivered.
        finished_at: When VTEX was first seen to count it as delivered.
        delivery: ``agree``, ``only-relay``, ``only-vtex``, ``delivery-waiting`` (only the relay, and no order was read
            late enough), or None while neither says so.

    """

    id: int
    order_id: str
    invoice_number: str
    read_at: datetime | None
    rows: tuple[ComparedRow, ...]
    extra: tuple[Mapping[str, str], ...]
    would_deliver_at: datetime | None
    finished_at: datetime | None
    delivery: str | None

    @property
    def kinds(self) -> set[str]:
        """Name everything that there is to see."""
        found = {row.kind for row in self.rows} | ({"extra"} if self.extra else set())
        return found | ({self.delivery} if self.delivery else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTotals:
    """The whole comparison in numbers; ``earlier`` and ``later`` count rows that VTEX shows, by who was first."""

    shipments: int
    same: int
    reworded: int
    missing: int
    waiting: int
    revised: int
    extra: int
    earlier: int
    later: int
    earlier_by_median: timedelta | None
    earlier_by_p90: timedelta | None
    delivery_agree: int
    delivery_only_relay: int
    delivery_only_vtex: int
    delivery_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The totals, and a page of shipments, newest first; ``before`` is where the next page begins."""

    totals: ComparisonTotals
    items: tuple[ComparedShipment, ...]
    before: int | None


def compare(connection: Connection, wanted: ComparisonFilter, *, before: int | None, limit: int) -> Comparison:
    """Compare; the totals are those of all shipments, whichever are shown."""
    count = _Count()
    shown: list[ComparedShipment] = []
    more = False
    for shipment in _shipments(connection, wanted):
        count.add(shipment)
        if (wanted.kind is None or wanted.kind in shipment.kinds) and (before is None or shipment.id < before):
            more = len(shown) == limit
            shown += [] if more else [shipment]
    return Comparison(totals=count.totals(), items=tuple(shown), before=shown[-1].id if more else None)


def _shipments(connection: Connection, wanted: ComparisonFilter) -> Iterator[ComparedShipment]:
    """Read the observed shipments one by one, newest first."""
    chosen = [shipments.c.account == wanted.account, rows.c.state == literal("observed", literal_execute=True)]
    if wanted.since is not None:
        chosen.append(rows.c.sent_at >= wanted.since)
    found = connection.execute(_statement(chosen), execution_options={"yield_per": 1000})
    for _, of_one in groupby(found, key=lambda row: row.shipment_id):
        yield _shipment(list(of_one), wanted.missing_after)


def _statement(chosen: Sequence[ColumnElement[bool]]) -> Any:  # noqa: ANN401 - a select of twenty columns
    return (
        select(
            rows.c.shipment_id,
            rows.c.event_id,
            rows.c.city,
            rows.c.uf,
            rows.c.description,
            rows.c.date,
            rows.c.sent_at,
            rows.c.likeness,
            rows.c.shown_at,
            events.c.milestone,
            events.c.revises,
            shipments.c.order_id,
            shipments.c.invoice_number,
            shipments.c.read_at,
            shipments.c.baseline,
            shipments.c.observed_delivered_at,
            shipments.c.delivered_at,
        )
        .join(shipments, shipments.c.id == rows.c.shipment_id)
        .join(events, events.c.id == rows.c.event_id)
        .where(*chosen)
        .order_by(rows.c.shipment_id.desc(), rows.c.sent_at, rows.c.event_id)
    )


def _shipment(found: Sequence[Row[Any]], missing_after: timedelta) -> ComparedShipment:
    first = found[0]
    versions = _versions(found)
    return ComparedShipment(
        id=first.shipment_id,
        order_id=first.order_id,
        invoice_number=first.invoice_number,
        read_at=first.read_at,
        rows=tuple(
            ComparedRow(
                event_id=row.event_id,
                kind=_kind(row, versions[row.event_id], missing_after),
                milestone=row.milestone,
                description=row.description,
                city=row.city,
                uf=row.uf,
                date=row.date,
                sent_at=row.sent_at,
                shown_at=row.shown_at if row.likeness else None,
            )
            for row in found
        ),
        extra=tuple(first.baseline),
        would_deliver_at=first.observed_delivered_at,
        finished_at=first.delivered_at,
        delivery=_delivery(first, missing_after),
    )


def _versions(found: Sequence[Row[Any]]) -> dict[int, list[Row[Any]]]:
    """Return, for each event, all versions of it, itself included, oldest first: a carrier may revise what it said."""
    chains: dict[int, list[Row[Any]]] = {}
    for row in sorted(found, key=lambda row: row.event_id):
        chain = chains.get(row.revises, []) if row.revises is not None else []
        chain.append(row)
        chains[row.event_id] = chain
    return chains


def _kind(row: Row[Any], versions: Sequence[Row[Any]], missing_after: timedelta) -> str:
    if row.likeness is not None:
        return str(row.likeness)
    if row is not versions[-1] or any(version.likeness is not None for version in versions):
        return "revised"
    return "missing" if _is_late(row.sent_at, row.read_at, missing_after) else "waiting"


def _delivery(shipment: Row[Any], missing_after: timedelta) -> str | None:
    ours, theirs = shipment.observed_delivered_at, shipment.delivered_at
    if ours is None:
        return None if theirs is None else "only-vtex"
    if theirs is not None:
        return "agree"
    return "only-relay" if _is_late(ours, shipment.read_at, missing_after) else "delivery-waiting"


def _is_late(at: datetime, read_at: datetime | None, missing_after: timedelta) -> bool:
    """Tell whether an order was read so late that it should have shown what was to be sent at a time."""
    return read_at is not None and read_at - at >= missing_after


class _Count:
    """Add shipments up."""

    def __init__(self) -> None:
        self._kinds: dict[str | None, int] = {}
        self._earlier: list[float] = []

    def add(self, shipment: ComparedShipment) -> None:
        """Count one shipment."""
        self._add(["shipment", shipment.delivery, *(row.kind for row in shipment.rows)])
        self._add(["extra"] * len(shipment.extra))
        times = [row.earlier_by for row in shipment.rows if row.earlier_by is not None]
        self._earlier += [by.total_seconds() for by in times]

    def _add(self, kinds: Iterable[str | None]) -> None:
        for kind in kinds:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1

    def totals(self) -> ComparisonTotals:
        """Return the sums."""
        ordered = sorted(self._earlier)
        counted = {kind: self._kinds.get(kind, 0) for kind in ("same", "reworded", "missing", "waiting", "revised")}
        return ComparisonTotals(
            shipments=self._kinds.get("shipment", 0),
            extra=self._kinds.get("extra", 0),
            earlier=sum(by > 0 for by in ordered),
            later=sum(by < 0 for by in ordered),
            earlier_by_median=timedelta(seconds=median(ordered)) if ordered else None,
            # The smallest value that nine of ten do not exceed.
            earlier_by_p90=timedelta(seconds=ordered[ceil(_NINETY * len(ordered)) - 1]) if ordered else None,
            delivery_agree=self._kinds.get("agree", 0),
            delivery_only_relay=self._kinds.get("only-relay", 0),
            delivery_only_vtex=self._kinds.get("only-vtex", 0),
            delivery_waiting=self._kinds.get("delivery-waiting", 0),
            **counted,
        )
