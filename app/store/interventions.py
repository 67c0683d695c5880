"""What operators do to accounts: stop and resume them, probe them, and say what their PUT does. All of it audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, update

from app.store.accounts import (
    AccountChange,
    AccountState,
    Learnt,
    Sample,
    account_states,
    forgive,
    learn,
    learnt,
    postpone,
    put_state,
)
from app.store.auditing import Audited
from app.store.exclusion import Exclusion, of_accounts
from app.store.schema import accounts

__all__ = ["Intervention", "ProbeAccount", "RecordVerdict", "ResetLearnt", "ResumeAccount", "StopAccount"]

_PROBED: Final = frozenset({"held", "probing"})
_CLOSED: Final = _PROBED | {"stopped"}
_EVIDENCE_KEPT: Final = 20
_MEANING: Final = {"delta": "kept", "full": "replaced"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention(Audited):
    """An operator's change of one account; its reason is also for whoever looks at the account.

    Args:
        account: Its name.

    """

    account: str

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def before(self, connection: Connection) -> AccountState:
        """Return the state that is to be changed."""
        return account_states(connection, [self.account])[self.account]

    def note(self, connection: Connection, action: str, detail: Mapping[str, Any]) -> None:
        """Write down who did what to the account."""
        self.audit(connection, action, f"account:{self.account}", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAccount(Intervention):
    """Stop calling an account until an operator resumes it, whatever VTEX answers meanwhile."""

    def run(self, connection: Connection) -> AccountState:
        """Stop; return the state before."""
        before = self.before(connection)
        # A pause that VTEX asked for is remembered: resuming early must not cut it short.
        asked = before.until if before.state in {"paused", "stopped"} else None
        since = before.changed_at if before.state in _CLOSED and before.changed_at else self.now
        put_state(connection, self.account, AccountChange(state="stopped", until=asked, reason=self.reason), since)
        self.note(connection, "account.stopped", {"before": before.state})
        return before


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAccount(Intervention):
    """Call an account again, though not before the time that VTEX asked for.

    A stopped account opens. One that VTEX closed gets its next call now, which decides.
    """

    def run(self, connection: Connection) -> AccountState:
        """Resume; return the state before."""
        before = self.before(connection)
        if before.state not in _CLOSED:
            return before
        if before.state in _PROBED:
            postpone(connection, self.account, self.now)
        elif before.until is not None and before.until > self.now:
            reason = "VTEX asked to wait, before or while an operator had stopped the account"
            self._reopen(connection, before, AccountChange(state="paused", until=before.until, reason=reason))
            forgive(connection, self.account, before.until - self.now)
        else:
            self._reopen(connection, before, AccountChange(state="open"))
        self.note(connection, "account.resumed", {"before": before.state})
        return before

    def _reopen(self, connection: Connection, before: AccountState, change: AccountChange) -> None:
        put_state(connection, self.account, change, self.now)
        forgive(connection, self.account, self.now - (before.changed_at or self.now))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAccount(Intervention):
    """Let the next call of a held or probing account start now; other states have nothing to find out."""

    def run(self, connection: Connection) -> AccountState:
        """Probe; return the state before, which tells whether there is anything to probe."""
        before = self.before(connection)
        if before.state in _PROBED:
            postpone(connection, self.account, self.now)
            self.note(connection, "account.probed", {"before": before.state})
        return before


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLearnt(Intervention):
    """Forget what an account's PUT is believed to do, so that it is learnt anew."""

    def run(self, connection: Connection) -> Learnt:
        """Forget; return what was known before."""
        before = learnt(connection, self.account)
        nothing: dict[str, Any] = {"verdict": None, "verdict_at": None, "evidence": []}
        connection.execute(update(accounts).where(accounts.c.account == self.account).values(**nothing))
        detail = {"verdict": before.verdict, "samples": len(before.evidence)}
        self.note(connection, "account.history-reset", detail)
        return before


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVerdict(Intervention):
    """Take over what was found out deliberately, on a test order.

    Args:
        verdict: ``delta`` or ``full``.
        order_id: The order that it was found out on.

    """

    verdict: str
    order_id: str

    def run(self, connection: Connection) -> Learnt:
        """Record; return what was known before."""
        before = learnt(connection, self.account)
        kind = _MEANING[self.verdict]
        # No shipment of the queue: it was found out past the relay.
        sample = Sample(kind=kind, shipment_id=0, order_id=self.order_id, at=self.now.isoformat())
        learn(connection, self.account, sample, self._conclude, self.now)
        detail = {"before": before.verdict, "verdict": self.verdict, "order_id": self.order_id}
        self.note(connection, "account.history-learnt", detail)
        return before

    def _conclude(self, before: Learnt, new: Sample) -> Learnt:
        return Learnt(
            verdict=self.verdict,
            verdict_at=self.now,
            evidence=(*before.evidence, new)[-_EVIDENCE_KEPT:],
        )
