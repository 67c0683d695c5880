"""Answers that come packed: unpacked up to what was wanted, and no answer where they are not what they say."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from app.egress import Egress, Reply
from app.errors import CallFailed
from tests.egress_servers import peer

pytestmark = pytest.mark.anyio


async def call(egress: Egress, url: str, *, most: int = 100) -> Reply:
    return await egress.call("GET", url, headers={}, total_seconds=5, max_bytes=most)


def encoded(content: bytes, encoding: str) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (encoding.encode(), len(content)) + content


def bare(content: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("X-GZip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare)],
)
async def test_what_was_packed_is_unpacked_and_cut_where_it_unpacks_to_more_than_wanted(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    answers = (encoded(pack(content), encoding) for content in (b"short", b"x" * 100, b"x" * 10_000))
    async with peer(*answers) as server, Egress() as egress:
        replies = [await call(egress, server.url) for _ in range(3)]

    told = [(b"short", False), (b"x" * 100, False), (b"x" * 100, True)]
    assert told == [(reply.body, reply.cut) for reply in replies]


@pytest.mark.parametrize(
    ("body", "encoding", "problem"),
    [
        (b"<html>", "gzip", "the answer cannot be unpacked"),
        (b"", "gzip", "its end is missing"),
        (gzip.compress(b"{}" * 9, mtime=0)[:-9], "gzip", "its end is missing"),
        (b"x" * 50, "deflate", "the answer cannot be unpacked"),
        (b"{}", "br", "encoded as 'br', which was not asked for"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip, gzip", "encoded as 'gzip, gzip'"),
    ],
)
async def test_what_is_not_packed_as_it_says_is_no_answer(body: bytes, encoding: str, problem: str) -> None:
    async with peer(encoded(body, encoding)) as server, Egress() as egress:
        with pytest.raises(CallFailed, match=problem):
            await call(egress, server.url)


async def test_an_answer_that_unpacks_to_gigabytes_takes_no_more_than_was_wanted_of_it() -> None:
    packing = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join(packing.compress(bytes(1 << 20)) for _ in range(64)) + packing.flush()
    tracemalloc.start()
    try:
        async with peer(encoded(bomb, "gzip")) as server, Egress() as egress:
            reply = await call(egress, server.url, most=len(bomb))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (len(bomb), True) == (len(reply.body), reply.cut)
    assert most < 8 * 1024 * 1024
