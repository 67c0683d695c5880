"""Refused requests as evidence: the latest, within a number and a space of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import Connection, Text, cast, delete, func, select

from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion
from app.store.schema import refusals
from app.store.tallies import tally

__all__ = ["AddRefusal", "TrimRefusals"]

_REFUSALS_KEPT: Final = 10_000
_ROW_BYTES: Final = 256
"""What a refusal takes beside its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRefusal:
    """Keep a refused request as evidence, within a bounded table."""

    id: int
    at: datetime
    status: int
    cause: str
    detail: str
    owner: str
    carrier: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    size: int
    body: bytes
    kept: int = _REFUSALS_KEPT
    excludes: ClassVar[Exclusion] = FREE

    @property
    def bytes(self) -> int:
        """Tell about how much space it takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return _ROW_BYTES + len(self.detail) + len(self.path) + headers + len(self.body)

    def run(self, connection: Connection) -> int:
        """Add it, and drop the oldest one when there are too many."""
        values = {column.name: getattr(self, column.name) for column in refusals.columns}
        connection.execute(insert(connection, refusals).values(values).on_conflict_do_nothing())
        surplus = select(refusals.c.id).order_by(refusals.c.id.desc()).offset(self.kept).limit(1).scalar_subquery()
        connection.execute(delete(refusals).where(refusals.c.id <= surplus))
        tally(connection, self.owner, self.carrier, "refused", made=self.id, now=self.at)
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimRefusals:
    """Drop the oldest refused requests until the rest take no more than so much space."""

    most_bytes: int
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> int:
        """Drop them, and return how many that were."""
        each = refusals.c
        size = (
            _ROW_BYTES
            + func.length(each.detail)
            + func.length(each.path)
            + func.length(cast(each.headers, Text))
            + func.length(each.body)
        )
        taken = select(each.id, func.sum(size).over(order_by=each.id.desc()).label("taken")).subquery()
        surplus = select(func.max(taken.c.id)).where(taken.c.taken > self.most_bytes).scalar_subquery()
        return connection.execute(delete(refusals).where(refusals.c.id <= surplus)).rowcount
