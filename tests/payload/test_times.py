"""Times as carriers write them, and how far they are trusted."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.model import Moment, TimeQuality
from app.payload import read_moment, read_offset

BR = "America/Sao_Paulo"


def read(text: str, *formats: str, zone: str | None = None, offset: str | None = None) -> tuple[str, str] | None:
    moment = read_moment(text, *formats, zone=zone, offset=offset)
    return (moment.at.isoformat(), moment.quality.value) if moment else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T08:10:00-03:00", ("2026-11-20T08:10:00-03:00", "offset")),
        ("2026-11-20T08:10:00-0300", ("2026-11-20T08:10:00-03:00", "offset")),
        ("2026-11-20T08:10:00.1234567Z", ("2026-11-20T08:10:00.123456+00:00", "utc")),
        ("2026-11-20T08:10:00+00:00", ("2026-11-20T08:10:00+00:00", "utc")),
        ("2026-11-20 08:10", ("2026-11-20T08:10:00+00:00", "unzoned")),
        ("2026-11-20", ("2026-11-20T00:00:00+00:00", "date")),
        ("1795176600", ("2026-11-20T12:10:00+00:00", "epoch")),
        ("1795176600.5", ("2026-11-20T12:10:00.500000+00:00", "epoch")),
        ("1795176600123", ("2026-11-20T12:10:00.123000+00:00", "epoch")),
    ],
)
def test_the_usual_forms_are_read(text: str, expected: tuple[str, str]) -> None:
    assert expected == read(text)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1989-12-31",
        "2100-01-01",
        "0000000000",
        "9999999999999",
        "12345",
        "",
    ],
)
def test_what_is_no_time_or_means_never_is_none(text: str) -> None:
    assert read(text) is None


def test_a_wall_clock_is_read_in_the_zone_of_its_place_and_season() -> None:
    assert ("2026-11-20T08:10:00-03:00", "local") == read("20/11/2026 08:10", "%d/%m/%Y %H:%M", zone=BR)
    assert ("2018-11-20T08:10:00-02:00", "local") == read("2018-11-20 08:10", zone=BR)
    assert ("2026-11-20T00:00:00-03:00", "date") == read("20112026", "%d%m%Y", zone=BR)
    assert ("2026-11-20T20:10:00-03:00", "local") == read("20/11/2026 08:10 PM", "%d/%m/%Y %I:%M %p", zone=BR)


def test_a_time_that_has_its_offset_ignores_the_zone() -> None:
    assert ("2026-11-20T08:10:00-05:00", "offset") == read("2026-11-20T08:10:00-05:00", zone=BR, offset="+01:00")


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("GMT-04:00", ("2026-11-20T08:10:00-04:00", "offset")),
        ("-04.00", ("2026-11-20T08:10:00-04:00", "offset")),
        ("+0530", ("2026-11-20T08:10:00+05:30", "offset")),
        ("UTC", ("2026-11-20T08:10:00+00:00", "utc")),
        ("gmt+8", ("2026-11-20T08:10:00+08:00", "offset")),
        ("Z", ("2026-11-20T08:10:00+00:00", "utc")),
        ("", ("2026-11-20T08:10:00-03:00", "local")),
        ("BRT", ("2026-11-20T08:10:00-03:00", "local")),
        ("+99:00", ("2026-11-20T08:10:00-03:00", "local")),
    ],
)
def test_an_offset_sent_beside_the_time_goes_before_the_zone(offset: str, expected: tuple[str, str]) -> None:
    assert expected == read("2026-11-20 08:10", zone=BR, offset=offset)


def test_a_day_has_no_use_for_an_offset() -> None:
    assert ("2026-11-20T00:00:00-03:00", "date") == read("2026-11-20", zone=BR, offset="+09:00")


def test_a_false_offset_is_dropped_where_the_adapter_says_so() -> None:
    moment = read_moment("2026-11-20T08:10:00.000Z", zone=BR, wall_clock=True)
    unzoned = read_moment("2026-11-20T08:10:00.000Z", wall_clock=True)

    assert moment is not None
    assert unzoned is not None
    assert (moment.at.isoformat(), moment.quality) == ("2026-11-20T08:10:00-03:00", TimeQuality.LOCAL)
    assert (unzoned.quality, unzoned.text) == (TimeQuality.UNZONED, "2026-11-20T08:10:00.000Z")


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?"))
@example("0001-01-01T00:00:00+14:00")
def test_no_text_breaks_the_reader_and_every_moment_is_aware(text: str) -> None:
    moment = read_moment(text, "%d/%m/%Y", zone=BR)

    assert moment is None or (moment.at.utcoffset() is not None and moment.text == text)
    read_offset(text)


def moment(quality: TimeQuality, at: datetime) -> Moment:
    return Moment(at=at, quality=quality, text="x")


def test_only_assumed_zones_can_be_read_in_another() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    read_again = {quality: moment(quality, noon).read_in(tokyo) for quality in TimeQuality}

    assert {TimeQuality.LOCAL, TimeQuality.UNZONED, TimeQuality.DATE} == {
        quality for quality, again in read_again.items() if again.at.tzinfo is tokyo
    }
    assert read_again[TimeQuality.UNZONED].quality is TimeQuality.LOCAL
    assert read_again[TimeQuality.DATE].quality is TimeQuality.DATE


def test_a_zone_is_unknown_where_utc_stands_in_for_it() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert moment(TimeQuality.UNZONED, noon).zone_is_unknown
    assert moment(TimeQuality.DATE, noon).zone_is_unknown
    assert not moment(TimeQuality.DATE, noon.replace(tzinfo=ZoneInfo(BR))).zone_is_unknown
    assert not moment(TimeQuality.LOCAL, noon).zone_is_unknown


def test_only_a_label_utc_can_be_doubted() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert moment(TimeQuality.UTC, noon).as_false_utc().quality is TimeQuality.FALSE_UTC
    assert moment(TimeQuality.OFFSET, noon).as_false_utc().quality is TimeQuality.OFFSET
