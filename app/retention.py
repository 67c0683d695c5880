"""Retention: one process among all deletes what is old, a little at a time, and gives the space back."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from app.duties import Duties
from app.store import RETENTION_KINDS, DropExpired, GiveBack, Retention, Retire, Store, candidates, free_pages
from app.telemetry import Metrics, log_event
from app.worker import Worker

__all__ = ["Retiring"]

logger = logging.getLogger(__name__)

_STANDBY_SECONDS: Final = 5.0
_EVERY: Final = timedelta(hours=1)
_LOOKED_AT: Final = 500
_DELETED: Final = 50
"""So few go in one transaction: webhooks wait behind it. One shipment may have hundreds of rows."""
_PAGES: Final = 200
_FREE_PAGES: Final = 2000
"""So many free pages stay for what comes next: 8 MB."""


class Retiring(Worker):
    """The one who deletes what is old, among all processes."""

    def __init__(
        self, store: Store, duties: Duties, retention: Retention, metrics: Metrics, *, now: Callable[[], datetime]
    ) -> None:
        """Delete by ``retention``."""
        super().__init__("retention", now)
        self._store = store
        self._duties = duties
        self._retention = retention
        self._metrics = metrics
        self._now = now
        self._not_before = now()
        self._kinds = list(RETENTION_KINDS)
        self._after = 0
        self._deleted: Counter[str] = Counter()

    async def step(self) -> float:
        """Delete a few rows, if some are old; return how long to rest."""
        now = self._now()
        if now < self._not_before:
            return (self._not_before - now).total_seconds()
        if not await self._duties.keep("retention"):
            return _STANDBY_SECONDS
        if self._kinds:
            await self._retire(self._kinds[0], now)
            return 0.0
        if await self._expire(now) or await self._give_back():
            return 0.0
        await self._finish(now)
        return _STANDBY_SECONDS

    async def _retire(self, kind: str, now: datetime) -> None:
        """Look at some rows of a kind, and delete those that may go."""
        after = self._after
        found = await self._store.read(
            lambda connection: candidates(connection, kind, self._retention, now, after=after, limit=_LOOKED_AT)
        )
        if not after:
            age = (now - found.oldest).total_seconds() if found.oldest else 0.0
            self._metrics.oldest(kind, max(0.0, age))
        for start in range(0, len(found.ids), _DELETED):
            retire = Retire(kind=kind, ids=found.ids[start : start + _DELETED], retention=self._retention, now=now)
            self._count(await self._store.write(retire))
        self._after = found.after
        if not found.after:
            self._kinds.pop(0)

    async def _expire(self, now: datetime) -> bool:
        """Delete some of what has a day of its own; tell whether there was any."""
        gone = await self._store.write(DropExpired(retention=self._retention, now=now, limit=_LOOKED_AT))
        self._count(gone)
        return bool(gone)

    async def _give_back(self) -> bool:
        """Give some space back; tell whether there is more."""
        if await self._store.read(free_pages) <= _FREE_PAGES:
            return False
        return await self._store.write(GiveBack(pages=_PAGES)) > _FREE_PAGES

    async def _finish(self, now: datetime) -> None:
        """End a pass: everything was looked at once."""
        if self._deleted:
            await self._store.truncate_log()
            log_event(logger, "retention.deleted", rows=dict(sorted(self._deleted.items())))
        self._deleted.clear()
        self._kinds = list(RETENTION_KINDS)
        self._not_before = now + _EVERY

    def _count(self, gone: Mapping[str, int]) -> None:
        for table, count in gone.items():
            self._deleted[table] += count
            self._metrics.deleted(table, count)
