"""Counts hour by hour for charts, and the codes that no adapter listed: kept as it happens, never counted from rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Table, bindparam, func, select, update

from app.store.columns import node_of
from app.store.console_schema import tallies, unknown_codes
from app.store.dialect import Insert, insert
from app.store.prepared import Prepared
from app.store.schema import webhooks

__all__ = [
    "Tally",
    "UnknownCode",
    "hour_of",
    "list_unknown_codes",
    "note_unknown_code",
    "tallies_since",
    "tally",
    "tally_webhook",
]

_HOUR: Final = 3600
_LONGEST_CODE: Final = 200
_CODES_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something happened in one hour; ``carrier`` is empty for calls to VTEX."""

    owner: str
    carrier: str
    hour: int
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCode:
    """A code that its adapter did not list when it came; ``webhook_id`` is the latest webhook that brought it."""

    owner: str
    carrier: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime
    webhook_id: int


def _counting(insert: Callable[[Table], Insert]) -> Insert:
    counted = insert(tallies)
    return counted.on_conflict_do_update(
        index_elements=["owner", "carrier", "hour", "kind", "node"],
        set_={"count": tallies.c.count + counted.excluded.count, "last_at": counted.excluded.last_at},
    )


_COUNT: Final = Prepared(_counting)
_UNREAD: Final = Prepared(
    select(webhooks.c.owner, webhooks.c.carrier).where(
        webhooks.c.id == bindparam("webhook"), webhooks.c.state == "stored"
    )
)


def hour_of(time: datetime) -> int:
    """Return the hour of a time, counted from 1970."""
    return int(time.astimezone(UTC).timestamp()) // _HOUR


def tally(
    connection: Connection, owner: str, carrier: str, kind: str, *, made: int, now: datetime, count: int = 1
) -> None:
    """Count something that happened now, or so many of it; ``made`` is any id that the process made for it.

    Each process has counts of its own, or all of them would wait for each other's commits.
    """
    what = {"owner": owner, "carrier": carrier, "hour": hour_of(now), "kind": kind}
    _COUNT.run(connection, what | {"node": node_of(made), "count": count, "last_at": now})


def tally_webhook(connection: Connection, webhook_id: int, kind: str, now: datetime) -> None:
    """Count a webhook that is read for the first time; one that is read again was counted."""
    row = _UNREAD.first(connection, {"webhook": webhook_id})
    if row is not None:
        tally(connection, row.owner, row.carrier, kind, made=webhook_id, now=now)


def tallies_since(connection: Connection, owners: Sequence[str], since: datetime) -> tuple[Tally, ...]:
    """Read what was counted for some accounts and groups since the hour of a time."""
    query = (
        select(
            tallies.c.owner, tallies.c.carrier, tallies.c.hour, tallies.c.kind, func.sum(tallies.c.count).label("total")
        )
        .where(tallies.c.owner.in_(owners), tallies.c.hour >= hour_of(since), tallies.c.kind.not_like("lag-%"))
        .group_by(tallies.c.owner, tallies.c.carrier, tallies.c.hour, tallies.c.kind)
        .order_by(tallies.c.hour, tallies.c.owner, tallies.c.carrier, tallies.c.kind)
    )
    return tuple(
        Tally(owner=row.owner, carrier=row.carrier, hour=row.hour, kind=row.kind, count=int(row.total))
        for row in connection.execute(query)
    )


def note_unknown_code(
    connection: Connection, owner: str, carrier: str, code: str, *, webhook_id: int, now: datetime
) -> None:
    """Remember that a code came that its adapter does not list; of one source only so many are remembered."""
    code = code[:_LONGEST_CODE]
    mine = (unknown_codes.c.owner == owner) & (unknown_codes.c.carrier == carrier)
    values = {"last_at": now, "webhook_id": webhook_id, "count": unknown_codes.c.count + 1}
    again = update(unknown_codes).where(mine, unknown_codes.c.code == code).values(**values)
    if connection.execute(again).rowcount:
        return
    # A carrier may write into its codes whatever it likes, a new one every time.
    known = connection.execute(select(func.count()).select_from(unknown_codes).where(mine)).scalar_one()
    if known >= _CODES_KEPT:
        return
    first = {"owner": owner, "carrier": carrier, "code": code, "first_at": now, "last_at": now, "count": 1}
    connection.execute(
        insert(connection, unknown_codes)
        .values(**first, webhook_id=webhook_id)
        .on_conflict_do_update(index_elements=["owner", "carrier", "code"], set_=values)
    )


def list_unknown_codes(
    connection: Connection, owners: Sequence[str] | None, *, carrier: str | None = None, limit: int
) -> tuple[UnknownCode, ...]:
    """List the codes that adapters did not know, those that came last first; there are never many."""
    counted = unknown_codes.c.count.label("total")  # A row has a method of the column's name.
    query = select(unknown_codes, counted).order_by(unknown_codes.c.last_at.desc(), unknown_codes.c.code).limit(limit)
    if owners is not None:
        query = query.where(unknown_codes.c.owner.in_(owners))
    if carrier is not None:
        query = query.where(unknown_codes.c.carrier == carrier)
    return tuple(
        UnknownCode(
            owner=row.owner,
            carrier=row.carrier,
            code=row.code,
            count=row.total,
            first_at=row.first_at,
            last_at=row.last_at,
            webhook_id=row.webhook_id,
        )
        for row in connection.execute(query)
    )
