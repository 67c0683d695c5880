"""The overview: how it goes, and how it went."""

from datetime import timedelta
from typing import Any

from app.store.lags import count_lags
from app.store.tallies import tally
from tests.console.conftest import Enter
from tests.console.filling import do, told
from tests.console.visitor import Visitor
from tests.web.stage import Clock, Relay, webhook_body


def test_what_arrives_is_counted_hour_by_hour(relay: Relay, enter: Enter, clock: Clock) -> None:
    for number in range(3):
        told(relay, webhook_body(f"A{number}"))
    clock.advance(hours=5)
    told(relay, webhook_body("B"))
    id_ = told(relay, webhook_body("C"))
    relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "again"})

    page = enter().open("")
    counted = relay.ops("GET", "/activity").json()["items"]

    assert "Webhooks read 5 0.2 an hour" in page.text
    assert [("2026-03-04T18:00:00Z", 3), ("2026-03-04T23:00:00Z", 2)] == [
        (item["hour"], item["count"]) for item in counted
    ]
    bars = [attributes for tag, attributes in page.tags if tag == "rect" and attributes["class"] == "mapped"]
    assert [("90.0", "30.0"), ("60.0", "60.0")] == [(bar["height"], bar["y"]) for bar in bars]
    clock.advance(hours=24)
    assert "Webhooks read 0 0 an hour" in enter().open("").text
    for hours in ("168", "720"):
        assert "Webhooks read 5" in enter().open("", hours=hours).text
    assert 422 == enter().get("", hours="1000000").status_code


def test_the_overview_says_how_long_it_takes_to_vtex(relay: Relay, me: Visitor) -> None:
    now = relay.dependencies.now()

    def count(connection: Any) -> None:
        count_lags(connection, "mystore", [timedelta(seconds=2)] * 99 + [timedelta(hours=2)], made=7, now=now)
        tally(connection, "mystore", "", "applied", made=7, now=now)
        tally(connection, "mystore", "", "failed", made=7, now=now)

    do(relay, count)
    page = me.open("")
    told = relay.ops("GET", "/activity/summary", params={"hours": 48, "step_hours": 24}).json()

    assert "Calls that VTEX accepted 1 50 % of all calls From webhook to VTEX 1.5 s p95 2.0 s · p99 2.0 s" in page.text
    paths = [attributes["class"] for tag, attributes in page.tags if tag == "path"]
    assert ["p50 alone", "p95 alone", "p99 alone"] == paths
    assert (0.5, 100, [0, 100]) == (
        told["total"]["success_rate"],
        told["total"]["latency"]["count"],
        [item["latency"]["count"] for item in told["items"]],
    )
    assert None is relay.ops("GET", "/activity/summary", params={"account": "other"}).json()["total"]["success_rate"]
