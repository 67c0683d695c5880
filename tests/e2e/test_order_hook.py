"""VTEX's order hook alone tells the relay whose parcels are: before, after and long after the carrier speaks."""

import subprocess
from datetime import UTC, datetime

import httpx

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import Parcel, add_orders, misdeeds, parcels, timeline
from tests.e2e.relay import COMMAND, TOKEN, Relay, account, until
from tests.emulator import VtexEmulator

KEY = "an-invented-hook-key"
SECONDS = 20.0


def hooked(url: str) -> str:
    # A command makes its call once: on a busy machine a second may not be enough for it.
    patient = account(url).replace("request_timeout_seconds = 1\n", "request_timeout_seconds = 10\n")
    return patient.replace("history =", f'hook_key = "{KEY}"\nhistory =', 1)


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

    # The carrier spoke first, VTEX invoices later: merchants are promised a second, many times what it takes.
    add_orders(emulator, early)
    waits = []
    for parcel in early:
        assert "due" == notify(relay, parcel)
        waits.append(until_shown(emulator, parcel, 2))
    assert max(waits) < 1.0

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


def command(relay: Relay, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does, beside the relay that runs."""
    environment = relay.environment | {"RELAY_OPS_URL": relay.url, "RELAY_OPS_TOKEN": TOKEN}
    return subprocess.run(
        [COMMAND[0], "hook", *arguments],
        cwd=relay.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_hook_that_was_installed_by_command_brings_an_order_that_comes_after_its_webhooks(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator()
    relay = start_relay(hooked(emulator.url))
    early, patched = parcels(2)

    installed = command(relay, "install", "demo")
    assert 0 == installed.returncode, installed.stderr
    assert "tells this relay" in installed.stdout
    for parcel in (early, patched):
        relay.accept(parcel.webhook(2))
    relay.until_idle()

    # Nobody tells the relay but VTEX itself.
    add_orders(emulator, [early])
    until_shown(emulator, early, 2)
    add_orders(emulator, [patched], numbers=False)
    relay.until_idle()
    assert [] == timeline(emulator, patched)
    emulator.patch_invoice(patched.order, patched.invoice, trackingNumber=patched.tracking_number)
    until_shown(emulator, patched, 2)

    url = f"{relay.url}/vtex/demo/orders-hook"
    assert [(order, url, 200) for order in (early.order, patched.order, patched.order)] == emulator.hooks.told
    assert [] == misdeeds(emulator)
    removed = command(relay, "remove", "demo")
    assert (0, {}) == (removed.returncode, emulator.hooks.configs), removed.stderr
