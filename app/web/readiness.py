"""Whether this process can do its role."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from app.errors import RelayError
from app.store.queries import AccountState, accounts_not_open
from app.web.front import Front
from app.web.space import Space

__all__ = ["OK", "Readiness"]

_FRESH_SECONDS: Final = 1.0
_STORE_SECONDS: Final = 2.0
_HEARTBEAT: Final = timedelta(seconds=30)
OK: Final = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What a look at everything found; ``checks`` maps what was looked at to ``ok`` or to what is wrong."""

    checks: dict[str, str]
    resting: tuple[AccountState, ...] = ()

    @property
    def is_ready(self) -> bool:
        return all(found == OK for found in self.checks.values())


class Readiness:
    """Answer whether this process can do its role; probes that come together share one look."""

    def __init__(self, front: Front, clock: Callable[[], float] = monotonic) -> None:
        """Look at what ``front`` names."""
        self._given = front
        self._space = Space(
            front.data_folder,
            front.limits.free_bytes,
            clock,
            is_in_place=front.store.is_in_place,
        )
        self._clock = clock
        self._looked_at = float("-inf")
        self._found = _Checked(checks={})
        self._lock = asyncio.Lock()

    async def check(self) -> _Checked:
        """Look, unless somebody looked a moment ago."""
        async with self._lock:
            if self._clock() - self._looked_at >= _FRESH_SECONDS:
                self._found = await self._look()
                self._looked_at = self._clock()
            return self._found

    async def answer(self) -> tuple[int, dict[str, Any]]:
        """Answer 200 if store, disk and worker are fit, else 503.

        Accounts whose forwarding rests are listed; they never make the answer 503.
        """
        found = await self.check()
        resting = [
            {
                "account": account.account,
                "state": account.state,
                "since": account.changed_at.isoformat(),
                "until": account.until.isoformat() if account.until else None,
            }
            for account in found.resting
        ]
        status = OK if found.is_ready else "failed"
        body = {"status": status, "checks": found.checks, "resting_accounts": resting}
        return 200 if found.is_ready else 503, body

    async def _look(self) -> _Checked:
        checks = {"store": await _within(self._given.store.check())}
        resting: tuple[AccountState, ...] = ()
        if checks["store"] == OK:
            try:
                resting = await asyncio.wait_for(self._given.store.read(accounts_not_open), _STORE_SECONDS)
            except (RelayError, TimeoutError) as error:
                checks["store"] = f"it cannot be read: {error}"
        checks["disk"] = self._space.problem() or OK
        checks["worker"] = self._worker()
        return _Checked(checks=checks, resting=resting)

    def _worker(self) -> str:
        if not self._given.is_begun():
            return "it is being made"
        beat = self._given.heartbeat()
        if beat is None:
            return OK
        silent = self._given.now() - beat
        return OK if silent <= _HEARTBEAT else f"the worker has been silent for {silent.total_seconds():.0f} s"


async def _within(check: Awaitable[None]) -> str:
    try:
        await asyncio.wait_for(check, _STORE_SECONDS)
    except TimeoutError:
        return f"it did not commit within {_STORE_SECONDS:g} s"
    except RelayError as error:
        return str(error)
    return OK
