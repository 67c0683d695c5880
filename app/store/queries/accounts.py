"""Accounts whose forwarding rests."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from app.store.schema import accounts

__all__ = ["AccountState", "accounts_not_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account that is paused, probing or held, since when and why."""

    account: str
    state: str
    until: datetime | None
    reason: str | None
    changed_at: datetime


def accounts_not_open(connection: Connection) -> tuple[AccountState, ...]:
    """List the accounts to which nothing, or only probes, is forwarded now."""
    found = connection.execute(select(accounts).where(accounts.c.state != "open").order_by(accounts.c.account))
    return tuple(
        AccountState(
            account=row.account, state=row.state, until=row.until, reason=row.reason, changed_at=row.changed_at
        )
        for row in found
    )
