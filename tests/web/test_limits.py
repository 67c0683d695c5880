"""What a sender may cost before it has proven who it is: refusals, unpacked bodies, and room on the disk."""

import gzip
import json
import zlib
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.web import Limits
from app.web.budgets import Budgets, network_of
from tests.web.conftest import Start
from tests.web.stage import LIMIT, Relay, sign, webhook_body

WRONG = {"X-Signature": "0" * 64}
PROXIES = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Seconds:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def counted(start: Start, seconds: Seconds) -> Relay:
    """Start a relay behind a proxy, which takes three refusals a minute from each address."""
    limits = Limits(body_bytes=LIMIT, refusals_per_minute=3)
    return start(limits=limits, clock=seconds, trusted_proxies=PROXIES)


def sent(relay: Relay, address: str) -> int:
    return relay.deliver(headers={"X-Forwarded-For": address, **WRONG}).status_code


def test_an_address_that_was_refused_too_often_is_turned_away_unseen_and_told_when_to_come_back(
    counted: Relay, seconds: Seconds
) -> None:
    assert [401, 401, 401, 429] == [sent(counted, "203.0.113.7") for _ in range(4)]
    answer = counted.deliver(headers={"X-Forwarded-For": "203.0.113.7", **WRONG})
    assert "20" == answer.headers["Retry-After"]
    assert "/problems/too-many-requests" == answer.json()["type"]

    seconds.passed = 20.0
    assert [401, 429] == [sent(counted, "203.0.113.7") for _ in range(2)]


def test_another_address_is_not_touched_by_it(counted: Relay) -> None:
    for _ in range(5):
        sent(counted, "203.0.113.7")

    assert 401 == sent(counted, "203.0.113.8")
    assert 200 == counted.deliver(headers={"X-Forwarded-For": "203.0.113.9"}).status_code


def test_the_addresses_of_one_ipv6_network_are_one_sender(counted: Relay) -> None:
    assert [401, 401, 401, 429] == [sent(counted, f"2001:db8:0:1::{n}") for n in range(4)]
    assert 401 == sent(counted, "2001:db8:0:2::1")


def test_what_a_sender_writes_into_the_header_itself_changes_nothing(counted: Relay) -> None:
    """The proxy appends whom it heard; a sender can only write to the left of that."""
    assert [401, 401, 401, 429] == [sent(counted, f"198.51.100.{n}, 203.0.113.7") for n in range(4)]


def test_an_address_that_proved_itself_is_always_looked_at_and_its_proven_webhooks_are_never_turned_away(
    counted: Relay, seconds: Seconds
) -> None:
    carrier = {"X-Forwarded-For": "203.0.113.7"}
    assert 200 == counted.deliver(headers=carrier).status_code
    assert [401] * 5 == [sent(counted, "203.0.113.7") for _ in range(5)]
    assert 200 == counted.deliver(webhook_body("QX004512346BR"), headers=carrier).status_code

    seconds.passed = 3601.0
    assert [401] * 3 + [429] == [sent(counted, "203.0.113.7") for _ in range(4)]


def test_beyond_its_budget_nothing_of_an_address_is_kept_as_evidence(counted: Relay) -> None:
    counted.deliver(headers={"X-Forwarded-For": "203.0.113.7"})
    for _ in range(6):
        sent(counted, "203.0.113.7")

    assert 3 == len(counted.refusals())


@pytest.mark.parametrize("path", ["/webhooks/nobody/nowhere", "/w/p7f4", "/webhooks/keyed/mystore/guessed"])
def test_addresses_cannot_be_guessed_without_end(counted: Relay, path: str) -> None:
    statuses = [counted.http.post(path, content=b"{}").status_code for _ in range(4)]

    assert [404, 404, 404, 429] == statuses


@pytest.mark.parametrize("path", ["/ops/v1/webhooks", "/ops/v1/refusals"])
def test_tokens_of_operators_cannot_be_guessed_without_end(counted: Relay, path: str) -> None:
    guess = {"Authorization": "Bearer guessed"}
    statuses = [counted.http.get(path, headers=guess).status_code for _ in range(4)]

    assert [401, 401, 401, 429] == statuses
    assert 200 == counted.http.get("/livez").status_code


def test_the_memory_of_addresses_is_bounded() -> None:
    budgets = Budgets(1)
    for number in range(30_000):
        budgets.charge(f"203.0.{number // 256}.{number % 256}")
        budgets.prove(f"198.51.{number // 256}.{number % 256}")

    assert 10_000 == len(budgets._budgets) == len(budgets._proven)  # noqa: SLF001 - its memory is the promise


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
def test_a_sender_is_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert network == network_of(address)


