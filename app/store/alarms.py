"""What an operator was told of and must act upon, and has not heard the end of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, delete, exists, or_, select

from app.store.dialect import insert, literally
from app.store.exclusion import FREE, Exclusion
from app.store.outage_schema import alarms
from app.store.schema import rows, shipments

__all__ = ["Alarm", "BeginAlarm", "EndAlarm", "is_any_dead", "open_alarms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that an operator must act upon.

    Args:
        id: Its id.
        kind: What it is, in a word of a closed set.
        subject: The account or source that it is about; empty for the relay.
        since: When it began.

    """

    id: int
    kind: str
    subject: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAlarm:
    """Remember that an alarm was told of."""

    alarm: Alarm
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Remember it."""
        told = self.alarm
        values = {"kind": told.kind, "subject": told.subject, "id": told.id, "since": told.since}
        connection.execute(insert(connection, alarms).values(values).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAlarm:
    """Forget an alarm, whose end was told of."""

    alarm: Alarm
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Forget it."""
        ended = (alarms.c.kind == self.alarm.kind) & (alarms.c.subject == self.alarm.subject)
        connection.execute(delete(alarms).where(ended))


def open_alarms(connection: Connection) -> Iterable[Alarm]:
    """List the alarms that were told of and have not ended."""
    return [
        Alarm(id=row.id, kind=row.kind, subject=row.subject, since=row.since)
        for row in connection.execute(select(alarms).order_by(alarms.c.id))
    ]


def is_any_dead(connection: Connection) -> bool:
    """Tell whether a shipment or a row was given up and waits for a person."""
    a_shipment = exists().where(shipments.c.dead_reason.is_not(None))
    a_row = exists().where(rows.c.state == literally("dead"))
    return bool(connection.execute(select(or_(a_shipment, a_row))).scalar())
