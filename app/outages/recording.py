"""Write down when this process can take webhooks, and which sources it turns away.

What happens while the store is gone is kept in memory, and written when it is back; what happens to a process that ends
meanwhile is seen from its last sign of life.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.errors import StoreUnavailable
from app.source import Source
from app.store import NoteOutages, Presence, Store, TurnedAway

__all__ = ["EVERY_SECONDS", "SILENT", "Outages"]

EVERY_SECONDS: Final = 15.0
"""How often a process says that it is there: a gap whose process vanished may seem so much longer than it was."""
SILENT: Final = timedelta(seconds=3 * EVERY_SECONDS)
"""Of a process that was not seen for so long nobody knows whether it was there."""
_APART: Final = timedelta(hours=1)
"""Refusals of a source that are closer together than this are one row."""


@dataclass(slots=True)
class _Run:
    """Requests of a source that were turned away one after the other, with what was taken since the latest."""

    row: TurnedAway
    taken_since: int = 0
    is_new: bool = True


class Outages:
    """What one process knows of its own outages; all of it is called on one event loop."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Keep what happens in ``store``."""
        self._store = store
        self._now = now
        self._presence: Presence | None = None
        self._ended: list[Presence] = []
        self._runs: dict[tuple[str, str, str], _Run] = {}
        self._left: list[TurnedAway] = []

    async def arrive(self) -> None:
        """Note that webhooks are taken from now on, and write it down if the store takes it."""
        now = self._now()
        self._presence = Presence(id=self._store.ids.next(), since=now, until=now)
        await self._write()

    def leave(self) -> None:
        """Note that no more are taken; `close` writes it down."""
        if self._presence is not None:
            self._end("stopped", until=max(self._now(), self._presence.until))

    def taken(self, source: Source) -> None:
        """Note that a webhook was taken; it costs nothing unless one of the source was turned away."""
        if not self._runs:
            return
        for kind in ("refused", "failed"):
            run = self._runs.get((source.owner, source.adapter.slug, kind))
            if run is not None:
                run.taken_since += 1
                if not run.row.is_over:
                    run.row, run.is_new = replace(run.row, is_over=True), True

    def refused(self, source: Source, cause: str) -> None:
        """Note that a request was refused, by the slug of its problem."""
        self._turn_away(source, "refused", cause)

    def failed(self, source: Source, cause: str) -> None:
        """Note that a request was answered 503, by the slug of its problem or in another word of a closed set."""
        self._turn_away(source, "failed", cause)

    def _turn_away(self, source: Source, kind: str, cause: str) -> None:
        now, key = self._now(), (source.owner, source.adapter.slug, kind)
        run = self._runs.get(key)
        if run is not None and now - run.row.until < _APART:
            row = run.row
            taken = row.taken + run.taken_since
            run.row = replace(
                row, cause=cause, until=max(now, row.until), count=row.count + 1, taken=taken, is_over=False
            )
            run.taken_since, run.is_new = 0, True
            return
        if run is not None and run.is_new:
            self._left.append(run.row)
        row = TurnedAway(
            id=self._store.ids.next(),
            owner=source.owner,
            carrier=source.adapter.slug,
            kind=kind,
            cause=cause,
            since=now,
            until=now,
            count=1,
        )
        self._runs[key] = _Run(row)

    async def run(self) -> None:
        """Write down now and then, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.step()

    async def step(self) -> None:
        """Be seen, and write down what is new; what the store does not take now is written later."""
        now = self._now()
        if self._presence is not None:
            if now - self._presence.until >= SILENT:
                # The machine slept, or the process was held: nobody was there in between.
                self._end("suspended", until=self._presence.until)
                self._presence = Presence(id=self._store.ids.next(), since=now, until=now)
            self._presence = replace(self._presence, until=max(now, self._presence.until))
        await self._write()

    async def close(self) -> None:
        """Write down what is left, if the store takes it."""
        await self._write()

    def _end(self, why: str, *, until: datetime) -> None:
        assert self._presence is not None  # noqa: S101 - both callers looked
        self._ended.append(replace(self._presence, until=until, ended=why))
        self._presence = None

    async def _write(self) -> None:
        ended, left = list(self._ended), list(self._left)
        new = [run for run in self._runs.values() if run.is_new]
        rows = [run.row for run in new]
        presences = [*ended, *([self._presence] if self._presence else [])]
        if not (presences or left or rows):
            return
        try:
            await self._store.write(NoteOutages(presences=presences, turned_away=[*left, *rows]))
        except StoreUnavailable:
            return
        del self._ended[: len(ended)], self._left[: len(left)]
        for run, row in zip(new, rows, strict=True):
            if run.row == row:
                run.is_new = False
