"""Answers that are none: whoever stands before VTEX may say anything, and every timeline is exact all the same."""

import gzip
import json
import socket
import zlib
from pathlib import Path

import pytest

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.gateway import Gateway
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import account, until

pytestmark = pytest.mark.timeout(300)

RECEIPT = json.dumps({"date": "2026-03-04T18:04:31+00:00", "orderId": "1", "receipt": "0f3b5d7a9c1e4f60"}).encode()
PARCELS = 24
LAPS = 4


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join([b"HTTP/1.1 " + status, size, *headers, b"", body])


def garbage(elsewhere: int) -> dict[str, bytes]:
    """Answers that came from anybody but VTEX; none tells whether a call took effect."""
    packing = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join(packing.compress(bytes(1 << 20)) for _ in range(200)) + packing.flush()
    moved = b"Location: http://127.0.0.1:%d/stolen" % elsewhere
    return {
        "a page": answer(b"<!doctype html><title>Log in</title>", b"Content-Type: text/html"),
        "a page that calls itself JSON": answer(b"<html>maintenance</html>", b"Content-Type: application/json"),
        "half of a receipt": answer(RECEIPT[: len(RECEIPT) // 2]),
        "a body that ends too soon": answer(RECEIPT, length=len(RECEIPT) + 50),
        "a body that goes on": answer(RECEIPT, length=len(RECEIPT) // 2),
        "UTF-16": answer(RECEIPT.decode().encode("utf-16")),
        "bytes in no encoding": answer(b'{"receipt": "\xff\xfe\x80"}'),
        "a body that is not packed as it says": answer(RECEIPT, b"Content-Encoding: gzip"),
        "a body packed as nobody asked for": answer(RECEIPT, b"Content-Encoding: br"),
        "half of a packed body": answer(gzip.compress(RECEIPT)[:-9], b"Content-Encoding: gzip"),
        "a bomb": answer(bomb, b"Content-Encoding: gzip"),
        "a giant body": answer(b"[" + b" " * (12 << 20) + b"]"),
        "a bomb of headers": answer(RECEIPT, *(b"X-%d: %s" % (number, b"x" * 500) for number in range(2000))),
        "one giant header": answer(RECEIPT, b"X-Big: " + b"x" * (1 << 20)),
        "a redirect": answer(b"", moved, status=b"302 Found"),
        "a redirect that keeps the method": answer(b"", moved, status=b"308 Permanent Redirect"),
        "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
        "nothing": b"",
        "deep JSON": answer(b"[" * 20_000 + b"]" * 20_000),
    }


def test_whatever_stands_before_vtex_says_every_timeline_is_exact_and_nothing_is_followed(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(PARCELS)
    add_orders(emulator, sent)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        answers = garbage(elsewhere.getsockname()[1])
        with Gateway(emulator.url, answers, laps=LAPS) as gateway:
            relay = start_relay(account(gateway.url))
            relay.register(*sent)
            taken = {relay.accept(parcel.webhook(length)) for parcel in sent for length in range(1, SCANS + 1)}
            until(lambda: gateway.is_done, seconds=80, failing=lambda: gateway.garbled)
            until(lambda: not deviations(emulator, sent), seconds=30, failing=lambda: deviations(emulator, sent))
            relay.until_idle()

            assert dict.fromkeys(answers, LAPS) == gateway.garbled
            assert taken == {str(webhook["id"]) for webhook in relay.webhooks()}
            assert _resident(relay.running.pid) < 400 * 1024 * 1024
        elsewhere.settimeout(0)
        try:
            elsewhere.accept()
        except BlockingIOError:
            pass
        else:
            raise AssertionError("a redirect was followed")
    assert [] == misdeeds(emulator)


def _resident(pid: int) -> int:
    """Return how much memory a process took at most."""
    said = Path(f"/proc/{pid}/status").read_text("utf-8").partition("VmHWM:")[2]
    return int(said.split()[0]) * 1024
