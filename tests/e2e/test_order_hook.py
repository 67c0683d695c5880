"""VTEX's order hook alone tells the relay whose parcels are: before, after and long after the carrier speaks."""

from datetime import UTC, datetime

import httpx

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import Parcel, add_orders, misdeeds, parcels, timeline
from tests.e2e.relay import Relay, account, until
from tests.emulator import VtexEmulator

KEY = "an-invented-hook-key"
SECONDS = 20.0


def hooked(url: str) -> str:
    return account(url).replace("history =", f'hook_key = "{KEY}"\nhistory =', 1)


def notify(relay: Relay, parcel: Parcel) -> str:
    """Tell of an order as VTEX does."""
    body = {
        "Domain": "Fulfillment",
        "OrderId": parcel.order,
        "State": "invoiced",
        "LastChange": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
        "Origin": {"Account": "demo", "Key": "vtexappkey-demo-EXAMPLE"},
    }
    answer = httpx.post(f"{relay.url}/vtex/demo/orders-hook", json=body, headers={"key": KEY}, timeout=5)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def until_shown(emulator: VtexEmulator, parcel: Parcel, length: int) -> float:
    return until(
        lambda: timeline(emulator, parcel) == parcel.rows(length),
        seconds=SECONDS,
        failing=lambda: timeline(emulator, parcel),
    )


def test_the_hook_alone_brings_parcels_to_their_orders(start_emulator: StartEmulator, start_relay: StartRelay) -> None:
    emulator = start_emulator()
    relay = start_relay(hooked(emulator.url))
    *early, patched, killed = parcels(5)
    for parcel in (*early, patched, killed):
        relay.accept(parcel.webhook(2))
    relay.until_idle()

    # The carrier spoke first, VTEX invoices later: at best it takes moments, whatever else this machine does.
    add_orders(emulator, early)
    waits = []
    for parcel in early:
        assert "due" == notify(relay, parcel)
        waits.append(until_shown(emulator, parcel, 2))
    assert min(waits) < 1.0

    # Invoiced without a number, which somebody writes into the package later.
    add_orders(emulator, [patched], numbers=False)
    notify(relay, patched)
    relay.until_idle()
    assert [] == timeline(emulator, patched)
    add_orders(emulator, [patched])
    notify(relay, patched)
    until_shown(emulator, patched, 2)

    # What was answered is done, although the process ended with the answer.
    add_orders(emulator, [killed])
    notify(relay, killed)
    relay.kill()
    relay.start()
    relay.until_ready()
    until(lambda: timeline(emulator, killed) == killed.rows(2), seconds=60, failing=lambda: timeline(emulator, killed))
    assert [] == misdeeds(emulator)
