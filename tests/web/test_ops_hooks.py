"""VTEX's order hook over the operators' interface and by command, against the bundled VTEX."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import application
from app.sandbox import Credential, SandboxOptions
from tests.accounts.stage import INVOICE, NUMBER, ORDER, Stage
from tests.sandbox.receiver import receiving

HOOK_KEY = "an-invented-hook-key"
VTEX_KEYS = {"X-VTEX-API-AppKey": "an-app-key", "X-VTEX-API-AppToken": "an-app-token"}
CONFIG = "/api/orders/hook/config"
WORKFLOW = {"type": "FromWorkflow", "status": ["invoiced"]}


class Hooked(Stage):
    def hook(self, verb: str = "", *, token: str = "admin", status: int = 200, **body: object) -> dict[str, Any]:
        """Look at what is known of the hook, or ask for something."""
        path = f"/accounts/demo/hook{verb and '/'}{verb}"
        answer = self.ops("POST" if verb else "GET", path, token=token, json=body or None)
        assert status == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def standing(self) -> list[str]:
        """List where the hooks lead that VTEX has."""
        return [hook["url"] for hook in self.vtex.get("/sandbox/api/hooks").json()["items"]]

    def configure(self, url: str, key: str) -> None:
        """Set a hook up as others do."""
        config = {"filter": WORKFLOW, "hook": {"url": url, "headers": {"key": key}}}
        assert 200 == self.vtex.post(CONFIG, headers=VTEX_KEYS, json=config).status_code

    def invoice(self) -> None:
        """Invoice an order at VTEX, and tell nobody but the hook."""
        package = {"invoice_number": INVOICE, "tracking_number": NUMBER}
        order = {"order_id": ORDER, "invoices": [package]}
        assert self.vtex.post("/sandbox/api/orders", json=order).is_success

    def notify(self, account: str, state: str = "invoiced") -> str:
        """Tell the relay of an order as VTEX does, about an account by this name."""
        body = {"Domain": "Fulfillment", "OrderId": ORDER, "State": state, "Origin": {"Account": account}}
        answer = self.http.post(f"{self.url}/vtex/demo/orders-hook", json=body, headers={"key": HOOK_KEY})
        assert 200 == answer.status_code
        return str(answer.json()["status"])

    def posted(self) -> int:
        return sum(call["method"] == "POST" for call in self.calls() if call["path"].endswith(CONFIG))

    def run(self, *arguments: str) -> tuple[int, str]:
        variables = {"RELAY_OPS_URL": self.url, "RELAY_OPS_TOKEN": "token-of-admin"}
        done = CliRunner().invoke(application, ["hook", *arguments], env=os.environ | variables)
        return done.exit_code, done.output

    def a_day_passes(self) -> None:
        self.clock.advance(days=1, seconds=60)
        self.look_around()

    def look_around(self) -> None:
        assert self.running is not None
        self._loop.call_soon_threadsafe(self.running.gathering.wake)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Hooked]:
    with Hooked(tmp_path, SandboxOptions()) as stage:
        yield stage


def test_a_hook_is_installed_by_command_tells_of_orders_comes_back_and_goes(stage: Hooked) -> None:
    stage.start_relay()
    assert ("off", "off") == (stage.hook()["state"], stage.account()["hook"])
    assert "accounts.demo.hook_key is not set" in stage.hook("install", status=409)["detail"]

    stage.restart_relay(hook_key=HOOK_KEY)
    assert "unchecked" == stage.account()["hook"]
    code, text = stage.run("install", "demo")
    assert (1, True) == (code, "public_url is not set" in text)
    code, text = stage.run("show", "demo")
    assert (1, True) == (code, "is not there" in text)
    assert "`carrier-relay hook install demo` makes one" in stage.account()["hook_problem"]

    # The carrier speaks first; the order comes later, and VTEX's hook alone tells of it.
    code, text = stage.run("install", "demo", "--public-url", f"{stage.url}/", "--reason", "first day")
    assert (0, True) == (code, text.startswith("Installed.")), text
    url = f"{stage.url}/vtex/demo/orders-hook"
    assert [url] == stage.standing()
    stage.scan("Objeto postado", "04/03/2026 10:00")
    stage.invoice()
    stage.until(lambda: "Objeto postado" in stage.timeline())

    # It stands there already.
    posted = stage.posted()
    code, text = stage.run("install", "demo", "--json")
    found = json.loads(text)
    assert (0, False, "ours", posted) == (code, found["changed"], found["state"], stage.posted())
    assert HOOK_KEY not in text
    assert (0, True) == ((shown := stage.run("show", "demo"))[0], "tells this relay" in shown[1])
    seen = stage.hook(token="viewer")
    assert ("ours", None, url, True) == (seen["state"], seen["problem"], seen["url"], seen["kept"])
    assert ("ours", None) == ((account := stage.account())["hook"], account["hook_problem"])

    # VTEX deletes what had nothing to tell for three days.
    assert 200 == stage.vtex.delete(CONFIG, headers=VTEX_KEYS).status_code
    stage.a_day_passes()
    stage.until(lambda: [url] == stage.standing())
    stage.until(lambda: stage.hook()["restored_at"] is not None)

    # Nobody has to wait a day for that.
    assert 200 == stage.vtex.delete(CONFIG, headers=VTEX_KEYS).status_code
    code, text = stage.run("show", "demo")
    assert (1, True) == (code, "the relay makes it again" in text)
    stage.look_around()
    stage.until(lambda: [url] == stage.standing())

    code, text = stage.run("remove", "demo", "--reason", "moving")
    assert (0, True) == (code, text.startswith("Removed.")), text
    checked = stage.hook()["checked_at"]
    stage.a_day_passes()
    stage.until(lambda: stage.hook()["checked_at"] > checked)
    assert ([], "none", False) == (stage.standing(), (gone := stage.hook())["state"], gone["kept"])
    assert (0, True) == ((again := stage.run("remove", "demo"))[0], "There was none." in again[1])


def test_a_hook_of_others_is_shown_and_left_alone(stage: Hooked) -> None:
    stage.start_relay(hook_key=HOOK_KEY)
    with receiving() as erp:
        stage.configure(f"{erp.url}?token=t0ken", "of-the-erp")
        assert {"foreign"} == {stage.hook("check")["state"], stage.account()["hook"]}
        for verb in ("install", "remove"):
            body = {"public_url": stage.url} if verb == "install" else {}
            assert "/problems/hook-not-ours" == stage.hook(verb, status=409, **body)["type"]
        code, text = stage.run("install", "demo", "--public-url", stage.url)
        assert (1, True, False) == (code, erp.url in text, "t0ken" in text + stage.account()["hook_problem"])
        checked = stage.hook()["checked_at"]
        stage.a_day_passes()
        stage.until(lambda: stage.hook()["checked_at"] > checked)
        assert [f"{erp.url}?token=t0ken"] == stage.standing()

    # Set up by hand it is ours all the same, and looked after, though it tells too little.
    assert stage.vtex.delete(CONFIG, headers=VTEX_KEYS).is_success
    stage.configure(f"{stage.url}/vtex/demo/orders-hook", HOOK_KEY)
    assert ("differs", True) == ((found := stage.hook("check"))["state"], found["kept"])
    assert "states only" in stage.account()["hook_problem"]
    assert stage.hook("install", public_url=stage.url)["changed"]
    assert "ours" == stage.account()["hook"]


def test_only_operators_of_the_account_may_touch_its_hook(stage: Hooked) -> None:
    stage.start_relay(hook_key=HOOK_KEY)

    for verb in ("check", "install", "remove"):
        stage.hook(verb, token="viewer", status=403)
        stage.hook(verb, token="other-operator", status=404)
    # It would be told the hook's key, and of every order.
    stage.hook("install", token="operator", status=403, public_url="https://elsewhere.example")
    assert "public_url is not set" in stage.hook("install", token="operator", status=409)["detail"]
    stage.hook(token="other-operator", status=404)
    assert 404 == stage.ops("GET", "/accounts/nobody/hook").status_code
    assert [] == stage.calls()
    for wrong in ("relay.example", "ftp://relay.example", "https://relay.example/?x=1", "https://u@relay.example"):
        assert "public_url" in stage.hook("install", status=422, public_url=wrong)["detail"]


def test_what_vtex_does_not_take_is_said_in_its_words(tmp_path: Path) -> None:
    credential = Credential(
        account="demo", app_key="an-app-key", app_token="an-app-token", resources=frozenset({"view-order"})
    )
    with Hooked(tmp_path, SandboxOptions(credentials=(credential,))) as stage:
        stage.start_relay(hook_key=HOOK_KEY)
        found = stage.hook("install", status=409, public_url=stage.url)
        assert ("/problems/hook-not-possible", True) == (found["type"], "Feed v3 and Hook Admin" in found["detail"])
        assert "unknown" == stage.hook("check")["state"]
    with Hooked(tmp_path, SandboxOptions()) as stage:
        stage.start_relay(hook_key=HOOK_KEY)
        found = stage.hook("install", status=409, public_url="http://127.0.0.1:1")
        assert "Unable to check address" in found["detail"]
        found = stage.hook("install", status=409, public_url="http://relay.example")
        assert "Only https scheme is accepted" in found["detail"]
        assert [] == stage.standing()


def test_an_account_that_vtex_knows_by_another_name_says_so_until_its_own_is_heard(
    stage: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    stage.start_relay(hook_key=HOOK_KEY)
    with caplog.at_level(logging.WARNING):
        assert ["foreign"] * 3 == [stage.notify("LojaBR") for _ in range(3)]
    (said,) = [str(vars(record)) for record in caplog.records if record.getMessage() == "hook.stranger"]
    assert "VTEX tells of lojabr with the hook_key of demo" in said
    problem = stage.account()["hook_problem"]
    assert "VTEX tells of lojabr with the hook_key of demo" in problem
    assert "https://lojabr.vtexcommercestable.com.br" in problem

    assert "foreign" == stage.notify("<script>")
    assert "<script>" not in stage.account()["hook_problem"]

    # Somebody else's now and then is no sign of anything.
    assert "no-package" == stage.notify("Demo", "payment-pending")
    assert ("foreign", None) == (stage.notify("lojabr"), stage.account()["hook_problem"])

    # Its address at VTEX says what VTEX calls it.
    stage.restart_relay(hook_key=HOOK_KEY, base_url="https://lojabr.vtexcommercestable.com.br")
    states = [stage.notify(name, "payment-pending") for name in ("lojabr", "demo", "other")]
    assert (["no-package", "no-package", "foreign"], None) == (states, stage.account()["hook_problem"])
