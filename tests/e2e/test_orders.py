"""Orders that nobody registers reach their timelines through VTEX's feed alone, and through looking back alone."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import account, until
from tests.emulator import VtexEmulator
from tests.emulator.feed import Feed

SECONDS = 40.0
FEED = {
    "filter": {
        "type": "FromOrders",
        "expression": "$count(packageAttachment.packages) > 0",
        "disableSingleFire": True,
    },
    "queue": {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 1_209_600},
}


def told_by(url: str, settings: str) -> str:
    return account(url).replace("[accounts.demo.carriers", f"{settings}\n[accounts.demo.carriers", 1)


def wanting(emulator: VtexEmulator) -> Feed:
    feed = emulator.feed()
    feed.config, feed.copies, feed.short_lots = FEED, 0.3, True
    return feed


def test_orders_invoiced_and_numbered_later_reach_their_timelines_through_the_feed_alone(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator()
    feed = wanting(emulator)
    relay = start_relay(told_by(emulator.url, "feed = true\nsweep_minutes = 0"))
    sent = parcels(20)
    for parcel in sent:
        relay.accept(parcel.webhook(SCANS))
    add_orders(emulator, sent, numbers=False)
    relay.kill()
    relay.start()
    for parcel in sent:
        emulator.patch_invoice(parcel.order, parcel.invoice, trackingNumber=parcel.tracking_number)
    relay.until_ready()

    until(lambda: not deviations(emulator, sent), seconds=SECONDS, failing=lambda: deviations(emulator, sent))
    until(lambda: not feed.waiting, seconds=SECONDS, failing=lambda: len(feed.waiting))
    assert [] == misdeeds(emulator)


@pytest.mark.parametrize("way", ["sweep", "backfill"])
def test_orders_reach_their_timelines_through_looking_back_alone(
    way: str, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator()
    relay = start_relay(told_by(emulator.url, f"sweep_minutes = {0.02 if way == 'sweep' else 0}"))
    sent = parcels(120)
    at = datetime.now(UTC) - timedelta(hours=1)
    for parcel in sent:
        relay.accept(parcel.webhook(SCANS))
        invoice = {"invoiceNumber": parcel.invoice, "trackingNumber": parcel.tracking_number}
        emulator.add_order(parcel.order, [invoice], invoiced=at.isoformat())
    if way == "backfill":
        since = (at - timedelta(days=40)).isoformat()
        asked = relay.tell("backfills", {"account": "demo", "since": since})
        assert "running" == asked["state"]
        relay.kill()
        relay.start()
        relay.until_ready()

    until(lambda: not deviations(emulator, sent), seconds=SECONDS, failing=lambda: deviations(emulator, sent)[:5])
    assert [] == misdeeds(emulator)


def test_numbers_that_came_after_a_backfill_are_found_by_the_next_one_alone(
    start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    emulator = start_emulator(read_lag_seconds=0.0)
    relay = start_relay(told_by(emulator.url, "sweep_minutes = 0"))
    sent, at = parcels(20), datetime.now(UTC) - timedelta(hours=1)
    for parcel in sent:
        relay.accept(parcel.webhook(SCANS))
        emulator.add_order(parcel.order, [{"invoiceNumber": parcel.invoice}], invoiced=at.isoformat())

    def look_back() -> None:
        asked = relay.tell("backfills", {"account": "demo", "since": (at - timedelta(days=1)).isoformat()})
        path = f"backfills/{asked['id']}"

        def is_read() -> bool:
            shown = relay.ask(path)
            return shown["resume_at"] is not None and not shown["unread"]

        until(is_read, seconds=SECONDS, failing=lambda: relay.ask(path))

    look_back()
    assert 20 == len({call.order for call in emulator.calls if call.order})
    for parcel in sent:
        emulator.patch_invoice(parcel.order, parcel.invoice, trackingNumber=parcel.tracking_number)
    look_back()

    until(lambda: not deviations(emulator, sent), seconds=SECONDS, failing=lambda: deviations(emulator, sent)[:5])
    assert [] == misdeeds(emulator)
