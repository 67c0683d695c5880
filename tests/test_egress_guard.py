"""No call ends in a network of one's own, unless the operator wrote that down."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import httpx
import pytest

from app.egress import Egress, guarded
from app.egress.guard import is_public
from app.errors import CallFailed

pytestmark = pytest.mark.anyio

VTEX = "https://mystore.vtexcommercestable.example"


def leading_to(*addresses: str) -> "Names":
    return Names(addresses)


class Names:
    """Answer every name with the same addresses, and count how often it is asked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.addresses


INNER = [
    "10.0.0.5",
    "172.16.3.4",
    "192.168.1.1",
    "127.0.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.5",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", INNER)
async def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    find = guarded([VTEX], resolve=leading_to(address))

    with pytest.raises(httpx.ConnectError, match="is not a public address; if that is meant"):
        await find("mystore.vtexcommercestable.example", 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_one_inner_address_among_many_spoils_the_name() -> None:
    find = guarded([], resolve=leading_to("8.8.8.8", "10.0.0.5"))

    with pytest.raises(httpx.ConnectError, match=r"leads to 10\.0\.0\.5"):
        await find("two-faced.example", 443)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "http://sandbox:9000/path"]
)
async def test_a_host_of_ones_own_that_is_written_in_the_configuration_is_called(url: str) -> None:
    names = leading_to("127.0.0.1")
    host = httpx.URL(url).host

    assert ("127.0.0.1",) == await guarded([url], resolve=names)(host, 9000)
    with pytest.raises(httpx.ConnectError):
        await guarded([], resolve=names)(host, 9000)


async def test_a_private_network_that_is_named_may_be_called() -> None:
    find = guarded([VTEX], [ip_network("10.0.0.0/24")], resolve=leading_to("10.0.0.5"))

    assert ("10.0.0.5",) == await find("gateway.corp.example", 443)


async def test_the_call_goes_to_the_address_that_was_looked_at_and_the_name_is_not_asked_again() -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    names = leading_to("127.0.0.1")
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    find = guarded([], [ip_network("127.0.0.1/32")], resolve=names)
    async with server, Egress(resolve=find) as egress:
        reply = await egress.call("GET", f"http://carrier.example:{port}/x", headers={}, total_seconds=5)

    assert 204 == reply.status
    assert ["carrier.example"] == names.asked
    assert f"host: carrier.example:{port}".encode() in heads[0].lower()


async def test_a_refused_name_is_a_failed_call_that_says_why() -> None:
    async with Egress(resolve=guarded([VTEX], resolve=leading_to("169.254.169.254"))) as egress:
        with pytest.raises(CallFailed, match=r"leads to 169\.254\.169\.254, which is not a public address"):
            await egress.call("GET", f"{VTEX}/api", headers={}, total_seconds=5)
