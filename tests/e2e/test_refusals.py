"""What is not proven, not known or too long is refused, leaves no webhook behind and never reaches VTEX."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.parcels import SCANS, add_orders, parcels, signature
from tests.e2e.relay import Relay, account
from tests.emulator import VtexEmulator

LIMIT = 65_536
PARCEL = parcels(1)[0]
BODY = PARCEL.webhook(SCANS)


@pytest.fixture(scope="module")
def emulator() -> Iterator[VtexEmulator]:
    with VtexEmulator() as emulator:
        add_orders(emulator, [PARCEL])
        yield emulator


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, emulator: VtexEmulator) -> Iterator[Relay]:
    """One relay for all: none of these requests may change anything."""
    folder: Path = tmp_path_factory.mktemp("relay")
    relay = Relay(folder, account(emulator.url), settings=f"max_body_bytes = {LIMIT}")
    try:
        relay.start()
        relay.until_ready()
        relay.register(PARCEL)
        yield relay
    finally:
        relay.close()


@pytest.fixture(autouse=True)
def nothing_happened(relay: Relay, emulator: VtexEmulator) -> Iterator[None]:
    """Prove after each request that it was refused and not merely answered so."""
    yield
    assert [] == list(relay.webhooks())
    assert [] == emulator.puts()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="missing"),
        pytest.param({"X-Hmac-Signature": ""}, id="empty"),
        pytest.param({"X-Hmac-Signature": "hmac-sha256-hex="}, id="only a prefix"),
        pytest.param({"X-Hmac-Signature": signature(BODY, "another-invented-secret")}, id="another secret"),
        pytest.param({"X-Hmac-Signature": signature(BODY, "")}, id="an empty secret"),
        pytest.param({"X-Hmac-Signature": signature(BODY + b" ")}, id="another body"),
        pytest.param({"X-Hmac-Signature": signature(BODY)[:-1]}, id="cut short"),
    ],
)
def test_a_webhook_without_the_right_signature_is_answered_401(relay: Relay, headers: dict[str, str]) -> None:
    answer = relay.post(BODY, headers=headers)

    assert 401 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert signature(BODY).partition("=")[2] not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/webhooks/nobody/demo", "/webhooks/easypost/nobody", "/webhooks/loggi/demo", "/webhooks/easypost", "/w/nobody"],
)
def test_an_unknown_carrier_or_account_is_answered_404(relay: Relay, path: str) -> None:
    headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature(BODY)}

    answer = httpx.post(relay.url + path, content=BODY, headers=headers)

    assert 404 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.parametrize("size", [LIMIT + 1, 4 * LIMIT])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_over_the_limit_is_answered_413(relay: Relay, declared: bool, size: int) -> None:
    body = BODY.ljust(size)
    headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature(body)}

    content = body if declared else (body[start : start + 8192] for start in range(0, size, 8192))
    answer = httpx.post(f"{relay.url}/webhooks/easypost/demo", content=content, headers=headers)

    assert 413 == answer.status_code
    assert str(LIMIT) in answer.json()["detail"]


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_as_long_as_the_limit_is_read_whole(relay: Relay, declared: bool) -> None:
    """Ask the route that verifies and stores nothing."""
    body = BODY.ljust(LIMIT)
    headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature(body)}

    content = body if declared else (body[start : start + 8192] for start in range(0, LIMIT, 8192))
    answer = httpx.post(f"{relay.url}/webhooks/easypost/demo/verify", content=content, headers=headers)

    assert 204 == answer.status_code
