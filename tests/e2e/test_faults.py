"""A VTEX that refuses, fails, drops connections and hides what it did still ends with the exact timelines."""

import random
from typing import get_args

from tests.e2e.carrier import Carrier
from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import account, until
from tests.emulator import Fault, Faults, Mode

MODES: tuple[Mode, ...] = get_args(Mode)
WRITES: dict[Fault, float] = {"429": 0.03, "500": 0.09, "drop-before": 0.08, "drop-after": 0.10}
READS: dict[Fault, float] = {"500": 0.05, "drop-before": 0.05}
PARCELS = 12
SECONDS = 40.0


def test_every_timeline_is_exact_within_40_seconds_whatever_a_put_does_and_however_often_it_fails(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    """Three accounts at once, each with its own VTEX: what one of them learns must not reach the others."""
    dice = random.Random(2)  # noqa: S311 - repeatable, and no secret
    emulators = {
        mode: start_emulator(
            mode=mode, latency_seconds=0.005, faults=Faults(seed=seed, writes=WRITES, reads=READS, retry_after="1")
        )
        for seed, mode in enumerate(MODES, 1)
    }
    sent = {mode: parcels(PARCELS, first=100 * index, account=mode) for index, mode in enumerate(MODES, 1)}
    accounts = [account(f"{emulators[mode].url}/{mode}", name=mode) for mode in MODES]
    relay = start_relay(*accounts)
    webhooks: list[tuple[str, bytes]] = []
    for mode in MODES:
        add_orders(emulators[mode], sent[mode])
        relay.register(*sent[mode])
        told = [(mode, parcel.webhook(length)) for parcel in sent[mode] for length in range(1, SCANS + 1)]
        webhooks += told + dice.sample(told, len(told) // 3)
    dice.shuffle(webhooks)

    def wrong() -> list[str]:
        return [f"{mode}: {wrong}" for mode in MODES for wrong in deviations(emulators[mode], sent[mode])]

    with Carrier(relay.url, webhooks) as carrier:
        took = until(lambda: carrier.is_done and not wrong(), seconds=SECONDS, failing=lambda: wrong()[:10])
    relay.until_idle(seconds=SECONDS - took + 5)

    assert [] == carrier.faults
    assert [] == wrong()
    assert {mode: [] for mode in MODES} == {mode: misdeeds(emulators[mode]) for mode in MODES}
    injected = {call.fault for emulator in emulators.values() for call in emulator.calls}
    assert {"429", "500", "drop-before", "drop-after"} <= injected, "a fault was never drawn"
