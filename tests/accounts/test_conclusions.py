"""What is concluded from how VTEX shows the dates that it was sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.account import Account
from app.cli.accounts.conclusions import conclude
from app.cli.accounts.durations import spoken
from app.cli.accounts.experiment import Step
from app.cli.accounts.writes import Write, writes
from app.payload import read_moment
from app.vtex import Answered, Outcome, Package, TimelineRow

ACCOUNT = Account(
    name="demo", base_url="https://demo.example", app_key="k", app_token="t", timezone=ZoneInfo("America/Sao_Paulo")
)
NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
WRITES = {write.key: write for write in writes(ACCOUNT, NOW)}
CALLED = "2026-03-04T18:00:00.0000000+00:00"


def package(*rows: TimelineRow) -> Package:
    return Package(
        invoice_number="1",
        invoice_key=None,
        is_output=True,
        tracking_numbers=(),
        courier=None,
        issued_at=None,
        finished=False,
        delivered_date=None,
        rows=rows,
    )


def row(write: Write, changed: str, created: str = CALLED) -> TimelineRow:
    return TimelineRow(
        city="",
        state="",
        description=write.words,
        date=changed,
        changed=read_moment(changed),
        created=read_moment(created),
    )


def step(key: str, *times: str, status: int = 200) -> Step:
    write = WRITES[key]
    outcome = Outcome.APPLIED if status == 200 else Outcome.REFUSED
    shown = (row(write, *times),) if times else ()
    return Step(
        write=write,
        at=NOW,
        answered=Answered(outcome=outcome, status=status),
        shown_after=timedelta(seconds=5) if shown else None,
        package=package(*shown),
    )


def settings(*steps: Step) -> Mapping[str, str]:
    return {name: value for name, value, _ in conclude(steps, ACCOUNT).settings}


@pytest.mark.parametrize(
    ("key", "times", "reading"),
    [
        ("date-offset", ("2026-03-03T01:30:00.0000000+00:00",), "kept"),
        ("date-offset", ("2026-03-02T22:30:00.0000000+00:00",), "offset dropped, wall clock kept"),
        ("date-offset", (CALLED, "2026-03-03T01:30:00+00:00"), "kept in createDate"),
        ("date-offset", (CALLED,), "another time"),
        ("date-utc", ("2026-03-02T22:30:00-03:00",), "kept"),
        ("date-minute", ("2026-03-02T22:30:00+00:00",), "read as UTC"),
        ("date-minute", ("2026-03-03T01:30:00+00:00",), "read in America/Sao_Paulo"),
        ("date-day", ("2026-03-02T00:00:00+00:00",), "midnight of UTC"),
        ("date-day", ("2026-03-02T03:00:00+00:00",), "midnight of America/Sao_Paulo"),
        ("date-day", (), "not shown"),
    ],
)
def test_a_date_is_compared_with_everything_that_it_may_have_been_taken_for(
    key: str, times: tuple[str, ...], reading: str
) -> None:
    (shown,) = conclude([step(key, *times)], ACCOUNT).dates

    assert reading == shown.reading


def test_a_refused_date_is_told_from_one_that_is_not_shown() -> None:
    assert "refused" == conclude([step("date-day", status=400)], ACCOUNT).dates[0].reading


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([step("date-offset", "2026-03-03T01:30:00+00:00")], '"datetime"'),
        ([step("date-offset", status=400), step("date-utc", "2026-03-03T01:30:00+00:00")], '"utc"'),
        (
            [
                step("date-day", "2026-03-02T00:00:00+00:00"),
                step("date-offset", status=400),
                step("date-utc", status=400),
            ],
            '"date"',
        ),
        ([step("date-day", status=400)], None),
    ],
)
def test_the_setting_is_the_most_exact_form_that_is_understood(steps: list[Step], wanted: str | None) -> None:
    assert wanted == settings(*steps).get("date_format")


def test_the_field_that_shows_what_was_sent_is_told() -> None:
    changed = step("date-utc", "2026-03-03T01:30:00+00:00")
    created = step("date-utc", CALLED, "2026-03-03T01:30:00+00:00")

    assert "lastChange" == conclude([changed], ACCOUNT).date_field
    assert "createDate" == conclude([created], ACCOUNT).date_field
    assert None is conclude([step("date-utc", CALLED)], ACCOUNT).date_field


def test_nothing_is_concluded_of_rows_that_were_not_shown() -> None:
    found = conclude([step("a"), step("b"), step("a-again")], ACCOUNT)

    assert (None, None, None) == (found.storage, found.verdict, found.identical)


def test_every_row_of_a_run_can_be_told_from_those_of_another() -> None:
    later = writes(ACCOUNT, NOW + timedelta(seconds=1))

    assert set() == {write.words for write in WRITES.values()} & {write.words for write in later}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.4, "0 s"), (59.6, "1 min"), (90, "1 min 30 s"), (7500, "2 h 5 min"), (86400, "1 d"), (-45, "45 s")],
)
def test_lengths_of_time_are_spoken_with_their_two_greatest_units(seconds: float, words: str) -> None:
    assert words == spoken(seconds)
