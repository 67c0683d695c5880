"""Whether a series grows: Sen's slope over the medians of blocks, with the interval that ranks give it.

Memory moves in steps and spikes, and one sample resembles the next. So the samples are cut into blocks, of which only
the medians are compared: these resemble each other less, and a spike moves none. The slope is the median of the slopes
between all pairs of blocks (Theil and Sen); its interval holds the slopes that Kendall's test would not reject, and
asks for no distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import sqrt
from statistics import median
from typing import Final

__all__ = ["Trend", "trend"]

BLOCKS: Final = 24
_Z: Final = 1.96
"""For an interval that misses the slope once in twenty times."""
_LEAST_BLOCKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A slope per second with its 95 % interval."""

    slope: float
    low: float
    high: float

    @property
    def grows(self) -> bool:
        """Tell whether the slope can be told from zero, and from a falling one."""
        return self.low > 0


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """Take the trend of values over seconds, oldest first; None where there are too few to say."""
    count = min(BLOCKS, len(points))
    if count < _LEAST_BLOCKS:
        return None
    edges = [len(points) * index // count for index in range(count + 1)]
    blocks = [points[start:end] for start, end in pairwise(edges)]
    middles = [(median(at for at, _ in block), median(value for _, value in block)) for block in blocks]
    slopes = sorted(
        (value_b - value_a) / (at_b - at_a) for (at_a, value_a), (at_b, value_b) in combinations(middles, 2)
    )
    spread = _Z * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low, high = int((len(slopes) - spread) / 2), int((len(slopes) + spread) / 2) + 1
    return Trend(slope=median(slopes), low=slopes[max(0, low)], high=slopes[min(len(slopes) - 1, high)])
