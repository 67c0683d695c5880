"""How many calls an account may be called with, as operators set it while the relay runs."""

from typing import Any

import pytest

from app.account import Account
from app.vtex import Gate
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay

ASKED = {"rate_per_second": 2.5, "concurrency": 3, "reason": "VTEX asked us to be gentle"}


def limited(relay: Relay, **asked: Any) -> dict[str, Any]:
    answer = relay.ops("PUT", "/accounts/mystore/limits", json={**ASKED, **asked})
    assert 200 == answer.status_code, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_they_hold_from_now_on_are_shown_and_written_down(start: Start) -> None:
    told: list[tuple[str, float | None, int | None]] = []
    relay = start(limit=lambda *limits: told.append(limits))

    shown = limited(relay)
    (entry,) = relay.ops("GET", "/audit", params={"action": "account.limited"}).json()["items"]

    assert [("mystore", 2.5, 3)] == told
    assert (2.5, 3, True) == (shown["rate_per_second"], shown["concurrency"], shown["is_limited"])
    assert ("operator", "account:mystore", ASKED["reason"]) == (entry["actor"], entry["target"], entry["reason"])
    assert {"rate_per_second": None, "concurrency": None} == entry["detail"]["before"]
    others = {item["account"]: item["is_limited"] for item in relay.ops("GET", "/accounts").json()["items"]}
    assert {"mystore": True, "other": False} == others


def test_without_limits_the_settings_hold_again(relay: Relay) -> None:
    limited(relay)
    shown = limited(relay, rate_per_second=None, concurrency=None)

    assert (20.0, 8, False) == (shown["rate_per_second"], shown["concurrency"], shown["is_limited"])


@pytest.mark.parametrize(
    "asked", [{"rate_per_second": 0}, {"rate_per_second": -1}, {"concurrency": 0}, {"concurrency": 9}, {"reason": ""}]
)
def test_what_cannot_hold_is_refused(relay: Relay, asked: dict[str, Any]) -> None:
    answer = relay.ops("PUT", "/accounts/mystore/limits", json={**ASKED, **asked})

    assert 422 == answer.status_code
    assert [] == relay.ops("GET", "/audit", params={"action": "account.limited"}).json()["items"]


def test_a_gate_goes_by_them_at_once_and_by_the_settings_again(clock: Clock) -> None:
    gate = Gate(Account(name="a", base_url="http://a", app_key="k", app_token="t"))
    assert 8 == gate.free(clock())
    gate.limit(2.0, 3)
    clock.advance(seconds=1)
    assert 2 == gate.free(clock())
    gate.limit(None, 3)
    clock.advance(seconds=1)
    assert 3 == gate.free(clock())
    gate.limit(None, None)

    assert 8 == gate.free(clock())
