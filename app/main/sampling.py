"""What the gauges show: the backlog, looked up now and then, and what the process knows of itself."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from app.errors import RelayError
from app.rhythm import rhythm_of
from app.source import Sources
from app.store import Store
from app.store.arrivals import NoteSecrets, arrivals
from app.store.hooks import hook_states
from app.store.match_counts import match_rates
from app.store.queries import AccountState, accounts_not_open, count_quiet
from app.store.queries.backlog import waiting
from app.store.tallies import hour_of
from app.telemetry import Backlog, Vitals

__all__ = ["Sampler", "vitals"]

_EVERY_SECONDS: Final = 15.0
_SILENCE_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    backlog: Backlog
    taken_at: datetime


class Sampler:
    """Look at the backlog now and then: a scrape must not count rows."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], sources: Sources, accounts: Sequence[str], quiet: timedelta
    ) -> None:
        """Look into ``store``; a shipment is quiet that was not heard of for ``quiet``."""
        self._store = store
        self._now = now
        self._sources = sources
        self._accounts = sorted(accounts)
        self._silence = quiet
        self._silent: tuple[Mapping[str, bool], Mapping[str, int]] = ({}, {})
        self._silent_at: datetime | None = None
        self._sample: _Sample | None = None

    async def run(self) -> None:
        """Look until cancelled. A look that fails leaves what was seen before, whose age then tells."""
        is_noted = False
        while True:
            with contextlib.suppress(RelayError):
                if not is_noted:
                    await self.note_secrets()
                    is_noted = True
                await self.look()
            await asyncio.sleep(_EVERY_SECONDS)

    async def look(self) -> None:
        """Look once."""
        found = await self._store.read(lambda connection: waiting(connection, self._now()))
        counted = await self._store.read(match_rates)
        resting = await self._store.read(accounts_not_open)
        hooks = await self._store.read(hook_states)
        now = self._now()
        if self._silent_at is None or now - self._silent_at >= _SILENCE_EVERY:
            self._silent, self._silent_at = await self._silences(now), now
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
            quiet_sources=self._silent[0],
            quiet_shipments=self._silent[1],
        )
        self._sample = _Sample(backlog=backlog, taken_at=now)

    async def _silences(self, now: datetime) -> tuple[Mapping[str, bool], Mapping[str, int]]:
        """Find out which sources are unusually silent, and how many shipments nothing is heard of."""
        names = {(source.owner, source.adapter.slug): source.name for source in self._sources}
        came = await self._store.read(lambda connection: arrivals(connection, list(names), now))
        told = {names[key]: rhythm_of(found.hours, hour_of(now)).state for key, found in came.items()}
        before = now - self._silence
        counted = await self._store.read(lambda connection: count_quiet(connection, self._accounts, before))
        return (
            {name: state == "quiet" for name, state in told.items() if state != "unknown"},
            {each.account: each.count for each in counted},
        )

    async def note_secrets(self) -> None:
        """Remember since when the relay has been configured with each secret."""
        marks = await asyncio.to_thread(
            lambda: tuple(
                (source.owner, source.adapter.slug, mark) for source in self._sources for mark in source.marks
            )
        )
        await self._store.write(NoteSecrets(marks=marks, now=self._now()))

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
