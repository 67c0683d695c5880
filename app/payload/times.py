"""Read times as carriers write them, and remember how far they can be trusted."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from re import IGNORECASE, fullmatch
from typing import Final
from zoneinfo import ZoneInfo

from app.model import Moment, TimeQuality

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_WIDEST_OFFSET: Final = timedelta(hours=14)


def _aware(text: str, formats: tuple[str, ...]) -> tuple[datetime, bool] | None:
    """Parse a date or time; the flag says whether a time of day was given."""
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern), "%H" in pattern or "%I" in pattern  # noqa: DTZ007 - zoned below
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text), len(text) > len("2026-01-01")
    except ValueError:
        return None


def _epoch(text: str) -> datetime | None:
    """Read seconds (10 digits, with or without a fraction) or milliseconds (13 digits) since 1970."""
    if not fullmatch(r"\d{10}(\.\d+)?|\d{13}", text):
        return None
    milliseconds = len(text) == len("1700000000000") and "." not in text
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text) / (1000 if milliseconds else 1))


def read_offset(text: str) -> tzinfo | None:
    """Read an offset that is sent beside a time: ``-03:00``, ``-0300``, ``-04.00``, ``GMT-3``, ``UTC``; else None."""
    match = fullmatch(r"(?:GMT|UTC)?\s*(?:([+-])(\d{1,2})(?:[:.]?(\d{2}))?)?|Z", text.strip(), IGNORECASE)
    if match is None or not text.strip():
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if offset > _WIDEST_OFFSET:
        return None
    return timezone(-offset if sign == "-" else offset) if offset else UTC


def _place(at: datetime, zone: str | None, *, has_time: bool) -> tuple[datetime, TimeQuality]:
    """Read a wall clock in the zone given, in UTC when there is none."""
    quality = TimeQuality.LOCAL if zone else TimeQuality.UNZONED
    return at.replace(tzinfo=ZoneInfo(zone) if zone else UTC), quality if has_time else TimeQuality.DATE


def read_moment(
    text: str,
    *formats: str,
    zone: str | None = None,
    offset: str | None = None,
    wall_clock: bool = False,
    path: str = "",
) -> Moment | None:
    """Read a time as a carrier wrote it.

    Args:
        text: ISO 8601 in its usual forms, a day, seconds or milliseconds since 1970, or one of ``formats``.
        formats: Further `strptime` patterns, tried first.
        zone: The IANA zone in which a wall clock without offset is to be read.
        offset: An offset that was sent beside the time, see `read_offset`; it goes before the zone.
        wall_clock: The sender is known to label its local wall clock with an offset that is false: drop it.
        path: Where the text stood.

    Returns:
        The moment, or None when the text is no time or outside the years 1990 to 2099 (senders write the year 1 for
        "never").

    """
    epoch = _epoch(text)
    if epoch is not None:
        in_range = _EARLIEST <= epoch < _LATEST
        return Moment(at=epoch, quality=TimeQuality.EPOCH, text=text, path=path) if in_range else None
    parsed = _aware(text, formats)
    if parsed is None or not _EARLIEST <= parsed[0].replace(tzinfo=UTC) < _LATEST:
        return None
    at, has_time = parsed
    if wall_clock:
        at = at.replace(tzinfo=None)
    if at.tzinfo is None and offset and has_time:
        at = at.replace(tzinfo=read_offset(offset))
    if at.tzinfo is None:
        at, quality = _place(at, zone, has_time=has_time)
    else:
        is_utc = not at.utcoffset()
        quality = TimeQuality.UTC if is_utc else TimeQuality.OFFSET
        at = at.replace(tzinfo=UTC) if is_utc else at
    return Moment(at=at, quality=quality, text=text, path=path)
