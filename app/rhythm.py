"""How a source usually speaks, from the hours in which it did, and from when on its silence is unusual. Pure.

Hours count by how often the source speaks in them: of a source that is silent at night and on Sundays those hours
count nothing, so that its silence is measured in hours in which it would have been heard. Measured so, a silence is
unusual when it is more than two and a half times as long as all but the longest of those that were followed by a word.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

__all__ = ["LOOKS_BACK", "Rhythm", "rhythm_of"]

LOOKS_BACK: Final = 5 * 168
"""How many hours before a source's last word are looked at: five weeks."""
_WEEK: Final = 168
_FEWEST_HOURS: Final = 24
_SHORTEST: Final = 72
_WEEKLY_FROM: Final = 3 * _WEEK
_LEAST_SILENCE: Final = 3.0
_TIMES: Final = 2.5
_FORGOTTEN: Final = 10 * _WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is known of how a source speaks.

    ``unknown`` while too little was heard to tell, ``steady``, or ``quiet``. ``unusual_from`` is the hour from which on
    its silence is unusual, counted from 1970; None while that cannot be told.
    """

    state: Literal["unknown", "steady", "quiet"]
    unusual_from: int | None = None


def rhythm_of(heard: Collection[int], now: int) -> Rhythm:
    """Tell how a source speaks by the hours in which it was heard; ``now`` is the hour that is not over yet.

    Nothing is concluded of a source that is new or rare.
    """
    if not heard:
        return Rhythm(state="unknown")
    last = max(heard)
    hours = sorted(hour for hour in set(heard) if last - LOOKS_BACK < hour <= last)
    span = last - hours[0] + 1
    if len(hours) < _FEWEST_HOURS or span < _SHORTEST:
        return Rhythm(state="unknown")
    shares = _shares(hours, span)
    # One long silence in the past was an outage, and is not taken for its way of speaking.
    silences = sorted(_silences(hours, shares))
    longest = silences[-2] if len(silences) > 1 else 0.0
    bearable, waited = max(_LEAST_SILENCE, _TIMES * longest), 0.0
    for hour in range(last + 1, last + _FORGOTTEN):
        waited += shares[hour % _WEEK]
        if waited > bearable:
            # That hour must be over before anything is missed in it.
            return Rhythm(state="quiet" if now > hour else "steady", unusual_from=hour + 1)
    return Rhythm(state="unknown")


def _shares(hours: list[int], span: int) -> list[float]:
    """Say of each hour of the week how often it was spoken in: of all hours alike until some weeks are known."""
    if span < _WEEKLY_FROM:
        return [len(hours) / span] * _WEEK
    seen, spoken = [0] * _WEEK, [0] * _WEEK
    for hour in range(hours[0], hours[-1] + 1):
        seen[hour % _WEEK] += 1
    for hour in hours:
        spoken[hour % _WEEK] += 1
    # With its neighbours, since a few weeks say little of a single hour.
    near = [[(hour + by) % _WEEK for by in (-1, 0, 1)] for hour in range(_WEEK)]
    return [sum(spoken[hour] for hour in three) / max(1, sum(seen[hour] for hour in three)) for three in near]


def _silences(hours: list[int], shares: list[float]) -> list[float]:
    """Measure every silence between two words."""
    return [sum(shares[hour % _WEEK] for hour in range(before + 1, after)) for before, after in pairwise(hours)]
