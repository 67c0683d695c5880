"""The dates that clients send, and the one form in which VTEX writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.sandbox.timestamps import read_sent_date, vtex_timestamp


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-04", datetime(2026, 3, 4, tzinfo=UTC)),
        ("2026-03-04 21:15", datetime(2026, 3, 4, 21, 15, tzinfo=UTC)),
        (" 2026-03-04 21:15:09 ", datetime(2026, 3, 4, 21, 15, 9, tzinfo=UTC)),
        ("2026-03-04T16:15:00", datetime(2026, 3, 4, 16, 15, tzinfo=UTC)),
        ("2026-03-04T16:15:00Z", datetime(2026, 3, 4, 16, 15, tzinfo=UTC)),
        ("2026-03-04T00:00:00.000Z", datetime(2026, 3, 4, tzinfo=UTC)),
        ("2026-03-04T16:15:00-03:00", datetime(2026, 3, 4, 19, 15, tzinfo=UTC)),
        ("2026-03-04T16:15:00-0300", datetime(2026, 3, 4, 19, 15, tzinfo=UTC)),
        ("2026-03-04T16:15:00.1234567-03:00", datetime(2026, 3, 4, 19, 15, 0, 123456, tzinfo=UTC)),
        ("Wed, 04 Mar 2026 18:04:31 GMT", datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)),
    ],
)
def test_each_format_that_clients_send_is_read_and_no_offset_means_utc(text: str, read: datetime) -> None:
    assert read == read_sent_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "04/03/2026",
        "2026-3-4",
        "2026-13-01",
        "2026-02-30",
        "2026-03-04T25:00:00",
        "20260304",
        "2026-W10-3",
        "1772647471",
        "2026-03-04T16:15:00-03:00[America/Sao_Paulo]",
        "0001-01-01T00:00:00+14:00",
        "Wed, 04 Foo 2026 18:04:31 GMT",
        "٢٠٢٦-03-04",
    ],
)
def test_a_text_in_no_known_format_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        read_sent_date(text)


def test_a_time_is_written_in_utc_with_seven_digits() -> None:
    local = datetime(2026, 3, 4, 15, 4, 31, 52123, tzinfo=timezone(timedelta(hours=-3)))

    assert "2026-03-04T18:04:31.0521230+00:00" == vtex_timestamp(local)
