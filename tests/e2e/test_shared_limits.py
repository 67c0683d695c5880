"""What an account may get holds for all processes together: VTEX counts its calls, whoever makes them."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.conftest import StartEmulator
from tests.e2e.parcels import Parcel, add_orders, misdeeds, parcels
from tests.e2e.relay import COMMAND, Relay, account, free_port, until
from tests.emulator import VtexEmulator
from tests.emulator.calls import Call
from tests.postgresql.databases import Databases

pytestmark = pytest.mark.timeout(300)

PLACES: Final = 3
RATE: Final = 10
LATE_SECONDS: Final = 2.0
"""How long a call may be on its way: calls that were allowed apart may arrive together."""


@pytest.fixture
def url(tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one("postgresql", tmp_path) as made:
        yield made


@contextmanager
def two_relays(tmp_path: Path, url: str, vtex_url: str, *limits: str) -> Iterator[list[Relay]]:
    """Run two processes that do everything, with the same account."""
    of_account = account(vtex_url, history="delta").replace("rate_per_second = 200\n", "")
    head, carriers = of_account.split("[accounts.demo.carriers", 1)
    limited = "\n".join((head, "first_read = false", *limits, f"[accounts.demo.carriers{carriers}"))
    relays = []
    with ExitStack() as stack:
        for number in range(2):
            folder = tmp_path / f"relay-{number}"
            folder.mkdir()
            relays.append(Relay(folder, limited, settings=f'database_url = "{url}"'))
            stack.callback(relays[-1].close)
            relays[-1].start()
        for relay in relays:
            relay.until_ready()
        yield relays


def tell(relays: Sequence[Relay], sent: Sequence[Parcel]) -> None:
    """Have each parcel's first scan taken in, by one process and by the other in turn."""
    relays[0].register(*sent)
    for relay, parcel in zip(cycle(relays), sent, strict=False):
        relay.accept(parcel.webhook(1))


def until_all_came(vtex: VtexEmulator, sent: Sequence[Parcel]) -> list[Call]:
    """Wait until each parcel has its call, and return the calls as they began."""
    until(lambda: len(ended(vtex)) >= len(sent), seconds=90, failing=lambda: len(ended(vtex)))
    assert {parcel.order for parcel in sent} == {call.order for call in vtex.puts()}
    assert [] == misdeeds(vtex)
    return sorted(ended(vtex), key=lambda call: call.started)


def ended(vtex: VtexEmulator) -> list[Call]:
    return [call for call in vtex.puts() if call.ended is not None]


def most_at_a_time(calls: Sequence[tuple[float, float]]) -> int:
    """Count how many calls VTEX was busy with at once, at most, by their beginnings and ends."""
    changes = [(started, 1) for started, _ in calls] + [(ended, -1) for _, ended in calls]
    running = most = 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


def test_two_processes_together_have_no_more_calls_in_flight_than_an_account_allows(
    start_emulator: StartEmulator, tmp_path: Path, url: str
) -> None:
    vtex = start_emulator(mode="append", latency_seconds=0.1)
    sent = parcels(40)
    add_orders(vtex, sent)
    with two_relays(tmp_path, url, vtex.url, "rate_per_second = 1000", f"concurrency = {PLACES}") as relays:
        tell(relays, sent)

        calls = until_all_came(vtex, sent)
        assert PLACES == most_at_a_time([(call.started, call.ended or call.started) for call in calls])
        assert [0, 0] == [relay.stop() for relay in relays]


@pytest.fixture
def sandbox() -> Iterator[httpx.Client]:
    """Run the bundled VTEX, whose every call takes a tenth of a second."""
    port = free_port()
    command = [COMMAND[0], "sandbox", "--port", str(port), "--mode", "append"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                until(lambda: is_there(client), seconds=60, failing=lambda: "the sandbox does not answer")
                slow = {"kind": "latency", "seconds": 0.1}
                client.post("/sandbox/api/faults", json=slow).raise_for_status()
                yield client
        finally:
            process.kill()


def is_there(client: httpx.Client) -> bool:
    try:
        return client.get("/sandbox/api/options").is_success
    except httpx.TransportError:
        return False


def puts_of(sandbox: httpx.Client) -> list[dict[str, Any]]:
    entries = sandbox.get("/sandbox/api/journal", params={"limit": 1000}).json()["items"]
    return [entry for entry in entries if entry["method"] == "PUT"]


def test_the_bundled_vtex_sees_no_more_calls_at_a_time_either(sandbox: httpx.Client, tmp_path: Path, url: str) -> None:
    sent = parcels(30)
    for parcel in sent:
        invoice = {"invoice_number": parcel.invoice, "tracking_number": parcel.tracking_number}
        seed = {"account": "demo", "order_id": parcel.order, "invoices": [invoice]}
        sandbox.post("/sandbox/api/orders", json=seed).raise_for_status()
    vtex_url = str(sandbox.base_url).rstrip("/")
    with two_relays(tmp_path, url, f"{vtex_url}/demo", "rate_per_second = 1000", f"concurrency = {PLACES}") as relays:
        tell(relays, sent)
        until(lambda: len(puts_of(sandbox)) >= len(sent), seconds=90, failing=lambda: puts_of(sandbox)[-3:])

        calls = puts_of(sandbox)
        assert {(parcel.order, 200) for parcel in sent} == {(call["order_id"], call["status"]) for call in calls}
        starts = [datetime.fromisoformat(call["time"][:26] + "+00:00").timestamp() for call in calls]
        ends = [start + call["duration_ms"] / 1000 for start, call in zip(starts, calls, strict=True)]
        assert PLACES == most_at_a_time(list(zip(starts, ends, strict=True)))
        assert [0, 0] == [relay.stop() for relay in relays]


def test_two_processes_together_start_no_more_calls_in_any_time_than_an_account_s_rate_allows(
    start_emulator: StartEmulator, tmp_path: Path, url: str
) -> None:
    vtex = start_emulator(mode="append")
    sent = parcels(80)
    add_orders(vtex, sent)
    with two_relays(tmp_path, url, vtex.url, f"rate_per_second = {RATE}", "concurrency = 50") as relays:
        # What is due when it begins, a budget alone holds back.
        relays[0].tell("accounts/demo/pause", {"reason": "until all is there"})
        tell(relays, sent)
        until(lambda: relays[1].ask("accounts")["items"][0]["due"] >= len(sent), seconds=60, failing=lambda: "")
        relays[0].tell("accounts/demo/resume", {"reason": "all is there"})

        starts = [call.started for call in until_all_came(vtex, sent)]
        # A budget that was full, and what was added to it meanwhile: two budgets would let twice as many through.
        too_many = [
            (first, last)
            for first in range(len(starts))
            for last in range(first, len(starts))
            if last - first + 1 > RATE + RATE * (starts[last] - starts[first] + LATE_SECONDS)
        ]
        assert [] == too_many
        assert [0, 0] == [relay.stop() for relay in relays]
