"""Samples on disk: raw HTTP in, webhook out, byte for byte."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ConfigurationError, MalformedPayload
from app.examples import example, examples, load, parse_http
from tests.carriers.keys import sample_key

HEAD = b"POST /webhooks/x/mystore?a=1 HTTP/1.1\r\nContent-Type: text/plain\r\nX-Two:  a: b \r\n\r\n"
BODY = b"\xef\xbb\xbfbody\r\n\r\nend\n"


def test_a_request_is_read_to_its_last_byte() -> None:
    webhook = parse_http(HEAD + BODY)

    assert ("POST", "/webhooks/x/mystore", "a=1") == (webhook.method, webhook.path, webhook.query)
    assert (("content-type", "text/plain"), ("x-two", "a: b")) == webhook.headers
    assert webhook.body == BODY


def test_the_head_may_end_its_lines_either_way() -> None:
    unix = parse_http(b"get / HTTP/1.0\nX-Name: \xe7\x85\n\na\r\n\r\nb")

    assert ("GET", "ç\x85", b"a\r\n\r\nb") == (unix.method, unix.header("x-name"), unix.body)
    assert parse_http(b"GET /").body == b""


def test_a_content_length_cuts_what_an_editor_added() -> None:
    assert parse_http(b"POST / HTTP/1.1\nContent-Length: 4\n\nbody\n").body == b"body"
    assert parse_http(b"POST / HTTP/1.1\nContent-Length: 9\n\nbody\n").body == b"body\n"
    assert parse_http(b"POST / HTTP/1.1\nContent-Length: x\n\nbody\n").body == b"body\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1 is no request line, as in: POST /webhooks/easypost/mystore HTTP/1.1"),
        (b'{"json":"only"}', "line 1 is no request line"),
        (b"POST https://x.example/ HTTP/1.1\n\n", "line 1 is no request line"),
        (b"POST / HTTP/1.1\nA: b\nno colon\n\n", "line 3 is no header, as in: Content-Type: application/json"),
        (b"POST / HTTP/1.1\n folded: x\n\n", "line 2 is no header"),
        (b"POST / HTTP/1.1\n: x\n\n", "line 2 is no header"),
    ],
)
def test_what_is_no_request_says_which_line(content: bytes, words: str) -> None:
    with pytest.raises(MalformedPayload, match=words):
        parse_http(content)


@given(st.binary() | st.binary().map(lambda tail: b"POST /x HTTP/1.1\n" + tail))
def test_no_file_raises_anything_but_malformed_payload(content: bytes) -> None:
    try:
        webhook = parse_http(content)
    except MalformedPayload:
        return
    assert content.endswith(webhook.body) or webhook.header("content-length")


def write(folder: Path, *headers: str) -> Path:
    path = folder / "case.http"
    path.write_text("\n".join(["POST /w/x HTTP/1.1", *headers, "", "body"]), "utf-8")
    return path


def test_what_speaks_about_a_case_is_no_part_of_the_request(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "X-Fixture-Source: captured 2026-11-01",
        "X-Fixture-Received: 2026-11-01T09:00:00-03:00",
        "X-Fixture-Secret: cl%C3%A9%20x",
        "X-Real: 1",
    )
    path.with_suffix(".json").write_text("{}", "utf-8")

    case = load(path)

    assert ("case", "captured 2026-11-01", "clé x", "{}") == (case.name, case.source, case.secret, case.expected)
    assert (("x-real", "1"),) == case.webhook.headers
    assert case.webhook.received_at == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert case.credentials.secrets == ("clé x",)
    assert "clé" not in repr(case)


def test_a_case_that_says_nothing_of_itself_is_unsigned(tmp_path: Path) -> None:
    case = load(write(tmp_path))

    assert ("", None, None) == (case.source, case.secret, case.expected)
    assert (case.credentials.unsigned, case.credentials.path_key) == (True, True)


def test_the_secret_of_an_rsa_case_is_the_carriers_key_set(tmp_path: Path) -> None:
    case = load(write(tmp_path, f"X-Fixture-Secret: {sample_key().jwks}"))
    key = case.credentials.keys.find("https://any.example", "sample")

    assert key is not None
    assert key.public_numbers() == sample_key().public.public_numbers()
    assert case.credentials.keys.find("https://any.example", "other") is None


def test_a_time_without_a_zone_is_utc_and_no_time_is_refused(tmp_path: Path) -> None:
    naive = load(write(tmp_path, "X-Fixture-Received: 2026-11-01T09:00:00"))

    assert naive.webhook.received_at == datetime(2026, 11, 1, 9, tzinfo=UTC)
    with pytest.raises(MalformedPayload, match="X-Fixture-Received 'soon' is no ISO 8601 time"):
        load(write(tmp_path, "X-Fixture-Received: soon"))


def test_a_case_is_found_by_its_name() -> None:
    assert example("easypost", "delivered") in examples("easypost")
    assert sorted(case.name for case in examples("easypost")) == [case.name for case in examples("easypost")]
    with pytest.raises(ConfigurationError, match=r"easypost has no example 'x'; there are .*delivered"):
        example("easypost", "x")
    with pytest.raises(ConfigurationError, match="nobody has no example 'x'; there are none"):
        example("nobody", "x")
