"""What every process must know of an account: whether it may be called, and what its PUT does.

States: ``open``; ``paused`` until a time; ``probing`` and ``held``, in which one call may start at each ``until``;
``stopped`` by an operator until an operator resumes it. An account without a row is open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, Text, bindparam, cast, select, type_coerce, update

from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.prepared import Prepared
from app.store.schema import accounts, shipments

__all__ = [
    "AccountChange",
    "AccountState",
    "ChangeAccount",
    "Learnt",
    "Sample",
    "TakeProbe",
    "account_rows",
    "account_states",
    "change_account",
    "learn",
    "learnt",
    "learnt_of",
    "state_of",
]


_UNTIL_FURTHER_NOTICE: Final = frozenset({"held", "probing", "stopped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What a call's end does to its account.

    Args:
        state: The new state.
        until: When the next call may start, None for an open or stopped account.
        reason: Why, in words for operators.

    """

    state: str
    until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one read told about what a PUT does.

    ``kind`` is ``kept`` (earlier rows are still there), ``replaced`` (they are gone), ``doubled`` (rows sent again
    stand there twice) or ``blurred`` (rows of other writers changed meanwhile, so it proves nothing).
    """

    kind: str
    shipment_id: int
    order_id: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What is known of an account's PUT: ``delta``, ``full`` or None, since when, and the latest samples."""

    verdict: str | None = None
    verdict_at: datetime | None = None
    evidence: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Whether an account may be called."""

    state: str = "open"
    until: datetime | None = None
    reason: str | None = None
    changed_at: datetime | None = None

    def allows(self, now: datetime) -> int | None:
        """Return how many calls may start now; None for as many as its limits allow."""
        if self.state == "open" or (self.state == "paused" and self.until is not None and self.until <= now):
            return None
        if self.state in {"held", "probing"} and self.until is not None and self.until <= now:
            return 1
        return 0


_STATES: Final = Prepared(select(accounts).where(accounts.c.account.in_(bindparam("names", expanding=True))))


def account_states(connection: Connection, names: Sequence[str]) -> dict[str, AccountState]:
    """Return the states of accounts."""
    return {name: state_of(row) for name, row in account_rows(connection, names).items()}


def account_rows(connection: Connection, names: Sequence[str]) -> dict[str, Row[Any] | None]:
    """Read what is kept of accounts at once; see `state_of` and `learnt_of`."""
    found = {row.account: row for row in _STATES.all(connection, {"names": list(names)})}
    return {name: found.get(name) for name in names}


def state_of(row: Row[Any] | None) -> AccountState:
    """Return the state of an account as it is kept."""
    if row is None:
        return AccountState()
    return AccountState(state=row.state, until=row.until, reason=row.reason, changed_at=row.changed_at)


def change_account(connection: Connection, name: str, change: AccountChange, now: datetime) -> None:
    """Change an account's state.

    An operator's stop outlasts whatever VTEX answers, and a pause that VTEX asked for stands until it has passed: the
    longer of two, whatever other calls meanwhile say, and under a stop as well. Time during which an account could not
    be called is no failure of its shipments: on opening, their trouble is counted that much later.
    """
    before = account_states(connection, [name])[name]
    if before.state == change.state == "open":
        return
    until = change.until
    if change.state == "paused" and before.state in {"paused", "stopped"} and before.until and until:
        until = max(before.until, until)
    if before.state == "stopped":
        if change.state == "paused":
            postpone(connection, name, until)
        return
    if before.state == "paused" and change.state != "paused" and before.until and before.until > now:
        return
    stays_closed = before.state in _UNTIL_FURTHER_NOTICE and change.state in _UNTIL_FURTHER_NOTICE
    since = (before.changed_at or now) if stays_closed else now
    put_state(connection, name, AccountChange(state=change.state, until=until, reason=change.reason), since)
    if change.state == "paused" and until is not None:
        forgive(connection, name, until - max(now, before.until or now))
    elif before.state in _UNTIL_FURTHER_NOTICE and not stays_closed:
        forgive(connection, name, now - (before.changed_at or now))


def put_state(connection: Connection, name: str, change: AccountChange, since: datetime) -> None:
    """Write an account's state."""
    values = {"state": change.state, "until": change.until, "reason": change.reason, "changed_at": since}
    connection.execute(
        insert(connection, accounts)
        .values(account=name, **values)
        .on_conflict_do_update(index_elements=["account"], set_=values)
    )


def postpone(connection: Connection, name: str, until: datetime | None) -> None:
    """Allow the next call later: the one that a held or probing account may make, or the first after a stop."""
    connection.execute(update(accounts).where(accounts.c.account == name).values(until=until))


def forgive(connection: Connection, name: str, lost: timedelta) -> None:
    """Count the trouble of an account's shipments from later on, by the time that was lost."""
    if lost <= timedelta(0):
        return
    later = type_coerce(shipments.c.failing_since, BigInteger) + lost // timedelta(microseconds=1)
    connection.execute(
        update(shipments)
        .where(shipments.c.account == name, shipments.c.failing_since.is_not(None))
        .values(failing_since=later)
    )


def learnt(connection: Connection, name: str) -> Learnt:
    """Return what is known of an account's PUT."""
    return learnt_of(_STATES.first(connection, {"names": [name]}))


def learnt_of(row: Row[Any] | None) -> Learnt:
    """Return what is known of the PUT of an account as it is kept."""
    if row is None:
        return Learnt()
    return Learnt(
        verdict=row.verdict,
        verdict_at=row.verdict_at,
        evidence=tuple(Sample(**entry) for entry in row.evidence),
    )


def learn(
    connection: Connection, name: str, sample: Sample, conclude: Callable[[Learnt, Sample], Learnt], now: datetime
) -> Learnt:
    """Add a sample to what is known; when the verdict becomes ``full``, look again at every shipment it concerns."""
    before = learnt(connection, name)
    after = conclude(before, sample)
    values: Mapping[str, Any] = {
        "verdict": after.verdict,
        "verdict_at": after.verdict_at,
        "evidence": [asdict(entry) for entry in after.evidence],
    }
    connection.execute(
        insert(connection, accounts)
        .values(account=name, state="open", changed_at=now, **values)
        .on_conflict_do_update(index_elements=["account"], set_=values)
    )
    if after.verdict != before.verdict and after.verdict == "full":
        # Only a timeline that was written more than once, or that others wrote on too, can have lost anything.
        written = (shipments.c.accepted_puts > 1) | (
            (shipments.c.accepted_puts > 0) & (cast(shipments.c.baseline, Text) != "[]")
        )
        idle = shipments.c.due_at.is_(None) & shipments.c.dead_reason.is_(None)
        connection.execute(
            update(shipments).where(shipments.c.account == name, written, idle).values(due_at=now, retrying=False)
        )
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAccount:
    """Let the end of a call that no shipment hangs on mean for its account what it means."""

    account: str
    change: AccountChange
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> None:
        """Change the account."""
        change_account(connection, self.account, self.change, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeProbe:
    """Take the one call that a held or probing account may make now; the next one comes ``every`` so often."""

    account: str
    every: timedelta
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> bool:
        """Tell whether it may be made."""
        may = account_states(connection, [self.account])[self.account].allows(self.now) == 1
        if may:
            postpone(connection, self.account, self.now + self.every)
        return may
