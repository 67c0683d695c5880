"""A number for each process that shares a database: no two of them make the same id."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy import Connection, delete, select, update

from app.errors import StoreBusy
from app.store.cluster_schema import nodes
from app.store.columns import NODES
from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion

__all__ = ["LEASE", "KeepNode", "Node", "ReleaseNode", "TakeNode", "live_nodes"]

LEASE: Final = timedelta(minutes=10)
"""How long a number is kept for a process that is silent: longer than a database is gone, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A process that shares the database."""

    node: int
    holder: str
    role: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeNode:
    """Take the first number that nobody has.

    Args:
        holder: The process, under a name that no other has.
        role: What it does.
        now: The server's time.

    """

    holder: str
    role: str
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> int:
        """Return the number."""
        live = select(nodes.c.node).where(nodes.c.until > self.now)
        taken = set(connection.execute(live).scalars())
        values = {"holder": self.holder, "role": self.role, "since": self.now, "until": self.now + LEASE}
        for number in range(NODES):
            if number in taken:
                continue
            # Whoever takes the same number at the same time is waited for, and found to have it.
            mine = insert(connection, nodes).values(node=number, **values)
            statement = mine.on_conflict_do_update(
                index_elements=["node"], set_=values, where=nodes.c.until <= self.now
            )
            if connection.execute(statement.returning(nodes.c.node)).scalar() is not None:
                return number
        raise StoreBusy(f"database_url: all of the {NODES} numbers are taken by processes that share the database")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepNode:
    """Keep a number for longer."""

    node: int
    holder: str
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> bool:
        """Tell whether it was still the holder's."""
        mine = update(nodes).where(nodes.c.node == self.node, nodes.c.holder == self.holder)
        return bool(connection.execute(mine.values(until=self.now + LEASE)).rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseNode:
    """Give a number back."""

    node: int
    holder: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Give it back."""
        connection.execute(delete(nodes).where(nodes.c.node == self.node, nodes.c.holder == self.holder))


def live_nodes(connection: Connection, now: datetime) -> tuple[Node, ...]:
    """List the processes that share the database."""
    live = select(nodes).where(nodes.c.until > now).order_by(nodes.c.node)
    return tuple(
        Node(node=row.node, holder=row.holder, role=row.role, since=row.since, until=row.until)
        for row in connection.execute(live)
    )
