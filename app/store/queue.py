"""The queue of shipments: claim with a lease, act, settle with its token.

``due_at`` is the queue: null when there is nothing to do, and the end of the lease while a forwarder acts, so that an
abandoned lease becomes due by itself. Every change checks the token; zero rows changed means that the lease was lost.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from app.store.accounts import Learnt, account_rows, learnt_of, postpone, state_of
from app.store.columns import Ids
from app.store.due import due_times, earliest
from app.store.exclusion import ALONE, Exclusion, exclude, where_due
from app.store.limits import Budgets, Limit
from app.store.load import load_work, written_voices
from app.store.prepared import Prepared
from app.store.schema import attempts, rows, shipments
from app.store.turns import in_turn
from app.store.work import Claimed, Plan, Planner, Work

__all__ = ["END_ATTEMPT", "Claim", "Claims", "carry_out", "change_row", "release"]


class Claims(list[Claimed]):
    """What was claimed.

    ``due_at`` is when the next shipment is due of the accounts that were asked; ``later_at`` when the next is due by a
    replay, where none of these was to be claimed.
    """

    def __init__(
        self, claimed: Iterable[Claimed] = (), *, due_at: datetime | None = None, later_at: datetime | None = None
    ) -> None:
        """Hold what was claimed."""
        super().__init__(claimed)
        self.due_at = due_at
        self.later_at = later_at


class _Due(NamedTuple):
    """A shipment that may be claimed, ``later`` where a replay made it due.

    A ``lease`` that it still has ended, and its forwarder vanished.
    """

    account: str
    id: int
    lease: str | None
    later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Take due shipments, each for one forwarder, and commit what it will do before it does it.

    Args:
        free: How many calls each account may start now, the account whose turn it is first; accounts without an entry
            are not claimed.
        slots: How many shipments to take at most.
        retry_slots: How many of ``slots`` are kept for retries while any are due.
        lease: How long the forwarder has, by account.
        probe_every: How often an account that cannot be called is called all the same, to see whether it can again.
        plan: Decides what to do; pure.
        ids: Makes ids.
        now: The time.
        limits: What accounts may get from all processes together; without, from this one alone.
        later_slots: How many of ``slots`` may be for what is due by a replay; None for all that are left.

    """

    free: Mapping[str, int]
    slots: int
    retry_slots: int
    lease: Mapping[str, timedelta]
    probe_every: Mapping[str, timedelta]
    plan: Planner
    ids: Ids
    now: datetime
    limits: Mapping[str, Limit] = field(default_factory=dict)
    later_slots: int | None = None
    excludes: ClassVar[Exclusion] = ALONE

    def run(self, connection: Connection) -> Claims:
        """Claim round robin over accounts in their order in ``free``, the shipment that waits longest first.

        What is due by a replay is claimed only when nothing else is due.
        """
        wanted = where_due(connection, self.free, "shipments", self.now)
        exclude(connection, wanted)
        kept = account_rows(connection, list(self.free))
        states = {name: state_of(row) for name, row in kept.items()}
        allowed = {name: states[name].allows(self.now) for name in wanted}
        free = {name: count if (most := allowed[name]) is None else min(count, most) for name, count in wanted.items()}
        budgets = Budgets(connection, self.limits, self.now)
        free = budgets.within(free)
        retried = self._fair(connection, free, retrying=True, limit=self.retry_slots)
        left = self.slots - len(retried)
        taken = retried + self._fair(connection, free, retrying=False, limit=left, without=retried)
        # Where fewer are retried than might be, no more of them are due.
        if len(taken) < self.slots and len(retried) >= self.retry_slots:
            taken += self._fair(connection, free, retrying=True, limit=self.slots - len(taken), without=taken)
        if len(taken) < self.slots:
            left = self.slots - len(taken)
            left = left if self.later_slots is None else min(left, self.later_slots)
            taken += self._fair(connection, free, retrying=False, later=True, limit=left, without=taken)
        claimed: list[Claimed] = []
        for due in taken:
            claim = self._claim(connection, due, learnt_of(kept[due.account]))
            if claim is None:
                continue
            probe = allowed[due.account] is not None
            if probe:
                until = self.now + self.probe_every[due.account]
                postpone(connection, due.account, until)
                states[due.account] = replace(states[due.account], until=until)
            claimed.append(replace(claim, probe=probe, later=due.later) if probe or due.later else claim)
        for name, count in Counter(each.work.account for each in claimed).items():
            budgets.spend(name, count)
        soon, later = due_times(connection, states)
        if self.later_slots == 0:
            return Claims(claimed, due_at=soon, later_at=later)
        return Claims(claimed, due_at=earliest(soon, later))

    def _fair(
        self,
        connection: Connection,
        free: Mapping[str, int],
        *,
        retrying: bool,
        later: bool = False,
        limit: int,
        without: Sequence[_Due] = (),
    ) -> list[_Due]:
        if limit <= 0:
            return []
        waiting: list[list[_Due]] = []
        for account, count in free.items():
            free_now = count - sum(taken.account == account for taken in without)
            if free_now > 0:
                asked = {"whose": account, "now": self.now, "most": min(free_now, limit)}
                asked["without"] = [taken.id for taken in without]
                due = _DUE[retrying, later].all(connection, asked)
                waiting.append([_Due(account, row.id, row.lease, later) for row in due])
        return in_turn(waiting, limit)

    def _claim(self, connection: Connection, due: _Due, known: Learnt) -> Claimed | None:
        lease = secrets.token_hex(8)
        deadline = self.now + self.lease[due.account]
        _CHANGE.run(connection, {"of": due.id, "lease": lease, "due_at": deadline})
        if due.lease is not None:
            close_abandoned(connection, due.id, self.now)
        return carry_out(connection, due.id, lease, deadline, self.plan, self.ids, self.now, known)


