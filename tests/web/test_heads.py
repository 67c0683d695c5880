"""The head of a request: how long it may be, and how long it may take."""

import pytest

from app.web import LimitedProtocol, Limits
from tests.web.stage import Relay

START = b"POST /webhooks/signed/mystore HTTP/1.1\r\nHost: relay.example\r\n"


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",), id="one long header"),
        pytest.param((b"X-Endless: ", *[b"x" * 10_000] * 7), id="a header without end"),
        pytest.param((b"X-Many: 1\r\n" * 201, b"\r\n"), id="many headers"),
        pytest.param((b"".join(b"X-%d: %s\r\n" % (i, b"x" * 1000) for i in range(70)), b"\r\n"), id="long together"),
    ],
)
def test_a_head_that_is_too_long_is_refused(relay: Relay, parts: tuple[bytes, ...]) -> None:
    received = relay.raw(START, *parts)

    assert 431 == status(received)
    assert 200 == relay.http.get("/livez").status_code


def test_an_address_without_end_is_refused(relay: Relay) -> None:
    assert 431 == status(relay.raw(b"POST /webhooks/", *[b"x" * 10_000] * 7))


def test_many_long_headers_within_the_limit_are_taken(relay: Relay) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (i, b"x" * 300) for i in range(190))
    received = relay.raw(START + headers + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")

    assert 401 == status(received)


def test_heads_on_one_connection_are_measured_one_by_one(relay: Relay) -> None:
    request = START + b"X-Long: " + b"x" * 40_000 + b"\r\nContent-Length: 2\r\n%s\r\n{}"
    received = relay.raw(request % b"", request % b"", request % b"Connection: close\r\n")

    assert [401, 401, 401] == [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def test_what_is_no_http_is_told_so(relay: Relay) -> None:
    assert 400 == status(relay.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"))


def test_a_head_that_does_not_come_is_given_up(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedProtocol, "limits", Limits(head_seconds=0.2))

    assert 408 == status(relay.raw(START))
    assert b"" == relay.raw()
