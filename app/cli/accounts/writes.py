"""What ``accounts learn`` writes to a test order: every request, known before the first of them is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.account import Account
from app.vtex import delivered_date, request_body, row_date

__all__ = ["DATE_FORMS", "DateForm", "Write", "writes"]

_CITY, _STATE = "Campinas", "SP"
_LATE: Final = timedelta(hours=22, minutes=30)
"""Late enough in the evening that most zones' day and UTC's differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateForm:
    """A way of writing a row's date: its key, its name, and what it says."""

    key: str
    name: str

    def write(self, at: datetime) -> str:
        """Write a local time in this form."""
        if self.key == "day":
            return at.strftime("%Y-%m-%d")
        if self.key == "utc":
            return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return at.isoformat(timespec="seconds") if self.key == "offset" else at.strftime("%Y-%m-%d %H:%M")


DATE_FORMS: Final = (
    DateForm(key="day", name="yyyy-MM-dd"),
    DateForm(key="offset", name="ISO 8601 with offset"),
    DateForm(key="utc", name="ISO 8601 with Z"),
    DateForm(key="minute", name="yyyy-MM-dd HH:mm"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One PUT of the experiment.

    Args:
        key: What it is called when conclusions are drawn.
        title: What it is for, in a few words.
        words: The description of its one row, by which that is found again.
        body: The request.
        at: The moment that its row's date means, None where that does not matter.
        is_needed: Whether nothing can be concluded when VTEX refuses it.
        must_be_shown: Whether nothing can be concluded when VTEX takes it and does not show it.

    """

    key: str
    title: str
    words: str
    body: Mapping[str, Any]
    at: datetime | None = None
    is_needed: bool = True
    must_be_shown: bool = False


def writes(account: Account, now: datetime) -> tuple[Write, ...]:
    """Make all requests, with rows that no earlier run wrote."""
    mark = now.astimezone(account.timezone).strftime("%Y%m%d-%H%M%S")
    a, b = (f"carrier-relay test {letter} {mark}" for letter in "AB")
    first = _body(a, row_date(now - timedelta(hours=2), account, now=now))
    second = _body(b, row_date(now - timedelta(hours=1), account, now=now))
    return (
        Write(key="a", title="a row A", words=a, body=first, must_be_shown=True),
        Write(key="b", title="another row B, alone", words=b, body=second, must_be_shown=True),
        Write(key="a-again", title="row A again, alone", words=a, body=first),
        Write(key="identical", title="the very same request once more", words=a, body=first),
        *_dated(account, now, mark),
        *_delivered(account, now, mark),
    )


def _dated(account: Account, now: datetime, mark: str) -> Sequence[Write]:
    """Write one moment in every form."""
    local = now.astimezone(account.timezone)
    at = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2) + _LATE
    made = []
    for form in DATE_FORMS:
        words = f"carrier-relay test date {form.key} {mark}"
        body = _body(words, form.write(at))
        title = f"a date as {form.name}: {form.write(at)}"
        made.append(Write(key=f"date-{form.key}", title=title, words=words, body=body, at=at, is_needed=False))
    return made


def _delivered(account: Account, now: datetime, mark: str) -> Sequence[Write]:
    date = row_date(now, account, now=now)
    done, undone = (f"carrier-relay test {word} {mark}" for word in ("delivered", "undelivered"))
    at = now.astimezone(account.timezone).replace(second=0, microsecond=0)
    delivered = delivered_date(now, account, now=now)
    return (
        Write(key="delivered", title="isDelivered true", words=done, body=_body(done, date, delivered), at=at),
        Write(key="undelivered", title="isDelivered false after it", words=undone, body=_body(undone, date)),
    )


def _body(words: str, date: str, delivered: str | None = None) -> Mapping[str, Any]:
    return request_body([(_CITY, _STATE, words, date)], delivered)
