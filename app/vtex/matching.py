"""Tell which rows of a VTEX timeline are ours, although VTEX may re-write dates, reorder rows and trim text."""

import unicodedata
from collections.abc import Hashable, Sequence
from datetime import UTC, timedelta
from typing import Final, TypeVar

from app.model import Moment
from app.payload import read_moment
from app.personal import BLANK
from app.vtex.orders import TimelineRow

__all__ = ["match_rows", "remembered_row", "shows_moment"]

Key = TypeVar("Key", bound=Hashable)
_SAME_MOMENT: Final = timedelta(seconds=1)
_DAY: Final = len("2026-01-01")
_COMPARED: Final = 200
"""How much of a description is compared: longer ones may come back cut."""
_LEAST_LEFT: Final = 4
"""How many letters and digits of it must be there, beside its blanks, to tell it from others."""


def remembered_row(city: str, state: str, description: str, date: str) -> TimelineRow:
    """Take a row as VTEX showed it once, of whose times only one was kept, for one that it shows."""
    return TimelineRow(
        city=city, state=state, description=description, date=date, changed=read_moment(date), created=None
    )


def _text(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def match_rows(
    ours: Sequence[tuple[Key, tuple[str, str, str, str]]], theirs: Sequence[TimelineRow]
) -> tuple[dict[Key, TimelineRow], list[TimelineRow]]:
    """Pair our rows, as ``(city, state, description, date)``, with VTEX's.

    Each of VTEX's rows explains at most one of ours. Rows are paired by the time that VTEX shows first, and only what
    is left over by the time that it says they were made at; last come rows of ours with blanks, which fit anything
    that stands there.

    Returns:
        VTEX's row for each of ours that it holds, and the rows that are nobody's of ours.

    """
    left = list(theirs)
    found: dict[Key, TimelineRow] = {}
    # A day alone fits every row of that day, so it takes what the others leave.
    exact_first = sorted(ours, key=lambda pair: len(pair[1][3]) == _DAY)
    for says in (_says_the_same, _says_more):
        for same in (shows_moment, _was_created_at):
            for key, row in exact_first:
                if key in found:
                    continue
                twins = (other for other in left if says(row, other) and same(row[3], other))
                if (twin := next(twins, None)) is not None:
                    found[key] = twin
                    left.remove(twin)
    return found, left


def _says_the_same(ours: tuple[str, str, str, str], theirs: TimelineRow) -> bool:
    return _is_there(ours, theirs) and _text(ours[2])[:_COMPARED] == _text(theirs.description)[:_COMPARED]


def _says_more(ours: tuple[str, str, str, str], theirs: TimelineRow) -> bool:
    """Tell whether a row says what ours does, and anything where ours has a blank.

    A row that was sent before its words were read with that blank is still the same row.
    """
    if BLANK not in ours[2] or not _is_there(ours, theirs):
        return False
    words, told = _text(ours[2]), _text(theirs.description)
    first, *others = words[:_COMPARED].split(BLANK)
    if not others or sum(map(str.isalnum, words[:_COMPARED])) < _LEAST_LEFT or not told.startswith(first):
        return False
    at = len(first)
    for part in others[:-1]:
        if (found := told.find(part, at + 1)) < 0:
            return False
        at = found + len(part)
    if len(words) > _COMPARED:
        return told.find(others[-1], at + 1) >= 0
    return told.endswith(others[-1]) and len(told) - len(others[-1]) > at


def _is_there(ours: tuple[str, str, str, str], theirs: TimelineRow) -> bool:
    pairs = ((ours[0], theirs.city), (ours[1], theirs.state))
    return all(_text(left)[:_COMPARED] == _text(right)[:_COMPARED] for left, right in pairs)


def shows_moment(date: str, row: TimelineRow) -> bool:
    """Tell whether a row of VTEX's shows the moment that a date of ours means."""
    return row.date == date or _is_same(date, row.changed)


def _was_created_at(date: str, row: TimelineRow) -> bool:
    """Compare with the other time, which may be that of the call: only a time of day makes that no coincidence."""
    return len(date) > _DAY and _is_same(date, row.created)


def _is_same(date: str, theirs: Moment | None) -> bool:
    ours = read_moment(date)
    if ours is None or theirs is None:
        return False
    if len(date) == _DAY:
        # A day may come back as its midnight in any zone.
        return date in {theirs.at.strftime("%Y-%m-%d"), theirs.at.astimezone(UTC).strftime("%Y-%m-%d")}
    if theirs.zone_is_assumed:
        return abs(theirs.at.replace(tzinfo=None) - ours.at.replace(tzinfo=None)) < _SAME_MOMENT
    return abs(theirs.at - ours.at) < _SAME_MOMENT
