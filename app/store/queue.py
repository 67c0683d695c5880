"""The queue of shipments: claim with a lease, act, settle with its token.

``due_at`` is the queue: null when there is nothing to do, and the end of the lease while a forwarder acts, so that an
abandoned lease becomes due by itself. Every change checks the token; zero rows changed means that the lease was lost.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.store.columns import Ids
from app.store.load import load_work
from app.store.schema import attempts, rows, shipments
from app.store.work import Claimed, Frozen, Planner, Seen

__all__ = ["AcceptRead", "Claim", "Settle", "Settlement", "next_due"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Take due shipments, each for one forwarder, and commit what it will do before it does it.

    Args:
        free: How many calls each account may start now; accounts without an entry are not claimed.
        slots: How many shipments to take at most.
        retry_slots: How many of ``slots`` are kept for retries while any are due.
        lease: How long the forwarder has.
        plan: Decides what to do; pure.
        ids: Makes ids.
        now: The time.

    """

    free: Mapping[str, int]
    slots: int
    retry_slots: int
    lease: timedelta
    plan: Planner
    ids: Ids
    now: datetime

    def run(self, connection: Connection) -> list[Claimed]:
        """Claim round robin over accounts, the shipment that waits longest first."""
        taken = self._fair(connection, retrying=True, limit=self.retry_slots)
        taken += self._fair(connection, retrying=False, limit=self.slots - len(taken), without=taken)
        if len(taken) < self.slots:
            taken += self._fair(connection, retrying=True, limit=self.slots - len(taken), without=taken)
        claimed = [self._claim(connection, shipment_id) for _, shipment_id in taken]
        return [claim for claim in claimed if claim is not None]

    def _fair(
        self, connection: Connection, *, retrying: bool, limit: int, without: Sequence[tuple[str, int]] = ()
    ) -> list[tuple[str, int]]:
        if limit <= 0:
            return []
        waiting: list[list[tuple[str, int]]] = []
        for account, free in self.free.items():
            free_now = free - sum(taken == account for taken, _ in without)
            if free_now > 0:
                due = (
                    select(shipments.c.id)
                    .where(
                        shipments.c.account == account,
                        shipments.c.retrying.is_(retrying),
                        shipments.c.due_at <= self.now,
                        shipments.c.id.not_in([id_ for _, id_ in without]),
                    )
                    .order_by(shipments.c.due_at, shipments.c.id)
                    .limit(min(free_now, limit))
                    .with_for_update(skip_locked=True)
                )
                waiting.append([(account, id_) for id_ in connection.execute(due).scalars()])
        turns: list[tuple[str, int]] = []
        while any(waiting) and len(turns) < limit:
            turns += [queue.pop(0) for queue in waiting if queue]
        return turns[:limit]

    def _claim(self, connection: Connection, shipment_id: int) -> Claimed | None:
        lease = secrets.token_hex(8)
        deadline = self.now + self.lease
        connection.execute(update(shipments).where(shipments.c.id == shipment_id).values(lease=lease, due_at=deadline))
        close_abandoned(connection, shipment_id, self.now)
        return carry_out(connection, shipment_id, lease, deadline, self.plan, self.ids, self.now)


def close_abandoned(connection: Connection, shipment_id: int, now: datetime) -> None:
    """Settle calls whose forwarder vanished: whether VTEX applied them is unknown until a read tells.

    The lease that covered such a call ended at ``now`` at the latest, so nothing of it can still arrive.
    """
    lost = (
        update(attempts)
        .where(attempts.c.shipment_id == shipment_id, attempts.c.outcome.is_(None))
        .values(outcome="lost", ended_at=now, detail="the process that made the call did not report its end")
        .returning(attempts.c.call)
    )
    if "put" in connection.execute(lost).scalars().all():
        connection.execute(update(shipments).where(shipments.c.id == shipment_id).values(read_after=now))


def carry_out(
    connection: Connection,
    shipment_id: int,
    lease: str,
    deadline: datetime,
    plan: Planner,
    ids: Ids,
    now: datetime,
) -> Claimed | None:
    """Plan for a leased shipment and commit the plan's traces: frozen rows, skips, and the call about to be made."""
    work = load_work(connection, shipment_id)
    planned = plan(work)
    for skip in planned.skips:
        _change_row(connection, shipment_id, skip.event_id, state=skip.state, reason=skip.reason)
    for event_id, frozen in planned.frozen:
        _change_row(
            connection,
            shipment_id,
            event_id,
            state="sent",
            city=frozen.city,
            uf=frozen.state,
            description=frozen.description,
            date=frozen.date,
            sent_at=now,
        )
    if not planned.read and planned.body is None:
        settled: dict[str, Any] = {"lease": None, "due_at": planned.wait_until, "dead_reason": planned.dead}
        if planned.wait_until is None:
            settled |= {"attempts": 0, "failing_since": None, "retrying": False}
        connection.execute(update(shipments).where(shipments.c.id == shipment_id).values(**settled))
        return None
    attempt_id = ids.next()
    connection.execute(
        insert(attempts).values(
            id=attempt_id,
            shipment_id=shipment_id,
            account=work.account,
            call="get" if planned.read else "put",
            lease=lease,
            started_at=now,
            body=planned.body,
            body_hash=planned.body_hash,
        )
    )
    return Claimed(work=work, plan=planned, lease=lease, attempt_id=attempt_id, deadline=deadline)


