"""Charts, drawn by the server: bars for hours, stacked by kind, as numbers that a template writes into SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

__all__ = ["Bar", "Chart", "hourly"]

_WIDTH: Final = 720
_HEIGHT: Final = 120
_GAP: Final = 0.25
_LEAST: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One piece of a column."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns, what they stand for, and the same as a table for whoever does not see them."""

    width: int
    height: int
    kinds: tuple[str, ...]
    bars: tuple[Bar, ...]
    hours: tuple[datetime, ...]
    rows: tuple[tuple[datetime, tuple[int, ...]], ...]
    totals: Mapping[str, int]
    top: int

    @property
    def total(self) -> int:
        """Return the sum of everything."""
        return sum(self.totals.values())


def hourly(counts: Iterable[tuple[datetime, str, int]], kinds: Sequence[str], since: datetime, hours: int) -> Chart:
    """Stack counts of some kinds in one column for each hour; what is of other kinds is left out."""
    columns = {since + timedelta(hours=index): dict.fromkeys(kinds, 0) for index in range(hours)}
    for hour, kind, count in counts:
        if hour in columns and kind in columns[hour]:
            columns[hour][kind] += count
    top = max((sum(column.values()) for column in columns.values()), default=0)
    return Chart(
        width=_WIDTH,
        height=_HEIGHT,
        kinds=tuple(kinds),
        bars=tuple(_bars(list(columns.values()), top)),
        hours=tuple(columns),
        rows=tuple((hour, tuple(column.values())) for hour, column in reversed(columns.items())),
        totals={kind: sum(column[kind] for column in columns.values()) for kind in kinds},
        top=top,
    )


def _bars(columns: Sequence[Mapping[str, int]], top: int) -> Iterable[Bar]:
    step = _WIDTH / max(1, len(columns))
    for index, column in enumerate(columns):
        foot = float(_HEIGHT)
        for kind, count in column.items():
            if not count:
                continue
            height = max(_LEAST, count / top * _HEIGHT)
            # Pieces that are drawn higher than they are must not push their column out of the picture.
            foot = max(foot, height)
            yield Bar(
                kind=kind,
                x=round(index * step + step * _GAP / 2, 2),
                y=round(foot - height, 2),
                width=round(step * (1 - _GAP), 2),
                height=round(height, 2),
            )
            foot -= height
