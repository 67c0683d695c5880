"""What arrives over a real connection in unusual ways: in pieces, too long, too slowly, or not to the end."""

import logging
import socket
import time
from contextlib import closing

import pytest

from app.web import Limits
from tests.web.conftest import Start
from tests.web.stage import LIMIT, Relay, sign

PATH = b"/webhooks/signed/mystore"


def head(*headers: bytes, path: bytes = PATH, method: bytes = b"POST") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: relay.example", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


def test_a_chunked_body_within_the_limit_is_taken_whole(relay: Relay) -> None:
    body = b'{"id": "chunked", "number": "QX1", "events": []}'
    signature = b"X-Signature: " + sign(body).encode()
    pieces = [chunk(body[i : i + 7]) for i in range(0, len(body), 7)]
    received = relay.raw(head(b"Transfer-Encoding: chunked", signature, b"Connection: close"), *pieces, b"0\r\n\r\n")

    assert 200 == status(received)
    item = relay.ops("GET", "/webhooks").json()["items"][0]
    assert len(body) == item["size"]


def test_a_body_exactly_at_the_limit_is_taken(relay: Relay) -> None:
    body = b"x" * LIMIT
    answer = relay.http.post("/webhooks/signed/mystore", content=body, headers={"X-Signature": sign(body)})

    assert 200 == answer.status_code


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_of_it_came(relay: Relay) -> None:
    received = relay.raw(head(b"Content-Length: %d" % (LIMIT + 1)))

    assert 413 == status(received)
    assert b"connection: close" in received.lower()
    assert b"/problems/too-large" in received


def test_an_absurd_declared_length_is_refused(relay: Relay) -> None:
    assert 413 == status(relay.raw(head(b"Content-Length: 99999999999999999")))


def test_a_chunked_body_over_the_limit_is_refused_whole_and_the_connection_closed(relay: Relay) -> None:
    received = relay.raw(
        head(b"Transfer-Encoding: chunked", b"Content-Type: application/json"),
        *[chunk(b"x" * 1000)] * ((LIMIT // 1000) + 2),
    )

    assert 413 == status(received)
    assert b"connection: close" in received.lower()
    assert [] == relay.ops("GET", "/webhooks").json()["items"]
    (kept,) = relay.refusals()
    assert ("too-large", "signed") == (kept["cause"], kept["carrier"])
    assert kept["size"] > LIMIT


def test_a_sender_that_never_stops_is_cut_off(relay: Relay) -> None:
    def send_on() -> None:
        for _ in range(5000):
            connection.sendall(chunk(b"x" * 10_000))

    with closing(socket.create_connection(("127.0.0.1", relay.stage.port), timeout=10)) as connection:
        connection.sendall(head(b"Transfer-Encoding: chunked"))
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            send_on()


def test_a_sender_that_is_still_writing_can_read_why_it_is_refused(relay: Relay) -> None:
    answer = relay.http.post("/webhooks/signed/mystore", content=b"x" * (LIMIT + 1) * 4)

    assert 413 == answer.status_code
    assert "longer than 4096 bytes" in answer.json()["detail"]


def test_a_sender_that_asks_first_is_not_invited_to_send_what_is_refused(relay: Relay) -> None:
    received = relay.raw(head(b"Content-Length: %d" % (LIMIT + 1), b"Expect: 100-continue"))

    assert received.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in received


def test_a_sender_that_asks_first_is_invited_to_send_what_may_come(relay: Relay) -> None:
    body = b"{}"
    headers = (
        b"Content-Length: 2",
        b"Expect: 100-continue",
        b"Connection: close",
        b"X-Signature: " + sign(body).encode(),
    )
    received = relay.raw(head(*headers), body)

    assert received.startswith(b"HTTP/1.1 100")
    assert b"HTTP/1.1 200" in received


def test_a_body_that_does_not_arrive_in_time_is_given_up(start: Start) -> None:
    relay = start(limits=Limits(body_seconds=0.2))
    started = time.monotonic()
    received = relay.raw(head(b"Content-Length: 100"), b"{")

    assert 408 == status(received)
    assert b"connection: close" in received.lower()
    assert time.monotonic() - started < 5
    assert [] == relay.ops("GET", "/webhooks").json()["items"]


def test_a_sender_that_goes_away_leaves_nothing_and_harms_nobody(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    relay.raw(head(b"Content-Length: 100"), b"{", close=True)
    # The server hears of the first sender's end before it serves a second.
    while not any(vars(record).get("relay_fields", {}).get("outcome") == "disconnected" for record in caplog.records):
        assert 200 == relay.http.get("/livez").status_code

    assert [] == relay.ops("GET", "/webhooks").json()["items"]
    assert "web.unexpected" not in [record.message for record in caplog.records]
    assert 200 == relay.deliver().status_code


def test_a_connection_survives_a_refusal_whose_body_was_short(relay: Relay) -> None:
    unknown = head(b"Content-Length: 4", path=b"/webhooks/nobody/nowhere") + b"{  }"
    wrong = head(b"Content-Length: 2", b"X-Signature: " + b"0" * 64) + b"{}"
    good = head(b"Content-Length: 2", b"Connection: close", b"X-Signature: " + sign(b"{}").encode()) + b"{}"

    received = relay.raw(unknown + wrong + good)

    assert [404, 401, 200] == [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("path", [b"/webhooks/nobody/nowhere", PATH])
def test_a_refusal_does_not_wait_for_a_body_of_unknown_length(relay: Relay, path: bytes) -> None:
    received = relay.raw(head(b"Transfer-Encoding: chunked", path=path, method=b"DELETE"), chunk(b"{"))

    assert status(received) in {404, 405}
    assert b"connection: close" in received.lower()
    assert received.endswith(b"}")


def test_bytes_in_headers_that_are_no_text_are_kept_as_they_came(relay: Relay) -> None:
    body = b"{}"
    headers = (b"Content-Length: 2", b"Connection: close", b"X-Odd: caf\xe9", b"X-Signature: " + sign(body).encode())
    received = relay.raw(head(*headers), body)

    assert 200 == status(received)
    item = relay.ops("GET", "/webhooks").json()["items"][0]
    assert ["x-odd", "café"] in relay.ops("GET", f"/webhooks/{item['id']}").json()["headers"]


def test_a_signature_that_is_no_text_is_refused(relay: Relay) -> None:
    received = relay.raw(head(b"Content-Length: 2", b"Connection: close", b"X-Signature: \xff\xfe"), b"{}")

    assert 401 == status(received)
