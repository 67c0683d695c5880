"""What codes mean by the word of operators: read from the store now and then, and at once where it was changed."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from app.model import Milestone
from app.source import Source
from app.store import Store
from app.store.overrides import list_overrides

__all__ = ["Meanings"]

_FRESH: Final = timedelta(seconds=5)
"""How old what is remembered may be: another process may have been told."""


class Meanings:
    """The overrides of all sources, as this process knows them."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Know nothing yet."""
        self._store = store
        self._now = now
        self._known: Mapping[tuple[str, str], Mapping[str, Milestone]] = {}
        self._read_at: datetime | None = None
        self._changes = 0

    def forget(self) -> None:
        """Read anew before the next use: they were changed."""
        self._read_at = None
        self._changes += 1

    @property
    def are_fresh(self) -> bool:
        """Tell whether what is remembered may be gone by."""
        return self._is_fresh(self._now())

    def _is_fresh(self, now: datetime) -> bool:
        return self._read_at is not None and timedelta(0) <= now - self._read_at <= _FRESH

    async def refresh(self) -> None:
        """Read them from the store where what is remembered is too old.

        Raises:
            StoreUnavailable: They cannot be read.

        """
        now = self._now()
        if self._is_fresh(now):
            return
        changes = self._changes
        found = await self._store.read(lambda connection: list_overrides(connection, None))
        known: dict[tuple[str, str], dict[str, Milestone]] = {}
        for each in found:
            known.setdefault((each.owner, each.carrier), {})[each.code] = Milestone(each.milestone)
        self._known = known
        # What was changed while this was read is read again.
        self._read_at = now if changes == self._changes else None

    def of(self, source: Source) -> Mapping[str, Milestone]:
        """Return what single codes of a source mean, as last read; an operator's word goes over the settings."""
        return {**source.milestones, **self._known.get((source.owner, source.adapter.slug), {})}
