"""Times as VTEX reads and writes them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["event_timestamp", "read_sent_date", "vtex_timestamp"]

# Date alone, or date and time (space or T), up to seven fractional digits, offset optional.
_ISO = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,7}))?"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_RFC_1123 = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT", re.ASCII)


def vtex_timestamp(moment: datetime) -> str:
    """Write a time as VTEX does: UTC, seven fractional digits, ``+00:00``."""
    digits = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{digits}0+00:00"


def event_timestamp(moment: datetime) -> str:
    """Write a time as VTEX's hook and feed do: as elsewhere, but ending in ``Z``."""
    return vtex_timestamp(moment).removesuffix("+00:00") + "Z"


def read_sent_date(text: str) -> datetime:
    """Read a date that a client sent; one without an offset is taken as UTC.

    Raise ``ValueError`` for a text in none of the formats that clients are known to send.
    """
    text = text.strip()
    match = _ISO.fullmatch(text)
    try:
        if match:
            return _from_iso(match)
        if _RFC_1123.fullmatch(text):
            return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a date of the calendar") from error
    message = (
        f"{text!r} is not a date; send yyyy-MM-dd, yyyy-MM-dd HH:mm, ISO 8601 with or without an offset, or RFC 1123"
    )
    raise ValueError(message)


def _from_iso(match: re.Match[str]) -> datetime:
    fraction = (match["fraction"] or "0")[:6].ljust(6, "0")
    time = match["time"] or "00:00"
    if len(time) == len("00:00"):
        time += ":00"
    offset = (match["offset"] or "Z").replace("Z", "+00:00")
    if ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    return datetime.fromisoformat(f"{match['date']}T{time}.{fraction}{offset}").astimezone(UTC)
