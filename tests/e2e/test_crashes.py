"""A relay that is killed, or asked to stop, in the middle of its work loses nothing and does nothing twice."""

import random
import subprocess
from threading import Event

import pytest

from tests.e2e.carrier import Carrier
from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import SCANS, Parcel, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import COMMAND, Relay, account, until
from tests.emulator import VtexEmulator
from tests.postgresql.databases import ENGINES

WEBHOOKS = 500
KILLS = 5
LONGEST_START_SECONDS = 40.0
SECONDS = 60.0
UNAVAILABLE = 4
"""The exit status of a command whose database is in use."""

# Each deadline is a bound for a busy machine; together they are more than a test ordinarily has.
pytestmark = pytest.mark.timeout(400)


def shuffled(sent: list[Parcel], dice: random.Random) -> list[tuple[str, bytes]]:
    """Tell every history of every parcel, in no order."""
    webhooks = [(parcel.account, parcel.webhook(length)) for parcel in sent for length in range(1, SCANS + 1)]
    dice.shuffle(webhooks)
    return webhooks


def judge(relay: Relay, emulator: VtexEmulator, carrier: Carrier, sent: list[Parcel]) -> None:
    """Prove that what was answered is there, once, and that the timelines say all of it, once."""
    until(
        lambda: not deviations(emulator, sent),
        seconds=SECONDS,
        failing=lambda: deviations(emulator, sent)[:10],
    )
    relay.until_idle()
    stored = [webhook["id"] for webhook in relay.webhooks()]
    assert set() == set(carrier.answered) - set(stored), "answered 2xx, and lost"
    assert len(sent) * SCANS == len(stored) == len(set(stored))
    assert [] == deviations(emulator, sent)
    assert [] == misdeeds(emulator)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_webhook_that_was_answered_is_lost_and_no_row_is_doubled_by_kills(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    dice = random.Random()  # noqa: S311 - moments of kills are no secret
    # Appending, it shows every row that is sent twice; a little slow, it is often at work when the kill comes.
    emulator = start_emulator(mode="append", latency_seconds=0.01)
    sent = parcels(WEBHOOKS // SCANS)
    add_orders(emulator, sent)
    relay = start_relay(account(emulator.url))
    relay.register(*sent)

    with Carrier(relay.url, shuffled(sent, dice)) as carrier:
        for answered in sorted(dice.sample(range(10, WEBHOOKS - 10), KILLS)):
            carrier.until(answered, seconds=LONGEST_START_SECONDS)
            Event().wait(dice.uniform(0, 0.02))
            relay.kill()
            relay.start()
        carrier.until_done(seconds=LONGEST_START_SECONDS)

    relay.until_ready()
    assert carrier.unanswered > 0, "no kill met a webhook on its way"
    judge(relay, emulator, carrier, sent)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stop_under_load_ends_with_0_and_loses_nothing(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append", latency_seconds=0.01)
    sent = parcels(40)
    add_orders(emulator, sent)
    relay = start_relay(account(emulator.url))
    relay.register(*sent)

    with Carrier(relay.url, shuffled(sent, random.Random())) as carrier:  # noqa: S311 - an order is no secret
        carrier.until(60, seconds=LONGEST_START_SECONDS)
        assert 0 == relay.stop()
        assert not carrier.is_done, "there was no load any more"
        relay.start()
        carrier.until_done(seconds=LONGEST_START_SECONDS)

    relay.until_ready()
    judge(relay, emulator, carrier, sent)


def test_a_second_process_on_the_same_database_says_so_and_ends_while_the_first_goes_on(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(1)
    add_orders(emulator, sent)
    relay = start_relay(account(emulator.url), settings="lock_wait_seconds = 0.2")
    relay.register(*sent)

    second = subprocess.run(
        [*COMMAND, "--port", "0"],
        cwd=relay.folder,
        env=relay.environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_START_SECONDS,
        check=False,
    )

    assert UNAVAILABLE == second.returncode
    assert "relay.db is owned by another process" in second.stderr
    assert "Traceback" not in second.stderr
    assert "Ready." not in second.stdout
    relay.accept(sent[0].webhook(SCANS))
    until(
        lambda: not deviations(emulator, sent),
        seconds=10,
        failing=lambda: deviations(emulator, sent),
    )
