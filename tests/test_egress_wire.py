"""HTTP/1.1 as egress speaks it: what goes over the wire, what comes of answers, and what becomes of connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.egress import Egress, Reply
from app.errors import CallFailed, EgressRefused
from tests.egress_servers import peer

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def call(
    egress: Egress, url: str, *, content: bytes | AsyncIterator[bytes] | None = b"{}", seconds: float = 5
) -> Reply:
    method = "GET" if content is None else "PUT"
    return await egress.call(method, url, headers={"X-A": "1"}, content=content, total_seconds=seconds, max_bytes=100)


async def test_a_request_carries_its_path_its_headers_and_its_body_and_says_how_long_that_is() -> None:
    async with peer(OK) as server, Egress() as egress:
        reply = await call(egress, server.url, content=b'{"a":1}')

    assert (200, b"ok", False) == (reply.status, reply.body, reply.cut)
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert b"PUT /path?a=b HTTP/1.1" == head.split(b"\r\n")[0]
    assert b'{"a":1}' == body
    assert {b"x-a: 1", b"content-length: 7", b"accept: */*"} <= set(lines)
    assert 1 == sum(line.startswith(b"host: 127.0.0.1:") for line in lines)


async def test_calls_one_after_the_other_share_a_connection_and_calls_at_a_time_share_no_more_than_they_may() -> None:
    waiting, three = 3, asyncio.Barrier(3)

    async def until_three_wait() -> None:
        nonlocal waiting
        waiting -= 1
        if waiting < 0:
            await three.wait()

    async with peer(OK, before=until_three_wait) as server, Egress(connections=3) as egress:
        for _ in range(3):
            await call(egress, server.url)
        assert 1 == server.connections

        await asyncio.gather(*(call(egress, server.url) for _ in range(9)))

    assert (3, 3, 12) == (server.connections, server.together, len(server.heard))


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
    ids=["chunked", "after an informational one", "empty"],
)
async def test_an_answer_is_read_in_every_form_and_leaves_its_connection_fit_for_the_next_call(
    answer: bytes, body: bytes
) -> None:
    async with peer(answer) as server, Egress() as egress:
        replies = [await call(egress, server.url) for _ in range(2)]

    assert [body] * 2 == [reply.body for reply in replies]
    assert 1 == server.connections


async def test_a_body_without_a_length_ends_with_its_connection() -> None:
    async with peer(b"HTTP/1.1 200 OK\r\n\r\nto the end", closes=True) as server, Egress() as egress:
        assert b"to the end" == (await call(egress, server.url)).body


async def test_an_answer_to_head_has_the_headers_of_a_body_that_never_comes() -> None:
    async with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n") as server, Egress() as egress:
        reply = await egress.call("HEAD", server.url, headers={}, total_seconds=5)

    assert (200, "500", b"") == (reply.status, reply.headers["content-length"], reply.body)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK + b"HTTP/1.1 2"]
)
async def test_a_connection_that_says_it_closes_or_says_too_much_is_not_used_again(answer: bytes) -> None:
    async with peer(answer) as server, Egress() as egress:
        replies = [await call(egress, server.url) for _ in range(2)]

    assert [b"ok"] * 2 == [reply.body for reply in replies]
    assert 2 == server.connections


async def test_a_connection_that_its_server_closed_while_it_was_idle_is_replaced() -> None:
    async with peer(OK, closes=True) as server, peer(OK) as other, Egress() as egress:
        await call(egress, server.url)
        await server.closed.wait()
        await call(egress, other.url)  # What was sent before this came is here by now.
        assert b"ok" == (await call(egress, server.url)).body

    assert 2 == server.connections


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "before the answer was complete"),
        (b"HTTP/1.1 200 OK\r\n", "before the answer was complete"),
        (b"", "before the answer was complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 0123456789\r\n" * 4000, "never ends"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", "another protocol"),
    ],
    ids=["another protocol", "half a body", "half a head", "nothing", "two lengths", "an endless head", "an upgrade"],
)
async def test_what_is_no_whole_answer_is_a_failed_call(answer: bytes, says: str) -> None:
    async with peer(answer, closes=True) as server, Egress() as egress:
        with pytest.raises(CallFailed, match=says):
            await call(egress, server.url)


async def test_what_is_longer_than_wanted_is_cut_and_not_read_on() -> None:
    async with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 500) as server, Egress() as egress:
        reply = await call(egress, server.url)

    assert (b"x" * 100, True) == (reply.body, reply.cut)


async def test_a_call_that_ran_out_of_time_does_not_leave_its_answer_to_the_next_one() -> None:
    hold = asyncio.Event()
    late = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"
    async with peer(late, OK, before=hold.wait) as server, Egress(connections=1) as egress:
        with pytest.raises(CallFailed, match=r"no answer within 0\.05 s"):
            await call(egress, server.url, seconds=0.05)
        hold.set()
        assert b"ok" == (await call(egress, server.url)).body


async def test_a_body_that_is_made_as_it_is_sent_goes_out_in_chunks() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first,"
        yield b""
        yield b"second"

    async with peer(OK) as server, Egress() as egress:
        await call(egress, server.url, content=pieces())

    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert b"6\r\nfirst,\r\n6\r\nsecond\r\n0\r\n\r\n" == body


@pytest.mark.parametrize("value", ["a\r\nX-B: 2", "a\nb", "a\0b"])
async def test_a_header_cannot_hold_another_one(value: str) -> None:
    async with peer(OK) as server, Egress() as egress:
        with pytest.raises(CallFailed, match="end of a line"):
            await egress.call("GET", server.url, headers={"X-A": value}, total_seconds=5)

    assert [] == server.heard


async def test_connections_are_made_to_the_resolved_addresses_and_to_no_others() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        if host == "inside.example":
            raise EgressRefused(f"{host} is inside")
        return ["127.0.0.1"]

    async with peer(OK) as server, Egress(resolve=resolve) as egress:
        port = int(server.url.split(":")[2].split("/")[0])
        reply = await call(egress, f"http://vtex.example:{port}/")
        with pytest.raises(EgressRefused, match="is inside"):
            await call(egress, f"http://inside.example:{port}/")

    assert b"ok" == reply.body
    assert [("vtex.example", port), ("inside.example", port)] == asked
    assert 1 == len(server.heard)


async def test_the_next_address_of_a_host_is_tried_where_one_refuses() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["::1", "127.0.0.1"]

    async with peer(OK) as server, Egress(resolve=resolve) as egress:
        port = int(server.url.split(":")[2].split("/")[0])
        assert b"ok" == (await call(egress, f"http://vtex.example:{port}/")).body


async def test_a_host_without_an_address_is_a_failed_call() -> None:
    async with Egress() as egress:
        with pytest.raises(CallFailed, match="has no address"):
            await call(egress, "http://nobody.invalid/")


async def test_a_certificate_that_nobody_trusted_vouches_for_is_refused(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vtex.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with server, Egress() as egress:
        with pytest.raises(CallFailed, match=r"TLS with 127\.0\.0\.1 failed.*CERTIFICATE_VERIFY_FAILED"):
            await call(egress, f"https://127.0.0.1:{port}/")

    assert [] == heard
