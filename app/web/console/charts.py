"""Charts, drawn by the server: columns stacked by kind and lines, as numbers that a template writes into SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import ceil, log
from typing import Final

__all__ = ["Bar", "Chart", "LineChart", "columns", "hourly", "lines"]

_WIDTH: Final = 720
_HEIGHT: Final = 120
_GAP: Final = 0.25
_LEAST: Final = 2.0
_ROUND: Final = (1, 2, 3, 4, 5, 6, 8, 10)
# Lengths of time grow by factors, so their axis does: from a tenth of a second to one of these.
_SHORTEST: Final = 0.1
_TOPS: Final = (1.0, 10.0, 60.0, 600.0, 3600.0, 36_000.0, 86_400.0)

Counts = Mapping[str, int]
Seconds = Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of a column."""

    kind: str
    since: datetime
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns, what they stand for, and the same as a table for whoever does not see them; newest first there."""

    width: int
    height: int
    kinds: tuple[str, ...]
    bars: tuple[Bar, ...]
    starts: tuple[datetime, ...]
    step: timedelta
    rows: tuple[tuple[datetime, tuple[int, ...]], ...]
    totals: Mapping[str, int]
    top: int

    @property
    def total(self) -> int:
        """Return the sum of everything."""
        return sum(self.totals.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Lines of lengths of time, each as the paths of its unbroken pieces."""

    width: int
    height: int
    kinds: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    starts: tuple[datetime, ...]
    step: timedelta
    rows: tuple[tuple[datetime, tuple[float | None, ...]], ...]
    ticks: tuple[float, float, float]


def hourly(counts: Iterable[tuple[datetime, str, int]], kinds: Sequence[str], since: datetime, hours: int) -> Chart:
    """Stack counts of some kinds in one column for each hour; what is of other kinds is left out."""
    spans: dict[datetime, dict[str, int]] = {since + timedelta(hours=index): {} for index in range(hours)}
    for hour, kind, count in counts:
        if hour in spans:
            spans[hour][kind] = spans[hour].get(kind, 0) + count
    return columns(list(spans.items()), kinds, timedelta(hours=1))


def columns(spans: Sequence[tuple[datetime, Counts]], kinds: Sequence[str], step: timedelta) -> Chart:
    """Stack the counts of some kinds in one column for each span."""
    stacked = [(since, {kind: counts.get(kind, 0) for kind in kinds}) for since, counts in spans]
    top = _rounded(max((sum(column.values()) for _, column in stacked), default=0))
    return Chart(
        width=_WIDTH,
        height=_HEIGHT,
        kinds=tuple(kinds),
        bars=tuple(_bars(stacked, top)),
        starts=tuple(since for since, _ in stacked),
        step=step,
        rows=tuple((since, tuple(column.values())) for since, column in reversed(stacked)),
        totals={kind: sum(column[kind] for _, column in stacked) for kind in kinds},
        top=top,
    )


def _rounded(count: int) -> int:
    """Return the least round number that is no less, and can be halved."""
    if count <= 2:  # noqa: PLR2004 - an axis ends with two at least
        return 2
    digit: int = 10 ** (len(str(count)) - 1)
    return next(factor * digit for factor in _ROUND if factor * digit >= count and factor * digit % 2 == 0)


def _bars(stacked: Sequence[tuple[datetime, Counts]], top: int) -> Iterable[Bar]:
    step = _WIDTH / max(1, len(stacked))
    for index, (since, column) in enumerate(stacked):
        foot = float(_HEIGHT)
        for kind, count in column.items():
            if not count:
                continue
            height = max(_LEAST, count / top * _HEIGHT)
            # Pieces that are drawn higher than they are must not push their column out of the picture.
            foot = max(foot, height)
            yield Bar(
                kind=kind,
                since=since,
                count=count,
                x=round(index * step + step * _GAP / 2, 2),
                y=round(foot - height, 2),
                width=round(step * (1 - _GAP), 2),
                height=round(height, 2),
            )
            foot -= height


def lines(spans: Sequence[tuple[datetime, Seconds]], kinds: Sequence[str], step: timedelta) -> LineChart:
    """Draw one line for each kind; where a span has no value the line is broken."""
    longest = max((value for _, values in spans for value in values.values() if value is not None), default=0.0)
    top = next((each for each in _TOPS if each >= longest), float(ceil(longest)))
    return LineChart(
        width=_WIDTH,
        height=_HEIGHT,
        kinds=tuple(kinds),
        paths=tuple((kind, path) for kind in kinds for path in _paths([values[kind] for _, values in spans], top)),
        starts=tuple(since for since, _ in spans),
        step=step,
        rows=tuple((since, tuple(values[kind] for kind in kinds)) for since, values in reversed(spans)),
        ticks=(top, (_SHORTEST * top) ** 0.5, _SHORTEST),
    )


def _paths(values: Sequence[float | None], top: float) -> Iterable[str]:
    step = _WIDTH / max(1, len(values))
    for has_value, piece in groupby(enumerate(values), key=lambda each: each[1] is not None):
        if not has_value:
            continue
        points = [f"{(index + 0.5) * step:.2f} {_height_of(value or 0.0, top):.2f}" for index, value in piece]
        # A single point is a line of no length, whose round ends can be seen.
        yield f"M{' L'.join(points)}" if len(points) > 1 else f"M{points[0]} h0"


def _height_of(seconds: float, top: float) -> float:
    share = log(max(_SHORTEST, seconds) / _SHORTEST) / log(top / _SHORTEST)
    return _HEIGHT - min(1.0, share) * (_HEIGHT - 2) - 1