def _due(*, retrying: bool, later: bool) -> Select[Any]:
    """Select what is due of an account, what waits longest first."""
    return (
        select(shipments.c.id, shipments.c.lease)
        .where(
            shipments.c.account == bindparam("whose"),
            shipments.c.later.is_(later),
            shipments.c.retrying.is_(retrying),
            shipments.c.due_at <= bindparam("now"),
            shipments.c.id.not_in(bindparam("without", expanding=True)),
        )
        .order_by(shipments.c.due_at, shipments.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


# Built once: building a statement costs several times what running it costs. What is set is named when they run.
_DUE: Final = {
    (retrying, later): Prepared(_due(retrying=retrying, later=later))
    for retrying in (False, True)
    for later in (False, True)
}
_CHANGE: Final = Prepared(update(shipments).where(shipments.c.id == bindparam("of")))
_CHANGE_ROW: Final = Prepared(
    update(rows).where(rows.c.shipment_id == bindparam("of"), rows.c.event_id == bindparam("about"))
)
END_ATTEMPT: Final = Prepared(update(attempts).where(attempts.c.id == bindparam("of")))
_ADD_ATTEMPT: Final = Prepared(insert(attempts))
_CLOSE_ABANDONED: Final = Prepared(
    update(attempts)
    .where(attempts.c.shipment_id == bindparam("of"), attempts.c.outcome.is_(None))
    .values(outcome="lost", detail="the process that made the call did not report its end")
    .returning(attempts.c.call)
)


def close_abandoned(connection: Connection, shipment_id: int, now: datetime) -> None:
    """Settle calls whose forwarder vanished: whether VTEX applied them is unknown until a read tells.

    The lease that covered such a call ended at ``now`` at the latest, so nothing of it can still arrive.
    """
    calls = _CLOSE_ABANDONED.scalars(connection, {"of": shipment_id, "ended_at": now})
    if "put" in calls:
        _CHANGE.run(connection, {"of": shipment_id, "read_after": now})
    if "patch" in calls:
        _CHANGE.run(connection, {"of": shipment_id, "read_after": now, "package": None})


def carry_out(
    connection: Connection,
    shipment_id: int,
    lease: str,
    deadline: datetime,
    plan: Planner,
    ids: Ids,
    now: datetime,
    known: Learnt | None = None,
) -> Claimed | None:
    """Plan for a leased shipment and commit the plan's traces: frozen rows, skips, and the call about to be made.

    ``known`` is what is known of its account's PUT, where that was read.
    """
    work = load_work(connection, shipment_id, known)
    planned = plan(work)
    if planned.voices != work.voices:
        _CHANGE.run(connection, {"of": shipment_id, "voices": written_voices(planned.voices)})
    for skip in planned.skips:
        change_row(connection, shipment_id, skip.event_id, state=skip.state, reason=skip.reason)
    state = "observed" if planned.observed else "sent"
    changes: dict[int, dict[str, Any]] = {event_id: {"sent_at": now} for event_id in planned.carries}
    for event_id, frozen in planned.frozen or planned.observed:
        row = {"city": frozen.city, "uf": frozen.state, "description": frozen.description, "date": frozen.date}
        changes[event_id] = {"state": state, **row, **changes.get(event_id, {})}
    for event_id, values in changes.items():
        change_row(connection, shipment_id, event_id, **values)
    if planned.read or planned.registration or (planned.body is not None and not planned.observed):
        call = planned.call
        attempt_id = _journal(connection, work, planned, call, lease, ids, now)
        return Claimed(work=work, plan=planned, lease=lease, attempt_id=attempt_id, deadline=deadline)
    if planned.observed:
        _journal(connection, work, planned, "observe", lease, ids, now)
    release(connection, shipment_id, planned, now)
    return None


def _journal(connection: Connection, work: Work, planned: Plan, call: str, lease: str, ids: Ids, now: datetime) -> int:
    attempt_id = ids.next()
    is_made = call != "observe"
    entry = {
        "id": attempt_id,
        "shipment_id": work.shipment_id,
        "account": work.account,
        "call": call,
        "lease": lease,
        "started_at": now,
        "ended_at": None if is_made else now,
        "outcome": None if is_made else "observed",
        "body": planned.registration or planned.body,
        "body_hash": planned.body_hash,
    }
    _ADD_ATTEMPT.run(connection, entry)
    return attempt_id


def release(connection: Connection, shipment_id: int, planned: Plan, now: datetime) -> datetime | None:
    """Give up the lease of a shipment for which no call is to be made now; return when it is due again."""
    due_at = planned.wait_until or planned.rest_until
    settled: dict[str, Any] = {"lease": None, "due_at": due_at, "dead_reason": planned.dead}
    if planned.wait_until is None:
        settled |= {"attempts": 0, "failing_since": None, "retrying": False, "later": False, "split": False}
    if planned.look_at is not None:
        times = [at for at in (planned.look_at, planned.rest_until) if at is not None]
        settled |= {"due_at": min(times), "read_after": planned.look_at}
    _CHANGE.run(connection, {"of": shipment_id, **settled})
    if planned.says_delivered:
        first = (shipments.c.id == shipment_id) & shipments.c.observed_delivered_at.is_(None)
        connection.execute(update(shipments).where(first).values(observed_delivered_at=now))
    due: datetime | None = settled["due_at"]
    return due


def change_row(connection: Connection, shipment_id: int, event_id: int, **values: Any) -> None:  # noqa: ANN401 - columns
    """Change the row of one event on one shipment."""
    _CHANGE_ROW.run(connection, {"of": shipment_id, "about": event_id, **values})
