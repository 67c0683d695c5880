"""Take back a claim whose read ended: mark what VTEX holds, and plan again under the same lease."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, update

from app.store.accounts import AccountChange, Learnt, Sample, change_account, learn
from app.store.columns import Ids
from app.store.exclusion import Exclusion, of_accounts
from app.store.lags import count_lags
from app.store.limits import overdraw
from app.store.prepared import Prepared
from app.store.queue import END_ATTEMPT, carry_out, change_row
from app.store.schema import rows, shipments
from app.store.work import Claimed, Frozen, Planner, Seen, Work

__all__ = ["AcceptRead", "accept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRead:
    """Record what a read found, and plan again under the same lease."""

    claimed: Claimed
    seen: Seen
    plan: Planner
    conclude: Callable[[Learnt, Sample], Learnt]
    ids: Ids
    now: datetime
    limited: bool = False

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.claimed.work.account)

    def run(self, connection: Connection) -> Claimed | None:
        """Mark the rows that VTEX holds and return the next call; None when there is none or the lease is lost."""
        claimed, work = self.claimed, self.claimed.work
        END_ATTEMPT.run(connection, {"of": claimed.attempt_id, "ended_at": self.now, "outcome": "read"})
        if not accept(connection, work, self.seen, lease=claimed.lease, read=claimed.attempt_id, now=self.now):
            return None
        if self.seen.sample is not None:
            learn(connection, work.account, self.seen.sample, self.conclude, self.now)
        if claimed.probe:
            change_account(connection, work.account, AccountChange(state="open"), self.now)
        following = carry_out(
            connection, work.shipment_id, claimed.lease, claimed.deadline, self.plan, self.ids, self.now
        )
        if following is not None and self.limited:
            overdraw(connection, work.account)
        return following


def accept(connection: Connection, work: Work, seen: Seen, *, lease: str | None, read: int, now: datetime) -> bool:
    """Mark the rows that a read found in VTEX, and keep those of other writers as the shipment's baseline.

    Args:
        connection: Of the transaction.
        work: The shipment as it was when the read was judged.
        seen: What the read found.
        lease: The token that the shipment must still have, None where nobody may be working on it.
        read: The journal's entry of the read.
        now: When it ended.

    Returns:
        Whether the shipment was still as it must be; otherwise nothing was changed.

    """
    matched = {event_id for event_id, _ in seen.matched}
    changes: dict[str, Any] = {"read_at": now, "read_after": None}
    changes["baseline"] = [asdict(row) for row in _baseline(work, seen)]
    if any(row.row_state == "sent" for row in work.rows if row.event_id in matched):
        changes["accepted_puts"] = work.accepted_puts + 1
    if seen.finished and not work.delivered:
        changes |= {"delivered_at": now, "delivered_date": seen.delivered_date, "quiet_since": None}
    if seen.package is not None:
        changes["package"] = asdict(seen.package)
    if not _CHANGE.run(connection, {"of": work.shipment_id, "by": lease, **changes}):
        return False
    ours = (row for row in work.rows if row.event_id in matched and row.row_state == "sent")
    count_lags(connection, work.account, (now - row.received_at for row in ours), made=read, now=now)
    for event_id, row in seen.matched:
        _mark_applied(connection, work.shipment_id, event_id, row, read=read, now=now)
    for event_id, likeness, shown_at in seen.likenesses:
        change_row(connection, work.shipment_id, event_id, likeness=likeness, shown_at=shown_at)
    return True


def _baseline(work: Work, seen: Seen) -> list[Frozen]:
    """Return the rows of other writers, those included that a call of ours took away: they are put back."""
    there = list(seen.baseline)
    if seen.sample is not None and seen.sample.kind == "replaced":
        there = [row for row in work.baseline if row not in there] + there
    return there


def _mark_applied(
    connection: Connection, shipment_id: int, event_id: int, row: Frozen, *, read: int, now: datetime
) -> None:
    shown = {"city": row.city, "uf": row.state, "description": row.description, "date": row.date}
    _SHOW.run(connection, {"of": shipment_id, "event": event_id, **shown})
    change_row(connection, shipment_id, event_id, state="applied", applied_at=now, attempt_id=read)


_CHANGE: Final = Prepared(
    update(shipments).where(shipments.c.id == bindparam("of"), shipments.c.lease.is_not_distinct_from(bindparam("by")))
)
_SHOW: Final = Prepared(
    update(rows).where(
        rows.c.shipment_id == bindparam("of"), rows.c.event_id == bindparam("event"), rows.c.date.is_(None)
    )
)
"""What is set of a row that was never sent."""