def _change_row(connection: Connection, shipment_id: int, event_id: int, **values: Any) -> None:  # noqa: ANN401 - columns
    connection.execute(
        update(rows).where(rows.c.shipment_id == shipment_id, rows.c.event_id == event_id).values(**values)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a call ended, and when to act again.

    Args:
        outcome: ``applied``, ``read``, ``absent``, ``unknown``, ``not-applied``, ``held``, ``missing``, ``refused``.
        retry_at: When to try again; None when the shipment is done or dead.
        spends: Whether the call counts as an attempt.
        read_after: Whether VTEX applied the call is unknown: read the order first, not before this time.
        dead: Why nothing will be tried again.
        dead_rows: Rows that VTEX refused for good, with its words.

    """

    outcome: str
    status: int | None = None
    detail: str | None = None
    receipt: str | None = None
    retry_at: datetime | None = None
    spends: bool = True
    read_after: datetime | None = None
    dead: str | None = None
    dead_rows: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Record how a claimed call ended and release the shipment."""

    claimed: Claimed
    settlement: Settlement
    now: datetime

    def run(self, connection: Connection) -> bool:
        """Settle; tell whether the lease was still ours. A lost lease leaves the journal's entry and nothing else."""
        ended = self.settlement
        connection.execute(
            update(attempts)
            .where(attempts.c.id == self.claimed.attempt_id)
            .values(
                ended_at=self.now,
                outcome=ended.outcome,
                status=ended.status,
                detail=ended.detail,
                receipt=ended.receipt,
            )
        )
        mine = update(shipments).where(
            shipments.c.id == self.claimed.work.shipment_id, shipments.c.lease == self.claimed.lease
        )
        changes = self._applied() if ended.outcome == "applied" else self._not_applied()
        if not connection.execute(mine.values(lease=None, **changes)).rowcount:
            return False
        if ended.outcome == "applied":
            self._apply_rows(connection)
        for event_id, words in ended.dead_rows:
            _change_row(connection, self.claimed.work.shipment_id, event_id, state="dead", reason=words)
        return True

    def _applied(self) -> dict[str, Any]:
        work, plan = self.claimed.work, self.claimed.plan
        delivered = bool(plan.body and plan.body["isDelivered"])
        changes: dict[str, Any] = {
            # Due at once: rows that arrived meanwhile go out, and with none the next plan finds nothing to do.
            "due_at": self.now,
            "retrying": False,
            "attempts": 0,
            "failing_since": None,
            "read_after": None,
            "accepted_hash": plan.body_hash,
            "accepted_puts": work.accepted_puts + 1,
            "dead_reason": None,
        }
        if delivered and not work.delivered:
            changes |= {"delivered_at": self.now, "delivered_date": plan.delivered_date}
        return changes

    def _not_applied(self) -> dict[str, Any]:
        ended, work = self.settlement, self.claimed.work
        changes: dict[str, Any] = {
            "due_at": ended.retry_at,
            "retrying": ended.retry_at is not None,
            "dead_reason": ended.dead,
            "failing_since": work.failing_since or self.now,
        }
        if ended.spends:
            changes["attempts"] = work.attempts + 1
        if ended.read_after is not None:
            changes["read_after"] = ended.read_after
        return changes

    def _apply_rows(self, connection: Connection) -> None:
        """Mark every frozen row that is not dead: the accepted body held them all."""
        connection.execute(
            update(rows)
            .where(rows.c.shipment_id == self.claimed.work.shipment_id, rows.c.state == "sent")
            .values(state="applied", applied_at=self.now, attempt_id=self.claimed.attempt_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRead:
    """Record what a read found, and plan again under the same lease."""

    claimed: Claimed
    seen: Seen
    plan: Planner
    ids: Ids
    now: datetime

    def run(self, connection: Connection) -> Claimed | None:
        """Mark the rows that VTEX holds and return the next call; None when there is none or the lease is lost."""
        shipment_id = self.claimed.work.shipment_id
        connection.execute(
            update(attempts).where(attempts.c.id == self.claimed.attempt_id).values(ended_at=self.now, outcome="read")
        )
        changes: dict[str, Any] = {"read_at": self.now, "read_after": None}
        changes["baseline"] = [asdict(row) for row in self.seen.baseline]
        if self.seen.finished and not self.claimed.work.delivered:
            changes |= {"delivered_at": self.now, "delivered_date": self.seen.delivered_date}
        mine = update(shipments).where(shipments.c.id == shipment_id, shipments.c.lease == self.claimed.lease)
        if not connection.execute(mine.values(**changes)).rowcount:
            return None
        for event_id, row in self.seen.matched:
            self._mark_applied(connection, event_id, row)
        return carry_out(
            connection, shipment_id, self.claimed.lease, self.claimed.deadline, self.plan, self.ids, self.now
        )

    def _mark_applied(self, connection: Connection, event_id: int, row: Frozen) -> None:
        shipment_id = self.claimed.work.shipment_id
        never_sent = update(rows).where(
            rows.c.shipment_id == shipment_id, rows.c.event_id == event_id, rows.c.date.is_(None)
        )
        connection.execute(never_sent.values(city=row.city, uf=row.state, description=row.description, date=row.date))
        _change_row(
            connection,
            shipment_id,
            event_id,
            state="applied",
            applied_at=self.now,
            attempt_id=self.claimed.attempt_id,
        )


def next_due(connection: Connection, accounts: Sequence[str]) -> datetime | None:
    """Return when the next shipment of these accounts becomes due, None when none waits."""
    times = [
        connection.execute(
            select(shipments.c.due_at)
            .where(shipments.c.account == account, shipments.c.retrying.is_(retrying), shipments.c.due_at.is_not(None))
            .order_by(shipments.c.due_at)
            .limit(1)
        ).scalar()
        for account in accounts
        for retrying in (False, True)
    ]
    return min((at for at in times if at is not None), default=None)
