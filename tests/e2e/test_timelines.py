"""Growing histories end on VTEX's timeline as exactly the carrier's rows, whatever VTEX does with a PUT."""

import random
from datetime import UTC, datetime

import pytest

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import (
    FOREIGN,
    SCANS,
    Parcel,
    add_foreign_row,
    add_orders,
    deviations,
    misdeeds,
    parcels,
    timeline,
)
from tests.e2e.relay import Relay, account, until
from tests.emulator import VtexEmulator
from tests.postgresql.databases import ENGINES

PER_MODE = [
    ("append", "auto"),
    ("replace", "auto"),
    ("merge", "auto"),
    ("append", "delta"),
    ("merge", "delta"),
    ("replace", "full"),
    # VTEX takes what is there already for the same row.
    ("merge", "full"),
]
SECONDS = 20.0


def settle(relay: Relay, emulator: VtexEmulator, sent: list[Parcel], *, foreign: bool = False) -> None:
    """Wait until every timeline is right, and until nothing more is going to happen to it."""
    until(
        lambda: not deviations(emulator, sent, foreign=foreign),
        seconds=SECONDS,
        failing=lambda: deviations(emulator, sent, foreign=foreign),
    )
    relay.until_idle(seconds=SECONDS)
    assert [] == deviations(emulator, sent, foreign=foreign)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("mode", "history"), PER_MODE)
def test_each_scan_is_one_row_beside_those_of_another_writer(
    mode: str, history: str, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode=mode)
    relay = start_relay(account(emulator.url, history=history))
    sent = parcels(2)
    add_orders(emulator, sent)
    for parcel in sent:
        add_foreign_row(emulator, parcel)
    relay.register(*sent)

    # One scan after the other, so that VTEX gets as many calls as it would over a parcel's days.
    for length in range(1, SCANS + 1):
        for parcel in sent:
            relay.accept(parcel.webhook(length))
        for parcel in sent:
            wanted = [FOREIGN, *parcel.rows(length)]
            until(
                lambda parcel=parcel, wanted=wanted: wanted == timeline(emulator, parcel),  # type: ignore[misc]
                seconds=SECONDS,
                failing=lambda parcel=parcel: timeline(emulator, parcel),  # type: ignore[misc]
            )
            assert (length == SCANS) == emulator.shipment(parcel.order, parcel.invoice).finished

    settle(relay, emulator, sent, foreign=True)
    assert [] == misdeeds(emulator)
    assert ["mapped"] * SCANS * len(sent) == [webhook["state"] for webhook in relay.webhooks()]


@pytest.mark.parametrize("mode", ["append", "replace", "merge"])
def test_shuffled_and_repeated_histories_leave_each_row_once(
    mode: str, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode=mode)
    relay = start_relay(account(emulator.url))
    sent = parcels(6)
    add_orders(emulator, sent)
    relay.register(*sent)
    bodies = [parcel.webhook(length) for parcel in sent for length in range(1, SCANS + 1)]
    # The very same request again, and the same history under another id of the sender's.
    bodies += bodies[::2]
    bodies += [parcel.webhook(length, event=f"evt_again_{parcel.number}") for parcel in sent for length in (2, SCANS)]
    random.Random(mode).shuffle(bodies)  # noqa: S311 - repeatable, and no secret

    for body in bodies:
        relay.accept(body)

    settle(relay, emulator, sent)
    assert [] == misdeeds(emulator)


def test_a_webhook_that_comes_again_is_answered_with_the_first_ones_id(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    relay = start_relay(account(emulator.url))
    sent = parcels(1)
    add_orders(emulator, sent)
    relay.register(*sent)
    body = sent[0].webhook(SCANS)

    answers = [relay.post(body).json() for _ in range(3)]
    settle(relay, emulator, sent)
    answers.append(relay.post(body).json())
    relay.until_idle()

    first = answers[0]["id"]
    assert {"id": first, "status": "accepted"} == answers[0]
    assert [{"id": first, "status": "duplicate"}] * 3 == answers[1:]
    assert [(first, 3)] == [(webhook["id"], webhook["duplicates"]) for webhook in relay.webhooks()]
    assert [] == deviations(emulator, sent)
    assert 1 == len(emulator.puts())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_webhook_from_before_its_shipment_is_on_the_timeline_a_second_after_that_is_known(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(mode="append")
    relay = start_relay(account(emulator.url))
    sent = parcels(5)
    # VTEX's packages have no tracking number, so that only an operator can say whose it is.
    add_orders(emulator, sent, numbers=False)
    for parcel in sent:
        relay.accept(parcel.webhook(SCANS))
    relay.until_idle()
    assert [] == emulator.puts()

    for parcel in sent:
        asked = datetime.now(UTC)
        relay.register(parcel)
        until(
            lambda parcel=parcel: parcel.rows() == timeline(emulator, parcel),  # type: ignore[misc]
            seconds=1.0,
            failing=lambda parcel=parcel: timeline(emulator, parcel),  # type: ignore[misc]
        )
        created = emulator.timeline(parcel.order, parcel.invoice)[-1].created
        assert (datetime.fromisoformat(created) - asked).total_seconds() < 1.0

    settle(relay, emulator, sent)
    assert [] == misdeeds(emulator)
