"""Processors that several share: what is urgent goes first, everything else in the order in which it came."""

from typing import Final

__all__ = ["HOURS", "Pool"]

HOURS: Final = 25
"""Those of the day, and one for all that comes after."""
_HOUR: Final = 3_600.0


class Pool:
    """So many cores. Nothing waits while a core is free; work that was begun is not put off."""

    __slots__ = ("_all", "_urgent", "cores", "used")

    def __init__(self, cores: float) -> None:
        self.cores = cores
        self.used = [0.0] * HOURS
        """Core seconds by the hour."""
        self._urgent = 0.0
        self._all = 0.0

    def urgent(self, now: float, seconds: float, mass: float) -> float:
        """Do ``mass`` things of so many core seconds each before all that can wait; return when one is done."""
        took = seconds * mass / self.cores
        start = max(now, self._urgent)
        self._urgent = start + took
        self._all = max(self._all, now) + took
        self.used[min(int(now / _HOUR), HOURS - 1)] += seconds * mass
        return start + seconds

    def patient(self, now: float, seconds: float, mass: float) -> float:
        """Do what can wait; return when one is done."""
        start = max(now, self._all)
        self._all = start + seconds * mass / self.cores
        self.used[min(int(now / _HOUR), HOURS - 1)] += seconds * mass
        return start + seconds
