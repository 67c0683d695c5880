"""Take back what the queue handed out: the end of a call.

Every change checks the lease's token; zero rows changed means that the lease was lost, and then only the journal is
written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, literal, null, update

from app.model import normalise_number
from app.store.accounts import AccountChange, change_account
from app.store.columns import Instant
from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.lags import count_lags
from app.store.load import load_work
from app.store.prepared import Prepared
from app.store.queue import END_ATTEMPT, change_row, release
from app.store.schema import numbers, rows, shipments
from app.store.tallies import tally
from app.store.work import Claimed, Planner

__all__ = ["Settle", "Settled", "Settlement"]


# Built once: building a statement costs several times what running it costs. What is set is named when they run.
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
class Settled:
    """What became of a claim.

    Args:
        is_ours: Whether the lease was still ours; otherwise the call is in the journal and nothing else was changed.
        due_at: When the shipment is due again; None when nothing is to be done.

    """

    is_ours: bool
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Record how a claimed call ended and release the shipment.

    With a ``plan`` the turn ends here where nothing came meanwhile; else a claim has to find that out.
    """

    claimed: Claimed
    settlement: Settlement
    now: datetime
    account: AccountChange | None = None
    plan: Planner | None = None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.claimed.work.account)

    def run(self, connection: Connection) -> Settled:
        """Settle. A lost lease leaves the journal's entry and nothing else."""
        ended = self.settlement
        told = {
            "ended_at": self.now,
            "outcome": ended.outcome,
            "status": ended.status,
            "detail": ended.detail,
            "receipt": ended.receipt,
            "receipted_at": ended.receipted_at,
        }
        END_ATTEMPT.run(connection, {"of": self.claimed.attempt_id, **told})
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
            return Settled(is_ours=False)
        if is_applied and registers:
            self._hold_number(connection)
        elif is_applied:
            self._apply_rows(connection)
            open_rows = (row for row in self.claimed.work.rows if row.event_id in self.claimed.plan.carries)
            lags = (self.now - row.received_at for row in open_rows)
            count_lags(connection, name, lags, made=self.claimed.attempt_id, now=self.now)
        for event_id, words in ended.dead_rows:
            change_row(connection, self.claimed.work.shipment_id, event_id, state="dead", reason=words)
        return Settled(is_ours=True, due_at=self._end_turn(connection) if is_applied else ended.retry_at)

    def _end_turn(self, connection: Connection) -> datetime | None:
        """Look at the shipment as it is now, and leave it due only where there is something to do."""
        if self.plan is None:
            return self.now
        work = load_work(connection, self.claimed.work.shipment_id)
        planned = self.plan(work)
        if not planned.asks_for_nothing(work):
            return self.now
        return release(connection, work.shipment_id, planned, self.now)

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
