from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import peer_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode("latin-1")) for value in values]


@pytest.mark.parametrize(
    ("client", "headers", "expected"),
    [
        pytest.param("198.51.100.7", forwarded("203.0.113.1"), "198.51.100.7", id="a stranger's claim"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", forwarded("203.0.113.1"), "203.0.113.1", id="one proxy"),
        pytest.param("10.0.0.1", forwarded("203.0.113.1, 10.9.9.9"), "203.0.113.1", id="two proxies"),
        pytest.param("10.0.0.1", forwarded("203.0.113.1", "10.9.9.9"), "203.0.113.1", id="two headers"),
        pytest.param("10.0.0.1", forwarded("192.0.2.66, 203.0.113.1"), "203.0.113.1", id="a forged beginning"),
        pytest.param(
            "10.0.0.1", forwarded("nonsense, 203.0.113.1"), "203.0.113.1", id="a forged beginning of nonsense"
        ),
        pytest.param("10.0.0.1", forwarded("10.0.0.2, 10.0.0.3"), "10.0.0.2", id="a caller inside"),
        pytest.param("10.0.0.1", forwarded("203.0.113.1, unknown"), "", id="a proxy that does not know"),
        pytest.param("10.0.0.1", forwarded("203.0.113.1:4711"), "203.0.113.1", id="a port"),
        pytest.param("10.0.0.1", forwarded("[2001:db8::7]:4711"), "2001:db8::7", id="version 6 with a port"),
        pytest.param("10.0.0.1", forwarded('"[2001:db8::7]"'), "2001:db8::7", id="quoted"),
        pytest.param("10.0.0.1", forwarded(" , 203.0.113.1 ,, "), "203.0.113.1", id="empty entries"),
        pytest.param("::ffff:10.0.0.1", forwarded("203.0.113.1"), "203.0.113.1", id="a mapped proxy"),
        pytest.param("2001:db8:1::5", forwarded("::ffff:203.0.113.1"), "203.0.113.1", id="a mapped caller"),
        pytest.param("relay.example", forwarded("203.0.113.1"), "relay.example", id="a client without address"),
    ],
)
def test_the_sender_is_who_the_last_trusted_proxy_heard(
    client: str, headers: list[tuple[bytes, bytes]], expected: str
) -> None:
    assert expected == peer_address((client, 4711), headers, PROXIES)


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert "10.0.0.1" == peer_address(("10.0.0.1", 4711), forwarded("203.0.113.1"), ())


def test_a_unix_socket_has_no_address() -> None:
    assert "" == peer_address(None, forwarded("203.0.113.1"), PROXIES)


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0")))
def test_what_a_sender_writes_never_changes_what_the_proxy_heard(claim: str) -> None:
    assert "203.0.113.1" == peer_address(("10.0.0.1", 1), forwarded(f"{claim}, 203.0.113.1"), PROXIES)


@given(st.binary())
def test_no_header_breaks_the_reading(value: bytes) -> None:
    peer_address(("10.0.0.1", 1), [(b"x-forwarded-for", value)], PROXIES)
