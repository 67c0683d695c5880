"""What an experiment tells of a VTEX account. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from app.account import Account
from app.cli.accounts.experiment import Step
from app.cli.accounts.writes import DATE_FORMS, DateForm
from app.model import Moment
from app.payload import read_moment
from app.vtex import TimelineRow

__all__ = ["Conclusions", "DateShown", "conclude"]

_SAME: Final = timedelta(seconds=1)
_CREATED: Final = " in createDate"
_KEPT: Final = frozenset({"kept", f"kept{_CREATED}"})
_NOTHING: Final = frozenset({"refused", "not shown", "another time"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DateShown:
    """What became of a date that was sent in one form; ``reading`` says it in words, ``kept`` for the same moment."""

    form: DateForm
    sent: str
    answer: str
    changed: str
    created: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusions:
    """What was found out.

    Args:
        storage: ``append``, ``merge``, ``replace``, or None.
        verdict: What that means for sending: ``delta``, ``full``, or None.
        identical: What the very same request once more did, in words.
        dates: What became of each form of dates.
        date_field: Which of a row's two times shows the date that was sent, None when neither does.
        zone: In which offset VTEX shows times, None when it shows none.
        delivery: What became of isDelivered, in words.
        slowest: How long the slowest write took to be shown, None when none was shown.
        settings: The settings that follow, as ``(name, value, why)``.

    """

    storage: str | None
    verdict: str | None
    identical: str | None
    dates: tuple[DateShown, ...]
    date_field: str | None
    zone: str | None
    delivery: tuple[str, ...]
    slowest: timedelta | None
    settings: tuple[tuple[str, str, str], ...]


def conclude(steps: Sequence[Step], account: Account) -> Conclusions:
    """Draw the conclusions of what was done; what was not done leaves its part open."""
    made = {step.write.key: step for step in steps}
    storage = _storage(made)
    verdict = None if storage is None else ("full" if storage == "replace" else "delta")
    dates = tuple(_date(form, made[f"date-{form.key}"], account) for form in DATE_FORMS if f"date-{form.key}" in made)
    times = [step.shown_after for step in steps if step.shown_after is not None]
    slowest = max(times, default=None)
    return Conclusions(
        storage=storage,
        verdict=verdict,
        identical=_identical(made, storage),
        dates=dates,
        date_field=_field(dates),
        zone=_zone(steps),
        delivery=tuple(_delivery(made)),
        slowest=slowest,
        settings=tuple(_settings(verdict, dates, steps, account)),
    )


def _storage(made: Mapping[str, Step]) -> str | None:
    """Tell from A, then B alone, then A alone again what a PUT does to the rows that are there."""
    a, b, again = (made.get(key) for key in ("a", "b", "a-again"))
    if a is None or b is None or not a.rows(a.write.words) or not b.rows(b.write.words):
        return None
    if not b.rows(a.write.words):
        return "replace"
    if again is None or not again.rows(a.write.words):
        return None
    return "append" if len(again.rows(a.write.words)) > 1 else "merge"


def _identical(made: Mapping[str, Step], storage: str | None) -> str | None:
    again, identical = made.get("a-again"), made.get("identical")
    if storage is None or again is None or identical is None:
        return None
    before, after = len(again.rows(again.write.words)), len(identical.rows(again.write.words))
    return f"adds its row once more ({before} before, {after} after)" if after > before else "changes nothing"


def _date(form: DateForm, step: Step, account: Account) -> DateShown:
    rows = step.rows(step.write.words)
    row = rows[-1] if rows else None
    answered = step.answered
    return DateShown(
        form=form,
        sent=str(step.write.body["events"][0]["date"]),
        answer=str(answered.status or "none") + (f" {answered.detail}" if answered.detail else ""),
        changed=row.changed.text if row and row.changed else "",
        created=row.created.text if row and row.created else "",
        reading=_reading(row, step, form, account),
    )


def _reading(row: TimelineRow | None, step: Step, form: DateForm, account: Account) -> str:
    if row is None:
        return "not shown" if step.is_accepted else "refused"
    assert step.write.at is not None  # noqa: S101 - every row of a date has its moment
    meanings = _meanings(step.write.at, form, account)
    for field, shown in (("", row.changed), (_CREATED, row.created)):
        for name, at in meanings.items():
            if shown is not None and abs(_aware(shown) - at) < _SAME:
                return name + field
    return "another time"


def _aware(moment: Moment) -> datetime:
    return moment.at if moment.at.tzinfo else moment.at.replace(tzinfo=UTC)


def _meanings(at: datetime, form: DateForm, account: Account) -> Mapping[str, datetime]:
    """Name the moments that a text may have been taken for."""
    wall = at.replace(tzinfo=UTC)
    if form.key == "day":
        day = at.replace(hour=0, minute=0, second=0, tzinfo=account.timezone)
        return {"midnight of UTC": day.replace(tzinfo=UTC), f"midnight of {account.timezone.key}": day}
    if form.key == "minute":
        return {"read as UTC": wall, f"read in {account.timezone.key}": at}
    return {"kept": at, "offset dropped, wall clock kept": wall}


def _field(dates: Sequence[DateShown]) -> str | None:
    readings = [date.reading for date in dates if date.reading not in _NOTHING]
    if not readings:
        return None
    return "createDate" if all(reading.endswith(_CREATED) for reading in readings) else "lastChange"


def _zone(steps: Sequence[Step]) -> str | None:
    """Return the offset that VTEX writes behind its times."""
    for step in steps:
        for row in step.package.rows:
            text = row.changed.text if row.changed else ""
            if len(text) > len("2026-01-01"):
                return "+00:00" if text.endswith("Z") else text[-6:] if text[-6:-5] in {"+", "-"} else "none"
    return None


def _delivery(made: Mapping[str, Step]) -> list[str]:
    delivered, undelivered = made.get("delivered"), made.get("undelivered")
    if delivered is None:
        return []
    sent = delivered.write.body["deliveredDate"]
    shown = delivered.package.delivered_date
    said = [f"isDelivered true: finished is {str(delivered.package.finished).lower()}"]
    said.append(f"deliveredDate: sent {sent}, shown {shown or 'not at all'}{_delivered_zone(shown, delivered)}")
    if undelivered is not None:
        stays = undelivered.package.finished
        after = "it stays delivered" if stays else "VTEX counts it as not delivered any more"
        said.append(f"isDelivered false after it: finished is {str(stays).lower()}, {after}")
    return said


def _delivered_zone(shown: str | None, step: Step) -> str:
    moment, at = read_moment(shown or ""), step.write.at
    if moment is None or at is None:
        return ""
    for name, meant in (("the account's zone", at), ("UTC", at.replace(tzinfo=UTC))):
        if abs(_aware(moment) - meant) < timedelta(minutes=1):
            return f" (read in {name})"
    return ""


def _settings(
    verdict: str | None, dates: Sequence[DateShown], steps: Sequence[Step], account: Account
) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    if verdict is not None:
        why = "it keeps the rows that are there" if verdict == "delta" else "it takes the rows that are there away"
        found.append(("history", f'"{verdict}"', f'{why}; or leave "auto" and let --apply record it'))
    readings = {date.form.key: date.reading for date in dates}
    if readings.get("offset") in _KEPT:
        found.append(("date_format", '"datetime"', "an offset is understood"))
    elif readings.get("utc") in _KEPT:
        found.append(("date_format", '"utc"', "an offset is not understood, Z is"))
    elif readings.get("day", "refused") not in _NOTHING:
        found.append(("date_format", '"date"', "no form with a time of day is understood"))
    late = [step for step in steps if step.is_accepted and step.shown_after is None]
    slowest = max((step.shown_after for step in steps if step.shown_after is not None), default=timedelta(0))
    if late:
        found.append(
            ("read_lag_seconds", "more", f"{len(late)} accepted write{'' if len(late) == 1 else 's'} not shown in time")
        )
    elif slowest > 2 * account.read_lag + timedelta(seconds=1):
        seconds = f"{2 * slowest.total_seconds():.0f}"
        found.append(
            ("read_lag_seconds", seconds, f"the slowest write was shown after {slowest.total_seconds():.0f} s")
        )
    return found
