"""A relay whose database goes away and comes back."""

from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import StartEmulator
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import Relay, account, until
from tests.postgresql.server import running

pytestmark = pytest.mark.timeout(300)


def readiness(relay: Relay) -> httpx.Response:
    """Ask whether the relay can do its work; an answer may be a second old."""
    return httpx.get(f"{relay.url}/readyz", timeout=30)


def test_while_the_database_is_gone_webhooks_are_answered_503_and_afterwards_all_is_where_it_belongs(
    start_emulator: StartEmulator, tmp_path: Path
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(3)
    add_orders(emulator, sent)
    with running() as server:
        server.execute("CREATE DATABASE relay")
        relay = Relay(tmp_path, account(emulator.url), settings=f'database_url = "{server.url("relay")}"')
        relay.start()
        try:
            relay.until_ready()
            relay.register(*sent)
            for parcel in sent:
                relay.accept(parcel.webhook(1))

            server.stop()
            refused = relay.post(sent[0].webhook(2))
            assert 503 == refused.status_code
            assert int(refused.headers["Retry-After"]) > 0
            until(lambda: 503 == readiness(relay).status_code, seconds=15, failing=lambda: readiness(relay).text)
            assert "ok" != readiness(relay).json()["checks"]["store"]
            assert httpx.get(f"{relay.url}/livez", timeout=30).is_success

            server.start()
            relay.until_ready()
            for parcel in sent:
                for length in range(2, SCANS + 1):
                    relay.accept(parcel.webhook(length))
            until(
                lambda: deviations(emulator, sent) == [],
                seconds=90,
                failing=lambda: str(deviations(emulator, sent)),
            )
            assert [] == misdeeds(emulator)
            assert 0 == relay.stop()
        finally:
            relay.close()


def test_nothing_is_answered_2xx_that_no_standby_holds_yet(start_emulator: StartEmulator, tmp_path: Path) -> None:
    (parcel,) = parcels(1)
    with running() as server:
        server.execute("CREATE DATABASE relay")
        relay = Relay(tmp_path, account(start_emulator().url), settings=f'database_url = "{server.url("relay")}"')
        relay.start()
        try:
            relay.until_ready()
            server.execute("ALTER SYSTEM SET synchronous_standby_names = 'away'", "SELECT pg_reload_conf()")
            until(
                lambda: [("away",)] == server.execute("SHOW synchronous_standby_names"), seconds=15, failing=lambda: ""
            )
            # The first waits for its COMMIT, the second for the first: neither is told that it is kept.
            assert not is_taken(relay, parcel.webhook(1))
            assert not is_taken(relay, parcel.webhook(2))

            server.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
            relay.until_ready()
            relay.accept(parcel.webhook(1))
            relay.accept(parcel.webhook(2))
            assert 2 == len(list(relay.webhooks()))
            assert 0 == relay.stop()
        finally:
            relay.close()


def is_taken(relay: Relay, body: bytes) -> bool:
    """Post a webhook, and tell whether it was answered 2xx before the carrier's patience ended."""
    try:
        return relay.post(body).is_success
    except httpx.ReadTimeout:
        return False
