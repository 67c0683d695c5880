"""What closes an account and what opens it: operators, VTEX's answers, and time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sandbox import Credential
from tests.accounts.stage import NOW, Stage, Start

WAIT_SECONDS = 600
GOOD = Credential(account="demo", app_key="an-app-key", app_token="an-app-token")


def known(account: dict[str, Any]) -> dict[str, Any]:
    """Take what says whether an account is called."""
    return {name: account[name] for name in ("state", "until", "reason")}


def waits(stage: Stage) -> bool:
    """Tell whether a row is known and could be sent, were the account open."""
    return bool(stage.account()["pending_rows"] == 1)


def receive(stage: Stage, text: str, at: str) -> None:
    """Let a carrier tell of a scan that cannot be forwarded now."""
    event = {"EventDateTime": at, "EventDescription": text, "EventLocation": "Campinas/SP"}
    body = {"TrackingNumber": "QX004512345BR", "TrackingEvents": [event]}
    answer = stage.http.post(f"{stage.url}/webhooks/frenet/demo/k3y-of-the-path-0001", json=body)
    assert 200 == answer.status_code
    stage.until(lambda: waits(stage))


@pytest.fixture
def live(stage: Stage) -> Stage:
    stage.start_relay()
    stage.seed()
    return stage


def test_an_account_that_nothing_happened_to_is_open(live: Stage) -> None:
    assert {"state": "open", "until": None, "reason": None} == known(live.account())
    assert ["demo", "other"] == [item["account"] for item in live.ops("GET", "/accounts").json()["items"]]


def test_a_success_is_shown_with_its_time(live: Stage) -> None:
    live.scan("Em trânsito", "04/03/2026 14:20")

    assert "2026-03-04T18:00:00Z" == live.account()["last_success_at"]


def test_a_paused_account_receives_and_is_not_called_until_it_is_resumed(live: Stage) -> None:
    paused = live.ops("POST", "/accounts/demo/pause", json={"reason": "the shop is moving"})
    assert {"state": "stopped", "until": None, "reason": "the shop is moving"} == known(paused.json())

    receive(live, "Em trânsito", "04/03/2026 14:20")
    live.advance(hours=5)
    assert (1, []) == (live.account()["due"], live.calls())

    resumed = live.ops("POST", "/accounts/demo/resume", json={"reason": "it has moved"})
    live.settled()
    assert {"state": "open", "until": None, "reason": None} == known(resumed.json())
    assert ["Em trânsito"] == live.timeline()


def test_a_pause_outlasts_a_restart(live: Stage) -> None:
    live.ops("POST", "/accounts/demo/pause", json={"reason": "the shop is moving"})
    receive(live, "Em trânsito", "04/03/2026 14:20")

    live.restart_relay()
    live.advance(hours=1)
    assert "stopped" == live.account()["state"]
    live.ops("POST", "/accounts/demo/resume")
    live.until(lambda: bool(live.puts()))

    assert ["2026-03-04T19:00:00"] * 2 == [call["time"][:19] for call in live.calls()]


def test_time_under_a_pause_is_no_failure_of_a_shipment(live: Stage) -> None:
    fault = live.fault(kind="error", status=500)
    receive(live, "Em trânsito", "04/03/2026 14:20")
    live.until(lambda: bool(live.calls()))
    live.until(lambda: live.account()["waiting"] == 1)
    live.ops("POST", "/accounts/demo/pause", json={"reason": "the shop is moving"})
    live.advance(hours=100)
    live.ops("POST", "/accounts/demo/resume")
    live.until(lambda: len(live.calls()) > 1 and live.account()["in_flight"] == 0)
    assert (0, 1) == (live.account()["dead_shipments"], live.account()["pending_rows"])

    assert 204 == live.vtex.delete(f"/sandbox/api/faults/{fault}").status_code
    live.advance(minutes=1)
    live.settled()
    assert ["Em trânsito"] == live.timeline()


def test_a_held_account_whose_credentials_come_back_resumes_by_itself(start: Start) -> None:
    stage = start(credentials=(GOOD,))
    stage.start_relay(app_token="an-old-token")
    stage.seed()
    receive(stage, "Em trânsito", "04/03/2026 14:20")
    stage.until(lambda: stage.account()["state"] == "held")
    assert "401" in stage.account()["reason"]
    first = len(stage.calls())

    # One real call for each interval, and it does not matter how often the relay looks.
    for number in (1, 2, 3):
        stage.advance(seconds=9)
        stage.account()
        stage.advance(seconds=1)
        stage.until_called(first + number)

    renewed = {"account": "demo", "app_key": "an-app-key", "app_token": "an-old-token"}
    assert 200 == stage.vtex.put("/sandbox/api/options", json={"credentials": [renewed]}).status_code
    stage.advance(seconds=10)
    stage.settled()
    assert {"state": "open", "until": None, "reason": None} == known(stage.account())
    assert ["Em trânsito"] == stage.timeline()


def test_a_probe_calls_a_held_account_before_its_time(start: Start) -> None:
    stage = start(credentials=(GOOD,))
    stage.start_relay(app_token="an-old-token", retry_base_seconds=60)
    stage.seed()
    receive(stage, "Em trânsito", "04/03/2026 14:20")
    stage.until(lambda: stage.account()["state"] == "held")
    renewed = {"account": "demo", "app_key": "an-app-key", "app_token": "an-old-token"}
    assert 200 == stage.vtex.put("/sandbox/api/options", json={"credentials": [renewed]}).status_code

    assert 200 == stage.ops("POST", "/accounts/demo/probe").status_code
    stage.settled()

    assert "open" == stage.account()["state"]
    assert ["Em trânsito"] == stage.timeline()


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_no_call_starts_before_the_time_that_vtex_asked_to_wait_for(live: Stage, form: str, status: int) -> None:
    asked = {"retry_after_seconds": WAIT_SECONDS, "retry_after_form": form}
    live.fault(kind="error", status=status, count=1, **asked)
    receive(live, "Em trânsito", "04/03/2026 14:20")
    live.until(lambda: live.account()["state"] == "paused")
    until = datetime.fromisoformat(live.account()["until"])
    assert NOW + timedelta(seconds=WAIT_SECONDS) <= until < NOW + timedelta(seconds=WAIT_SECONDS + 60)
    before = len(live.calls())

    # Neither time, nor a restart, nor an operator makes it sooner.
    live.advance(seconds=WAIT_SECONDS - 1)
    assert 409 == live.ops("POST", "/accounts/demo/probe").status_code
    live.ops("POST", "/accounts/demo/resume")
    live.restart_relay()
    live.ops("POST", "/accounts/demo/pause", json={"reason": "one after the other"})
    live.ops("POST", "/accounts/demo/resume")
    assert ("paused", before) == (live.account()["state"], len(live.calls()))

    live.clock.time = until
    live.advance()
    live.settled()
    first = datetime.fromisoformat(live.calls()[before]["time"])
    assert first.astimezone(UTC) >= NOW + timedelta(seconds=WAIT_SECONDS)
    assert "open" == live.account()["state"]
    assert ["Em trânsito"] == live.timeline()


def test_only_a_held_or_probing_account_can_be_probed(live: Stage) -> None:
    nothing = live.ops("POST", "/accounts/demo/probe")
    live.ops("POST", "/accounts/demo/pause", json={"reason": "the shop is moving"})
    stopped = live.ops("POST", "/accounts/demo/probe")

    assert (409, "/problems/account-state") == (nothing.status_code, nothing.json()["type"])
    assert "demo is open: it is called already." == nothing.json()["detail"]
    assert "demo is stopped: an operator stopped it; resume it." == stopped.json()["detail"]


def test_operators_change_their_own_accounts_and_nobody_else_does(live: Stage) -> None:
    reason = {"reason": "a test"}

    def status(token: str, method: str, path: str) -> int:
        json = {**reason, "verdict": "full", "order_id": "v1"} if method == "PUT" else reason
        return live.ops(method, path, token=token, json=json).status_code

    changes = [("POST", f"/accounts/demo/{change}") for change in ("pause", "resume", "probe", "history/reset")]
    changes.append(("PUT", "/accounts/demo/history"))
    assert [403] * 5 == [status("support", *change) for change in changes]
    assert [404] * 5 == [status("other-operator", *change) for change in changes]
    assert [200, 200, 409, 200, 200] == [status("operator", *change) for change in changes]
    assert ["other"] == [
        item["account"] for item in live.ops("GET", "/accounts", token="other-operator").json()["items"]
    ]
    assert 404 == live.ops("GET", "/accounts/demo", token="other-operator").status_code


def test_a_pause_needs_a_reason(live: Stage) -> None:
    assert 422 == live.ops("POST", "/accounts/demo/pause", json={}).status_code
    assert 422 == live.ops("POST", "/accounts/demo/pause", json={"reason": "  "}).status_code
    assert "open" == live.account()["state"]


def test_what_was_learnt_is_shown_with_its_evidence_and_can_be_reset(start: Start) -> None:
    stage = start(mode="replace")
    stage.start_relay()
    stage.seed()
    stage.scan("Postado", "04/03/2026 10:00")
    stage.advance(minutes=1)
    stage.scan("Em trânsito", "04/03/2026 14:20")

    learnt = stage.account()
    assert ("auto", "full", "full") == (learnt["history"], learnt["verdict"], learnt["sends"])
    assert ["replaced"] == [sample["kind"] for sample in learnt["evidence"]]
    assert ["Postado", "Em trânsito"] == stage.timeline()

    reset = stage.ops("POST", "/accounts/demo/history/reset", json={"reason": "VTEX changed it"}).json()
    assert (None, "delta", []) == (reset["verdict"], reset["sends"], reset["evidence"])


def test_a_verdict_that_was_found_out_deliberately_is_recorded(live: Stage) -> None:
    asked = {"verdict": "full", "order_id": "1527103869999-01", "reason": "learnt on a test order"}

    recorded = live.ops("PUT", "/accounts/demo/history", json=asked).json()

    assert ("full", "full", "2026-03-04T18:00:00Z") == (recorded["verdict"], recorded["sends"], recorded["verdict_at"])
    assert [
        {"kind": "replaced", "shipment_id": None, "order_id": "1527103869999-01", "at": "2026-03-04T18:00:00Z"}
    ] == recorded["evidence"]
