"""What becomes of planned work when the clock is set: a rest, and what is late by a clock set back is planned anew."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from app.calling import Destination
from app.clock import TOLERATED, ClockWatch
from app.store import SetBack, Store, latest_arrival
from app.telemetry import log_event

__all__ = ["Resting"]

logger = logging.getLogger(__name__)

_NONE: Final = timedelta(0)
_LATE_PLANS: Final = timedelta(seconds=30)
"""How long it takes at most until somebody who has looked at the clock has stored what was planned by it."""


class Resting:
    """Say for how long nothing may be claimed.

    When the clock is set, leases end too early, and so do waits for reads: whatever is in flight is waited out, as at a
    start. When it is set back, all that was planned would be late by as much. It is moved, where one process owns the
    database: where several share it, they go by its clock.
    """

    def __init__(self, store: Store, destinations: Mapping[str, Destination], watch: ClockWatch) -> None:
        """Watch the clock for a forwarder."""
        self._store = store
        self._destinations = destinations
        self._watch = watch
        self._lease = max((each.lease.total_seconds() for each in destinations.values()), default=0.0)
        self._noticed_at = float("-inf")
        self._to_move = _NONE
        self._late = _NONE
        self._has_begun = False

    async def seconds(self, now: datetime) -> float:
        """Look at the clock, which shows ``now``, and return for how long to rest."""
        if not self._has_begun and not self._store.is_shared:
            # It may have been set back while no process ran.
            came = await self._store.read(latest_arrival)
            if came is not None and came - now > TOLERATED:
                self._notice(now - came)
        self._has_begun = True
        for by in self._watch.look():
            self._notice(by)
        if self._to_move and not self._store.is_shared:
            await self._move(self._to_move, after=now)
            for destination in self._destinations.values():
                destination.gate.set_back(self._to_move)
        self._to_move = _NONE
        rested = self._watch.steady() - self._noticed_at
        if rested < self._lease:
            return self._lease - rested
        if self._late and not self._store.is_shared:
            # Who had looked at the clock just before it was set may have stored what was planned by it just after.
            planned_before = now + self._late - timedelta(seconds=rested) - _LATE_PLANS
            await self._move(self._late, after=max(now, planned_before))
        self._late = _NONE
        return 0.0

    def is_over(self) -> bool:
        """Tell whether something may be claimed now, by what the last look found and what the clock shows."""
        waits = self._to_move or self._late or not self._has_begun
        return not waits and self._watch.is_kept() and self._watch.steady() - self._noticed_at >= self._lease

    def _notice(self, by: timedelta) -> None:
        self._noticed_at = self._watch.steady()
        self._late = max(_NONE, self._late - by)
        self._to_move += max(_NONE, -by)
        log_event(
            logger,
            "clock.set",
            level=logging.WARNING,
            seconds=round(by.total_seconds()),
            detail=f"nothing is sent for {self._lease:g} s; compare the clock with others",
        )

    async def _move(self, by: timedelta, *, after: datetime) -> None:
        moved = await self._store.write(SetBack(by=by, after=after))
        if moved:
            log_event(
                logger, "clock.plans-moved", level=logging.WARNING, seconds=round(by.total_seconds()), moved=moved
            )
