"""How many calls operators let an account be called with, in place of what the settings say."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from app.store.access_schema import account_limits
from app.store.dialect import insert
from app.store.interventions import Intervention

__all__ = ["NO_LIMITS", "LimitAccount", "Limits", "limits_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, and how many at a time; None where the setting holds."""

    rate_per_second: float | None = None
    concurrency: int | None = None


NO_LIMITS = Limits()


def limits_of(connection: Connection) -> dict[str, Limits]:
    """Read the limits of all accounts that have any."""
    found = connection.execute(select(account_limits))
    return {row.account: Limits(rate_per_second=row.rate_per_second, concurrency=row.concurrency) for row in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitAccount(Intervention):
    """Limit an account anew; without any limit the settings hold again."""

    limits: Limits

    def run(self, connection: Connection) -> Limits:
        """Limit; return what held before."""
        before = limits_of(connection).get(self.account, NO_LIMITS)
        connection.execute(delete(account_limits).where(account_limits.c.account == self.account))
        values = {"rate_per_second": self.limits.rate_per_second, "concurrency": self.limits.concurrency}
        if self.limits != NO_LIMITS:
            connection.execute(insert(connection, account_limits).values(account=self.account, **values))
        was = {"rate_per_second": before.rate_per_second, "concurrency": before.concurrency}
        self.note(connection, "account.limited", {"before": was, "after": values})
        return before
