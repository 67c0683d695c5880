"""A relay's clock is set by hours: no call is made a second time, and nothing waits for hours."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import SCANS, Parcel, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import Relay, account, until
from tests.emulator import VtexEmulator
from tests.soak.surroundings import Clock

pytestmark = pytest.mark.timeout(300)

HOURS = timedelta(hours=3)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    if not Clock.is_there():
        pytest.fail("faketime is not installed: run `bash deploy/install-test-tools.sh`, as `make test` does")
    return Clock(tmp_path / "clock")


def started(clock: Clock, emulator: VtexEmulator, start_relay: StartRelay) -> Relay:
    variables = (f"{name}={value}" for name, value in clock.variables.items())
    return start_relay(account(emulator.url), prefix=("env", *variables))


def arrives(relay: Relay, emulator: VtexEmulator, sent: Sequence[Parcel]) -> None:
    """See everything arrive within a minute, exactly."""
    until(lambda: not deviations(emulator, sent), seconds=60, failing=lambda: deviations(emulator, sent))
    patiently(relay.until_idle)
    assert [] == misdeeds(emulator)


def patiently(ask: Callable[[], object]) -> None:
    """Ask again whoever is slow: what stands between a process and its clock costs it dearly on a busy machine."""
    deadline = time.monotonic() + 60
    while True:
        try:
            ask()
        except httpx.ReadTimeout:
            if time.monotonic() > deadline:
                raise
        else:
            return


@pytest.mark.parametrize("by", [HOURS, -HOURS])
def test_a_clock_that_is_set_and_set_right_again_neither_doubles_nor_delays_anything(
    by: timedelta, clock: Clock, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(4)
    add_orders(emulator, sent)
    relay = started(clock, emulator, start_relay)
    try:
        patiently(lambda: relay.register(*sent))
        # The first calls are in flight when the clock is set, and are applied although nobody hears of it.
        emulator.fail_next("hang-after", "hang-after", "hang-after", "hang-after")
        for length, jump in ((2, by), (4, -by)):
            for parcel in sent:
                patiently(partial(relay.accept, parcel.webhook(length)))
            until(lambda: bool(emulator.calls), seconds=30, failing=lambda: "nothing was called")
            clock.jump(jump)
            noticed = f'"seconds": {jump.total_seconds():.0f}'
            until(lambda said=noticed: said in relay.log.read_text(), seconds=20, failing=relay.log.read_text)  # type: ignore[misc]
        for parcel in sent:
            patiently(partial(relay.accept, parcel.webhook(SCANS)))
        arrives(relay, emulator, sent)
    finally:
        relay.close()
        clock.forget(relay.running.pid)


def test_what_waited_by_a_clock_that_was_ahead_does_not_wait_after_a_restart_by_one_that_is_right(
    clock: Clock, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(3)
    add_orders(emulator, sent)
    clock.set(HOURS)
    relay = started(clock, emulator, start_relay)
    try:
        patiently(lambda: relay.register(*sent))
        for _ in range(12):
            emulator.fail_next("500")
        for parcel in sent:
            patiently(partial(relay.accept, parcel.webhook(SCANS)))
        until(lambda: len(emulator.calls) >= len(sent), seconds=30, failing=lambda: emulator.calls)
        relay.kill()
        clock.forget(relay.running.pid)
        clock.set(timedelta(0))
        relay.start()
        relay.until_ready()
        arrives(relay, emulator, sent)
    finally:
        relay.close()
        clock.forget(relay.running.pid)
