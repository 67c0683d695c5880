"""What is known of VTEX's order hook of each account, and what operators want of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from app.store.auditing import Audited, write_audit
from app.store.columns import Ids
from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.job_schema import order_hooks

__all__ = ["HookRecord", "KeepHook", "NoteStranger", "RecordHook", "hook_records", "hook_states"]

_UNWANTED: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRecord:
    """An account's order hook.

    Args:
        state: What was last found at VTEX: ``none``, ``ours``, ``differs``, ``foreign`` or ``unknown``; None before.
        url: Where the hook that was found leads.
        problem: What is wrong with it, or why that is not known.
        checked_at: When that was found.
        kept_url: Where this relay's own hook leads; None when none is to be kept.
        restored_at: When the relay last made it again.
        stranger: An account of another name that notifications with the right key were about.
        stranger_at: When one of them last came.

    """

    state: str | None = None
    url: str | None = None
    problem: str | None = None
    checked_at: datetime | None = None
    kept_url: str | None = None
    restored_at: datetime | None = None
    stranger: str | None = None
    stranger_at: datetime | None = None


def hook_records(connection: Connection, names: Sequence[str]) -> dict[str, HookRecord]:
    """Return what is known of accounts' hooks."""
    found = connection.execute(select(order_hooks).where(order_hooks.c.account.in_(names))).mappings()
    known = {row["account"]: HookRecord(**{name: row[name] for name in HookRecord.__slots__}) for row in found}
    return {name: _shown(known.get(name, HookRecord())) for name in names}


def _shown(record: HookRecord) -> HookRecord:
    return replace(record, kept_url=record.kept_url or None)


def hook_states(connection: Connection) -> dict[str, str]:
    """Return what was last found of each account's hook that was looked at."""
    looked_at = select(order_hooks.c.account, order_hooks.c.state).where(order_hooks.c.state.is_not(None))
    return {row.account: row.state for row in connection.execute(looked_at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHook:
    """Keep what a look at VTEX found.

    Args:
        account: Its name.
        state: What was found.
        url: Where the hook leads.
        problem: What is wrong with it.
        now: The time.
        keep: Where this relay's own hook leads, which was found there or made again; None leaves that as it is.
        restored: Whether it was made again, which stands in the audit log.
        ids: Makes ids.

    """

    account: str
    state: str
    url: str | None
    problem: str | None
    now: datetime
    ids: Ids
    keep: str | None = None
    restored: bool = False

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> HookRecord:
        """Keep it, and return all that is known then."""
        values: dict[str, Any] = {
            "state": self.state,
            "url": self.url,
            "problem": self.problem,
            "checked_at": self.now,
        }
        if self.keep is not None and not self._is_unwanted(connection):
            values["kept_url"] = self.keep
        values |= {"restored_at": self.now} if self.restored else {}
        _put(connection, self.account, values)
        if self.restored:
            write_audit(
                connection,
                self.ids,
                self.now,
                actor="relay",
                action="hook.restored",
                target=f"account:{self.account}",
                reason="VTEX had deleted it",
                detail={"url": self.keep},
            )
        return hook_records(connection, [self.account])[self.account]

    def _is_unwanted(self, connection: Connection) -> bool:
        """Tell whether a person had the hook removed: a look that began before that must not bring it back."""
        kept = select(order_hooks.c.kept_url).where(order_hooks.c.account == self.account)
        return connection.execute(kept).scalar() == _UNWANTED


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepHook(Audited):
    """Write down that an operator wants the relay's hook at an address, or none; the relay sees to it from then on."""

    account: str
    url: str | None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> None:
        """Write it down."""
        _put(connection, self.account, {"kept_url": _UNWANTED if self.url is None else self.url})
        action = "hook.removed" if self.url is None else "hook.installed"
        detail = {} if self.url is None else {"url": self.url}
        self.audit(connection, action, f"account:{self.account}", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStranger:
    """Keep the name of the account that notifications are about in place of this one; None when they are not."""

    account: str
    stranger: str | None
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> None:
        """Keep it."""
        _put(connection, self.account, {"stranger": self.stranger, "stranger_at": self.stranger and self.now})


def _put(connection: Connection, account: str, values: dict[str, Any]) -> None:
    statement = insert(connection, order_hooks).values(account=account, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[order_hooks.c.account], set_=values))
