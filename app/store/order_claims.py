"""The claims on orders that were told of: who reads which order, and until when.

``due_at`` works as it does for shipments: the end of the lease while somebody reads, so that a read whose process
vanished becomes due by itself.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Connection, select, update

from app.store.accounts import account_states, postpone
from app.store.exclusion import ALONE, Exclusion, exclude, where_due
from app.store.limits import Budgets, Limit
from app.store.order_schema import orders
from app.store.turns import in_turn

__all__ = ["ClaimOrders", "ClaimedOrder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedOrder:
    """An order that one reader alone reads until ``deadline``.

    Args:
        tries: Reads since it was told that found no order, and since when they do not.
        tellings: How often it had been told; more of them when it is settled means that it changed meanwhile.
        echoes: How often it had only echoed what the relay did; more of them, that somebody else may have changed it.
        probe: The account could not be called before; this read finds out whether it can again.

    """

    account: str
    order_id: str
    source: str
    state: str | None
    told_at: datetime
    changed_at: datetime | None
    tries: int
    failing_since: datetime | None
    tellings: int
    echoes: int
    lease: str
    deadline: datetime
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOrders:
    """Take due orders, fairly over accounts: those told as they happen first, and always some that are looked back on.

    Args:
        free: How many calls each account may start now, the account whose turn it is first; others are not claimed.
        slots: How many orders to take at most.
        later_slots: How many of ``slots`` are kept for orders that are looked back on while any are due.
        lease: How long the reader has, by account.
        probe_every: How often an account that cannot be called is called all the same, to see whether it can again.
        now: The time.
        limits: What accounts may get from all processes together; without, from this one alone.

    """

    free: Mapping[str, int]
    slots: int
    later_slots: int
    lease: Mapping[str, timedelta]
    probe_every: Mapping[str, timedelta]
    now: datetime
    limits: Mapping[str, Limit] = field(default_factory=dict)
    excludes: ClassVar[Exclusion] = ALONE

    def run(self, connection: Connection) -> list[ClaimedOrder]:
        """Take those that wait longest, account by account."""
        wanted = where_due(connection, self.free, "orders", self.now)
        exclude(connection, wanted)
        states = account_states(connection, list(wanted))
        allowed = {name: states[name].allows(self.now) for name in wanted}
        free = {name: count if (most := allowed[name]) is None else min(count, most) for name, count in wanted.items()}
        budgets = Budgets(connection, self.limits, self.now)
        free = budgets.within(free)
        taken = self._fair(connection, free, urgent=False, limit=min(self.later_slots, self.slots), without=[])
        taken += self._fair(connection, free, urgent=True, limit=self.slots - len(taken), without=taken)
        taken += self._fair(connection, free, urgent=False, limit=self.slots - len(taken), without=taken)
        claimed = []
        for account, order_id in taken:
            probe = allowed[account] is not None
            if probe:
                postpone(connection, account, self.now + self.probe_every[account])
            claimed.append(self._claim(connection, account, order_id, probe=probe))
        for name, count in Counter(each.account for each in claimed).items():
            budgets.spend(name, count)
        return claimed

    def _fair(
        self,
        connection: Connection,
        free: Mapping[str, int],
        *,
        urgent: bool,
        limit: int,
        without: Sequence[tuple[str, str]],
    ) -> list[tuple[str, str]]:
        if limit <= 0:
            return []
        waiting: list[list[tuple[str, str]]] = []
        for account, count in free.items():
            taken = [order_id for name, order_id in without if name == account]
            if count > len(taken):
                due = (
                    select(orders.c.order_id)
                    .where(
                        orders.c.account == account,
                        orders.c.urgent.is_(urgent),
                        orders.c.due_at <= self.now,
                        orders.c.order_id.not_in(taken),
                    )
                    .order_by(orders.c.due_at, orders.c.order_id)
                    .limit(min(count - len(taken), limit))
                    .with_for_update(skip_locked=True)
                )
                waiting.append([(account, order_id) for order_id in connection.execute(due).scalars()])
        return in_turn(waiting, limit)

    def _claim(self, connection: Connection, account: str, order_id: str, *, probe: bool) -> ClaimedOrder:
        lease = secrets.token_hex(8)
        deadline = self.now + self.lease[account]
        row = connection.execute(
            update(orders)
            .where(orders.c.account == account, orders.c.order_id == order_id)
            .values(lease=lease, due_at=deadline)
            .returning(orders)
        ).one()
        return ClaimedOrder(
            account=account,
            order_id=order_id,
            source=row.source,
            state=row.state,
            told_at=row.told_at,
            changed_at=row.changed_at,
            tries=row.tries,
            failing_since=row.failing_since,
            tellings=row.tellings,
            echoes=row.echoes,
            lease=lease,
            deadline=deadline,
            probe=probe,
        )