@pytest.fixture
def unpacking(start: Start) -> Relay:
    """Start a relay that unpacks bodies up to ten times their size."""
    return start(limits=Limits(body_bytes=LIMIT, decompressed_ratio=10))


def packed(relay: Relay, body: bytes, plain: bytes, encoding: str = "gzip") -> int:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding, "X-Signature": sign(plain)}
    return relay.http.post("/webhooks/signed/mystore", content=body, headers=headers).status_code


BODY = json.dumps(webhook_body()).encode()


def test_a_compressed_body_is_refused_unless_the_operator_says_otherwise(relay: Relay) -> None:
    assert 415 == packed(relay, gzip.compress(BODY), BODY)


def test_a_compressed_body_is_verified_and_read_as_what_was_compressed(unpacking: Relay) -> None:
    assert 200 == packed(unpacking, gzip.compress(BODY), BODY)
    item = unpacking.ops("GET", "/webhooks").json()["items"][0]
    assert len(BODY) == item["size"]


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        pytest.param(gzip.compress(b"0" * 2000), "gzip", 413, id="more than ten times its size"),
        pytest.param(gzip.compress(bytes(range(256)) * 17), "gzip", 413, id="longer than the limit"),
        pytest.param(gzip.compress(b"0" * 50_000_000), "gzip", 413, id="a bomb"),
        pytest.param(gzip.compress(gzip.compress(BODY)), "gzip", 401, id="packed twice"),
        pytest.param(gzip.compress(BODY)[:-9], "gzip", 415, id="cut"),
        pytest.param(gzip.compress(BODY) + gzip.compress(BODY), "gzip", 415, id="two members"),
        pytest.param(BODY, "gzip", 415, id="not packed at all"),
        pytest.param(zlib.compress(BODY), "deflate", 415, id="another encoding"),
        pytest.param(gzip.compress(BODY), "gzip, gzip", 415, id="two encodings"),
    ],
)
def test_a_compressed_body_that_is_not_what_it_seems_is_refused(
    unpacking: Relay, body: bytes, encoding: str, status: int
) -> None:
    assert status == packed(unpacking, body, BODY, encoding)


def test_when_the_disk_is_nearly_full_webhooks_are_answered_503_and_readyz_says_so(
    start: Start, tmp_path: Path
) -> None:
    relay = start(data_folder=tmp_path, limits=Limits(body_bytes=LIMIT, free_bytes=1 << 62))
    answer = relay.deliver()

    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])
    assert "/problems/store-unavailable" == answer.json()["type"]
    assert "less than 4611686018427387904 (min_free_bytes)" in answer.json()["detail"]
    assert 401 == relay.deliver(headers=WRONG).status_code
    assert [] == relay.refusals()
    ready = relay.http.get("/readyz")
    assert 503 == ready.status_code
    assert "min_free_bytes" in ready.json()["checks"]["disk"]


def test_webhooks_are_taken_again_when_there_is_room_again(start: Start, tmp_path: Path, seconds: Seconds) -> None:
    gone = tmp_path / "data"
    relay = start(data_folder=gone, clock=seconds)
    assert 503 == relay.deliver().status_code
    gone.mkdir()
    seconds.passed = 1.0

    assert 200 == relay.deliver().status_code


def test_the_order_hook_is_answered_503_when_the_disk_is_nearly_full(start: Start, tmp_path: Path) -> None:
    relay = start(
        data_folder=tmp_path, limits=Limits(free_bytes=1 << 62), hook_keys={"mystore": ("an-invented-hook-key",)}
    )
    answer = relay.http.post("/vtex/mystore/orders-hook", json={}, headers={"key": "an-invented-hook-key"})

    assert 503 == answer.status_code


def test_refusals_take_no_more_space_than_the_limit(start: Start) -> None:
    relay = start(limits=Limits(body_bytes=LIMIT, refusals_bytes=40_000, refusals_per_minute=1000))
    for _ in range(40):
        relay.http.post("/webhooks/signed/mystore", content=b"x" * 3000, headers=WRONG)
    kept = relay.refusals(limit=200)

    # When the limit is passed a sixteenth of it is freed.
    assert 9 <= len(kept) <= 11
    assert kept == sorted(kept, key=lambda each: str(each["id"]), reverse=True)
