"""Orders in dispute: nothing of them is deleted until somebody lets go of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from app.store.auditing import Audited
from app.store.dialect import insert
from app.store.privacy_schema import holds

__all__ = ["Hold", "HoldOrder", "ReleaseOrder", "held_orders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An order that is held, by whom and why."""

    account: str
    order_id: str
    actor: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change(Audited):
    reason: str
    account: str
    order_id: str

    def note(self, connection: Connection, action: str) -> None:
        """Write down who did what to the order."""
        self.audit(connection, action, f"order:{self.account}/{self.order_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder(_Change):
    """Hold an order, known or not: what comes of it later is held as well."""

    def run(self, connection: Connection) -> bool:
        """Hold it; tell whether it was not held before."""
        names = ("account", "order_id", "actor", "reason")
        values = {name: getattr(self, name) for name in names} | {"since": self.now}
        fresh = insert(connection, holds).values(values).on_conflict_do_nothing()
        # Not every engine counts the rows of an insert.
        made = connection.execute(fresh.returning(holds.c.order_id)).first() is not None
        if made:
            self.note(connection, "order.held")
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder(_Change):
    """Let go of an order: from now on age decides again."""

    def run(self, connection: Connection) -> bool:
        """Let go of it; tell whether it was held."""
        held = (holds.c.account == self.account) & (holds.c.order_id == self.order_id)
        gone = connection.execute(delete(holds).where(held)).rowcount
        if gone:
            self.note(connection, "order.released")
        return bool(gone)


def held_orders(
    connection: Connection, accounts: Sequence[str] | None, *, after: tuple[str, str] | None, limit: int
) -> tuple[Hold, ...]:
    """List held orders by account and id, from one on."""
    query = select(holds).order_by(holds.c.account, holds.c.order_id).limit(limit)
    if accounts is not None:
        query = query.where(holds.c.account.in_(accounts))
    if after is not None:
        account, order_id = after
        later = (holds.c.account == account) & (holds.c.order_id > order_id)
        query = query.where((holds.c.account > account) | later)
    return tuple(Hold(**row._mapping) for row in connection.execute(query))  # noqa: SLF001 - its public name
