"""The head of a request is the one that the HTTP client's library would have sent."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.egress.outgoing import outgoing

ROOTS = st.sampled_from(
    [
        "http://127.0.0.1:8080",
        "https://mystore.vtex.example",
        "https://MyStore.example:443",
        "http://[::1]:81",
        "http://a",
    ]
)
PARTS = st.lists(
    st.sampled_from(["api", "orders", "1527-01", "..", ".", "a.b", "%2F", "%zz", "ç", "a b", "~x_", "", "q;r", "'"]),
    max_size=6,
)
QUERIES = st.sampled_from(["", "?", "?a=b&c=d", "?a=%20+b", "?x=ç", "?a=/../b", "#f", "?a#f", "?é"])
HEADERS = {"accept": "*/*", "x-key": "an invented key"}


def written(request: httpx.Request) -> tuple[bytes, set[bytes]]:
    lines = {b"%b: %b" % (name.lower(), value) for name, value in request.headers.raw}
    return b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path), lines


@given(
    root=ROOTS,
    parts=PARTS,
    query=QUERIES,
    method=st.sampled_from(["GET", "PUT", "POST", "PATCH", "HEAD", "DELETE"]),
    content=st.sampled_from([None, b"", b"{}"]),
)
def test_every_address_and_body_is_written_as_the_library_writes_it(
    root: str, parts: list[str], query: str, method: str, content: bytes | None
) -> None:
    url = "/".join([root, *parts]) + query
    expected = httpx.Request(method, url, headers=HEADERS, content=content)

    made = outgoing(method, url, HEADERS, content)

    first, *lines = made.head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert (first, set(lines)) == written(expected)
    assert len(lines) == len(set(lines))
    assert (made.origin.scheme, made.origin.host) == (expected.url.scheme, expected.url.host)
    assert made.origin.port == (expected.url.port or {"http": 80, "https": 443}[expected.url.scheme])
    assert (made.content, made.is_chunked, made.expects_body) == (content or b"", False, method != "HEAD")


def test_a_length_or_a_host_that_is_said_is_not_said_again() -> None:
    made = outgoing("PUT", "http://a.example/x", {"Host": "b.example", "Content-Length": "2"}, b"{}")

    assert made.head == b"PUT /x HTTP/1.1\r\nHost: b.example\r\nContent-Length: 2\r\n\r\n"


def test_a_header_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(httpx.LocalProtocolError, match="not ASCII"):
        outgoing("GET", "http://a.example/", {"x-key": "ç"}, None)
