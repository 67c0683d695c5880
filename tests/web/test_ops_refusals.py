from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.model import Webhook
from app.web.refusals import Refusals
from tests.web.stage import SOURCES, Clock, Relay, webhook_body

SAMPLE = Webhook(
    method="POST",
    path="/webhooks/signed/mystore",
    query="",
    headers=(),
    body=b"{}",
    received_at=datetime(2026, 3, 4, tzinfo=UTC),
)
WRONG = {"X-Signature": "0" * 64}


def test_filters_select(relay: Relay, clock: Clock) -> None:
    first = relay.deliver(headers=WRONG).json()["id"]
    clock.advance(hours=1)
    second = relay.deliver(slug="xml", path="", headers=WRONG).json()["id"]
    clock.advance(hours=1)
    third = relay.deliver(path="/webhooks/signed/other", headers={"X-Signature": ""}).json()["id"]

    def found(**filters: str) -> list[str]:
        return [item["id"] for item in relay.refusals(**filters)]

    assert [third, second, first] == found()
    assert [second, first] == found(account="mystore")
    assert [third] == found(owner="other")
    assert [third, first] == found(carrier="signed")
    assert [second] == found(status="415")
    assert [first] == found(cause="wrong-credential")
    assert [third, second] == found(since="2026-03-04T19:04:31Z")
    assert [first] == found(until="2026-03-04T19:04:31Z")


def test_pages_follow_each_other(relay: Relay) -> None:
    refused = [relay.deliver(webhook_body(f"N{i}"), headers=WRONG).json()["id"] for i in range(5)]
    relay.refusals()
    first = relay.ops("GET", "/refusals", params={"limit": 3}).json()
    second = relay.ops("GET", "/refusals", params={"limit": 3, "cursor": first["next"]}).json()

    assert refused[::-1] == [item["id"] for item in first["items"] + second["items"]]
    assert second["next"] is None


@pytest.mark.parametrize("id_", ["ref_0000000000000", "wh_0000000000000", "ref_"])
def test_what_is_not_kept_is_not_found(relay: Relay, id_: str) -> None:
    assert 404 == relay.ops("GET", f"/refusals/{id_}").status_code


def test_a_flood_is_kept_in_part_and_holds_nobody_up(relay: Relay, clock: Clock) -> None:
    refusals = Refusals(relay.store, kept=10_000, most_bytes=1 << 30)
    webhook = replace(SAMPLE, received_at=clock())

    async def flood() -> None:
        for _ in range(300):
            cause = (401, "wrong-credential", "invented")
            refusals.add(refusals.next_id(), SOURCES[0], webhook, path="/webhooks/signed/mystore", size=2, cause=cause)
        await refusals.close(wait_seconds=60)

    relay.on_the_loop(flood())

    assert 44 == refusals.dropped
    assert 256 == len(relay.ops("GET", "/refusals", params={"limit": 500}).json()["items"])
