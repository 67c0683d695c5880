"""Fixed-width records."""

from datetime import UTC, datetime

import pytest

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload import record_body

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def webhook(body: bytes) -> Webhook:
    return Webhook(method="POST", path="/", query="", headers=(), body=body, received_at=NOW)


@pytest.mark.parametrize("newline", [b"\r\n", b"\n", b"\r"])
def test_lines_end_as_their_system_ends_them(newline: bytes) -> None:
    records = record_body(webhook(newline.join([b"000HEAD", b"", b"342A", b"342B", b"\x1a"])), ["342"])

    assert [(3, "342A"), (4, "342B")] == [(record.number, record.text) for record in records]
    assert "line 4" == records[1].path


def test_a_form_feed_and_its_like_end_no_line() -> None:
    (record,) = record_body(webhook("342A\x0cB\x85C".encode()), ["342"])

    assert "A B C" == record.at(3, 9).text()


def test_a_field_knows_where_it_stood_and_is_trimmed() -> None:
    (record,) = record_body(webhook(b"342  ENDERE\xc7O  "), ["342"])
    text = record.get(3, 11).text()

    assert text == "ENDEREÇO"
    assert "line 1, columns 4-14" == getattr(text, "path", None)


def test_a_blank_or_cut_field_is_absent_where_allowed_and_malformed_where_demanded() -> None:
    (record,) = record_body(webhook(b"342   7"), ["342"])

    assert [None, None, "7"] == [record.get(*field).text() for field in ((3, 3), (20, 8), (3, 9))]
    with pytest.raises(MalformedPayload, match="line 1, columns 21-28 is empty"):
        record.at(20, 8).text()


def test_a_body_without_the_records_asked_for_is_malformed() -> None:
    with pytest.raises(MalformedPayload, match=r"\$ holds no line that starts with 340 or 342"):
        record_body(webhook(b"000HEAD\n542X"), ["342", "340"])
