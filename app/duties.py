"""Which periodic work this process does: each duty has one holder among all processes that share the store."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.store import DutyHeld, FreeDuties, ReleaseDuties, Store, TakeDuty

__all__ = ["LEASE_SECONDS", "Duties"]

LEASE_SECONDS: Final = 60.0
"""How long a duty is its holder's without being renewed: longer than any call that is made under it."""
_RENEW_SECONDS: Final = LEASE_SECONDS / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was last seen of a duty of another process, and since when it has been so."""

    held: DutyHeld
    since: float


class Duties:
    """Take duties, keep them while they are asked for, and give them up at the end."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        *,
        clock: Callable[[], float] = time.monotonic,
        holder: str | None = None,
    ) -> None:
        """Hold duties under a name that no other process has; ``clock`` counts seconds and is never set."""
        self._store = store
        self._now = now
        self._clock = clock
        self._holder = holder or secrets.token_hex(8)
        self._until: dict[str, float] = {}
        self._seen: dict[str, _Seen] = {}

    async def start(self) -> None:
        """Forget holders that cannot be alive."""
        await self._store.write(FreeDuties())

    async def keep(self, name: str) -> bool:
        """Tell whether the duty is this process's for at least half a lease; take or renew it where that is needed.

        Raises:
            StoreUnavailable: That cannot be found out; what is held runs out by itself.

        """
        asked = self._clock()
        if self._until.get(name, asked) - asked > _RENEW_SECONDS:
            return True
        seen = self._seen.get(name)
        stale = seen.held if seen is not None and asked - seen.since >= LEASE_SECONDS else None
        held = await self._store.write(TakeDuty(name=name, holder=self._holder, stale=stale, now=self._now()))
        if held.holder == self._holder:
            # Counted from before the question: others count from after the answer.
            self._until[name] = asked + LEASE_SECONDS
            self._seen.pop(name, None)
            return True
        self._until.pop(name, None)
        if seen is None or seen.held != held:
            self._seen[name] = _Seen(held=held, since=self._clock())
        return False

    def holds(self, name: str) -> bool:
        """Tell whether the duty is this process's now."""
        return self._clock() < self._until.get(name, float("-inf"))

    async def stop(self) -> None:
        """Give up all duties; what was done under them must have ended."""
        self._until.clear()
        await self._store.write(ReleaseDuties(holder=self._holder))
