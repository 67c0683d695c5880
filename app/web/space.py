"""Whether what comes in can last: there is room on the disk, and the database is where it will be looked for."""

import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from app.errors import StoreUnavailable

__all__ = ["Space"]

_FRESH_SECONDS: Final = 1.0


class Space:
    """Watch the disk under the database; a look is good for a second."""

    def __init__(
        self,
        folder: Path | None,
        wanted: int,
        clock: Callable[[], float] = monotonic,
        *,
        is_in_place: Callable[[], bool] = lambda: True,
    ) -> None:
        """Want so many bytes free where ``folder`` is; None when the database is elsewhere."""
        self._is_in_place = is_in_place
        self._folder = folder
        self._wanted = wanted
        self._clock = clock
        self._looked_at = float("-inf")
        self._problem: str | None = None

    def problem(self) -> str | None:
        """Say what is wrong, None when there is room."""
        if self._folder is None:
            return None
        now = self._clock()
        if now - self._looked_at >= _FRESH_SECONDS:
            self._looked_at = now
            self._problem = self._look(self._folder)
        return self._problem

    def demand(self) -> None:
        """Do nothing when there is room.

        Raises:
            StoreUnavailable: There is none.

        """
        if problem := self.problem():
            raise StoreUnavailable(problem)

    def _look(self, folder: Path) -> str | None:
        if not self._is_in_place():
            return (
                "the database file was deleted or replaced under the relay, which still has all of it open: take "
                "a backup from it before it is stopped"
            )
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return f"the folder of the database cannot be looked at: {error.strerror}"
        if free >= self._wanted:
            return None
        return f"{free} bytes are free where the database is, less than {self._wanted} (min_free_bytes)"
