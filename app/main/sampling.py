"""What the gauges show: the backlog, looked up now and then, and what the process knows of itself."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from app.errors import RelayError
from app.store import Store
from app.store.hooks import hook_states
from app.store.match_counts import match_rates
from app.store.queries import AccountState, accounts_not_open
from app.store.queries.backlog import waiting
from app.telemetry import Backlog, Vitals

__all__ = ["Sampler", "vitals"]

_EVERY_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    backlog: Backlog
    taken_at: datetime


class Sampler:
    """Look at the backlog now and then: a scrape must not count rows."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Look into ``store``."""
        self._store = store
        self._now = now
        self._sample: _Sample | None = None

    async def run(self) -> None:
        """Look until cancelled. A look that fails leaves what was seen before, whose age then tells."""
        while True:
            with contextlib.suppress(RelayError):
                await self.look()
            await asyncio.sleep(_EVERY_SECONDS)

    async def look(self) -> None:
        """Look once."""
        found = await self._store.read(lambda connection: waiting(connection, self._now()))
        counted = await self._store.read(match_rates)
        resting = await self._store.read(accounts_not_open)
        hooks = await self._store.read(hook_states)
        now = self._now()
        oldest = max(0.0, (now - found.oldest_due_at).total_seconds()) if found.oldest_due_at else 0.0
        backlog = Backlog(
            shipments_due=found.shipments_due,
            parked=found.parked,
            dead=found.dead,
            oldest_due_seconds=oldest,
            orders_due=found.orders_due,
            resting=_states(resting, now),
            hooks=hooks,
            matches={
                f"{count.owner}/{count.carrier}": (count.subjects, count.placed_within_hour, count.placed)
                for count in counted
            },
        )
        self._sample = _Sample(backlog=backlog, taken_at=now)

    def backlog(self) -> Backlog | None:
        """Return what was seen last, with its age; None before the first look."""
        if self._sample is None:
            return None
        age = (self._now() - self._sample.taken_at).total_seconds()
        return replace(self._sample.backlog, age_seconds=max(0.0, age))


def _states(resting: tuple[AccountState, ...], now: datetime) -> Mapping[str, str]:
    """Name the states; a pause that is over is none, though nobody has called since."""
    return {
        account.account: account.state
        for account in resting
        if not (account.state == "paused" and account.until is not None and account.until <= now)
    }


def vitals(
    now: Callable[[], datetime], heartbeat: Callable[[], datetime | None], data_folder: Path | None
) -> Callable[[], Vitals]:
    """Return what looks at the process: its clock, its workers' last sign of life, and the disk under its database."""

    def look() -> Vitals:
        time, beat = now(), heartbeat()
        return Vitals(
            time_seconds=time.timestamp(),
            worker_silent_seconds=None if beat is None else max(0.0, (time - beat).total_seconds()),
            disk_free_bytes=_free(data_folder),
        )

    return look


def _free(folder: Path | None) -> int | None:
    try:
        return None if folder is None else shutil.disk_usage(folder).free
    except OSError:
        # `/readyz` says what is wrong; an absent value is an alert as well.
        return None
