"""Public keys of carriers: fetched when they are needed, kept for a day, and never mistaken for missing."""

import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.egress import Egress
from app.errors import LookupFailed
from app.keyring import Keyring
from tests.store.making import Clock

pytestmark = pytest.mark.anyio

URL = "https://carrier.example/jwks"


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def key(key_id: str, bits: int = 2048, **more: Any) -> dict[str, Any]:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key().public_numbers()
    return {"kty": "RSA", "kid": key_id, "n": number(public.n), "e": number(public.e), **more}


class Publisher:
    """Publish keys, or fail to."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = keys
        self.status = 200
        self.asked = 0
        self.clock = Clock()
        self.egress = Egress(transport=httpx.MockTransport(self))
        self.keyring = Keyring(self.egress, self.clock)

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, content=json.dumps({"keys": self.keys}).encode())


async def test_keys_are_found_once_they_were_fetched_and_for_a_day() -> None:
    publisher = Publisher(key("a"), {"kty": "EC", "kid": "b"}, key("weak", 1024), {"kid": "c", "kty": "RSA"})

    assert publisher.keyring.find(URL, "a") is None
    await publisher.keyring.fetch(URL)

    assert publisher.keyring.find(URL, "a") is not None
    assert [None, None, None] == [publisher.keyring.find(*each) for each in ((URL, "b"), (URL, "weak"), ("x", "a"))]
    publisher.clock.advance(hours=24, seconds=1)
    assert publisher.keyring.find(URL, "a") is None


async def test_strangers_who_name_unknown_keys_make_few_calls() -> None:
    publisher = Publisher(key("a"))

    for _ in range(50):
        await publisher.keyring.fetch(URL)
    publisher.clock.advance(seconds=31)
    await publisher.keyring.fetch(URL)

    assert 2 == publisher.asked


async def test_a_key_set_that_cannot_be_had_is_our_fault_also_while_it_is_not_asked_for_again() -> None:
    publisher = Publisher(key("a"))
    await publisher.keyring.fetch(URL)
    publisher.clock.advance(days=2)
    publisher.status = 500

    for _ in range(3):
        with pytest.raises(LookupFailed):
            await publisher.keyring.fetch(URL)

    assert 2 == publisher.asked
    publisher.status = 200
    publisher.clock.advance(seconds=31)
    await publisher.keyring.fetch(URL)
    assert publisher.keyring.find(URL, "a") is not None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"keys": 1}', b"\xff", b"x" * 300_000])
async def test_what_is_no_key_set_is_a_failed_look_up(body: bytes) -> None:
    egress = Egress(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body)))

    with pytest.raises(LookupFailed):
        await Keyring(egress, Clock()).fetch(URL)
