"""Take back what the queue handed out: the end of a call, or what a read found.

Every change checks the lease's token; zero rows changed means that the lease was lost, and then only the journal is
written.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, null, update

from app.model import normalise_number
from app.store.accounts import AccountChange, Learnt, Sample, change_account, learn
from app.store.columns import Ids, Instant
from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.lags import count_lags
from app.store.limits import overdraw
from app.store.prepared import Prepared
from app.store.queue import carry_out, change_row
from app.store.schema import attempts, numbers, rows, shipments
from app.store.tallies import tally
from app.store.work import Claimed, Frozen, Planner, Seen, Work

__all__ = ["AcceptRead", "Settle", "Settlement", "accept"]


# Built once: building a statement costs several times what running it costs. What is set is named when they run.
_END_ATTEMPT: Final = Prepared(update(attempts).where(attempts.c.id == bindparam("of")))
_RELEASE: Final = (
    update(shipments)
    .where(shipments.c.id == bindparam("of"), shipments.c.lease == bindparam("token"))
    .values(lease=null())
)
_RELEASE_APPLIED: Final = Prepared(_RELEASE)
_APPLY_ROWS: Final = Prepared(
    update(rows)
    .where(rows.c.shipment_id == bindparam("of"), rows.c.event_id.in_(bindparam("carried", expanding=True)))
    .values(state="applied")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a call ended, and when to act again.

    Args:
        outcome: ``applied``, ``read``, ``absent``, ``unknown``, ``not-applied``, ``held``, ``missing``, ``refused``.
        retry_at: When to try again; None when the shipment is done or dead.
        spends: Whether the call counts as an attempt.
        read_after: Read the order before the next call, not before this time: whether VTEX applied this one is
            unknown, or what it did to the rows before it is to be learnt.
        dead: Why nothing will be tried again.
        dead_rows: Rows that VTEX refused for good, with its words.
        registration: Why the tracking number will not be written into VTEX.
        split: Whether the rows of this call are to be sent one by one from now on.

    """

    outcome: str
    status: int | None = None
    detail: str | None = None
    receipt: str | None = None
    receipted_at: datetime | None = None
    retry_at: datetime | None = None
    spends: bool = True
    read_after: datetime | None = None
    dead: str | None = None
    dead_rows: tuple[tuple[int, str], ...] = ()
    split: bool = False
    registration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Record how a claimed call ended and release the shipment."""

    claimed: Claimed
    settlement: Settlement
    now: datetime
    account: AccountChange | None = None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.claimed.work.account)

    def run(self, connection: Connection) -> bool:
        """Settle; tell whether the lease was still ours. A lost lease leaves the journal's entry and nothing else."""
        ended = self.settlement
        told = {
            "ended_at": self.now,
            "outcome": ended.outcome,
            "status": ended.status,
            "detail": ended.detail,
            "receipt": ended.receipt,
            "receipted_at": ended.receipted_at,
        }
        _END_ATTEMPT.run(connection, {"of": self.claimed.attempt_id, **told})
        name, kind = self.claimed.work.account, "applied" if ended.outcome == "applied" else "failed"
        tally(connection, name, "", kind, made=self.claimed.attempt_id, now=self.now)
        if self.account is not None:
            change_account(connection, name, self.account, self.now)
        mine = {"of": self.claimed.work.shipment_id, "token": self.claimed.lease}
        is_applied, registers = ended.outcome == "applied", self.claimed.plan.registration is not None
        changes = self._applied() if is_applied else self._not_applied()
        if registers:
            changes |= self._registered() if is_applied else self._not_registered()
        if is_applied:
            released = _RELEASE_APPLIED.run(connection, mine | changes)
        else:
            released = connection.execute(_RELEASE.values(**changes), mine).rowcount
        if not released:
            return False
        if is_applied and registers:
            self._hold_number(connection)
        elif is_applied:
            self._apply_rows(connection)
            open_rows = (row for row in self.claimed.work.rows if row.event_id in self.claimed.plan.carries)
            lags = (self.now - row.received_at for row in open_rows)
            count_lags(connection, name, lags, made=self.claimed.attempt_id, now=self.now)
        for event_id, words in ended.dead_rows:
            change_row(connection, self.claimed.work.shipment_id, event_id, state="dead", reason=words)
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
            "read_after": self.settlement.read_after,
            "accepted_hash": plan.body_hash,
            "accepted_puts": work.accepted_puts + 1,
            "dead_reason": None,
        }
        if delivered and not work.delivered:
            changes |= {"delivered_at": self.now, "delivered_date": plan.delivered_date, "quiet_since": None}
        return changes

    def _registered(self) -> dict[str, Any]:
        """Say what VTEX's package has now; nothing else of the shipment was written."""
        work, body = self.claimed.work, self.claimed.plan.registration or {}
        package = {"number": body["trackingNumber"], "courier": body["courier"], "url": body["trackingUrl"]}
        unchanged = {"accepted_hash": work.accepted_hash, "accepted_puts": work.accepted_puts}
        return {"registration": "done", "package": package, **unchanged}

    def _not_registered(self) -> dict[str, Any]:
        """Give up where VTEX refused, and know nothing of the package where VTEX may have taken it."""
        changes: dict[str, Any] = {}
        if self.settlement.registration is not None:
            changes["registration"] = self.settlement.registration
        if self.settlement.outcome == "unknown":
            changes["package"] = None
        return changes

    def _hold_number(self, connection: Connection) -> None:
        """Enter the number that VTEX has now into the index."""
        work, shown = self.claimed.work, str((self.claimed.plan.registration or {})["trackingNumber"])
        number = normalise_number(shown)
        entry = {"account": work.account, "number": number, "shipment_id": work.shipment_id, "shown": shown}
        connection.execute(insert(connection, numbers).on_conflict_do_nothing(), [entry | {"added_at": self.now}])

    def _not_applied(self) -> dict[str, Any]:
        ended, work = self.settlement, self.claimed.work
        changes: dict[str, Any] = {
            "due_at": ended.retry_at,
            "retrying": ended.retry_at is not None,
            "later": False,
            "dead_reason": ended.dead,
        }
        if ended.spends:
            changes["attempts"] = work.attempts + 1
            # Not as it was when the shipment was claimed: time that the account lost meanwhile was forgiven.
            changes["failing_since"] = func.coalesce(shipments.c.failing_since, literal(self.now, Instant()))
        if ended.split:
            changes["split"] = True
        if ended.read_after is not None:
            changes["read_after"] = ended.read_after
        return changes

    def _apply_rows(self, connection: Connection) -> None:
        """Mark the rows that the accepted body held."""
        whose = {"of": self.claimed.work.shipment_id, "carried": list(self.claimed.plan.carries)}
        told = {"applied_at": self.now, "attempt_id": self.claimed.attempt_id}
        _APPLY_ROWS.run(connection, whose | told)


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
        _END_ATTEMPT.run(connection, {"of": claimed.attempt_id, "ended_at": self.now, "outcome": "read"})
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
    mine = update(shipments).where(shipments.c.id == work.shipment_id, shipments.c.lease == lease)
    if not connection.execute(mine.values(**changes)).rowcount:
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
    never_sent = update(rows).where(
        rows.c.shipment_id == shipment_id, rows.c.event_id == event_id, rows.c.date.is_(None)
    )
    connection.execute(never_sent.values(city=row.city, uf=row.state, description=row.description, date=row.date))
    change_row(connection, shipment_id, event_id, state="applied", applied_at=now, attempt_id=read)
