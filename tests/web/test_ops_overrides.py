"""An operator says what a code means, and what had no meaning is read again in the same step."""

from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.cli.application import application
from app.duties import Duties
from app.mapping import BulkReplays
from app.store.schema import audit, events
from tests.web.stage import Clock, Relay, mapper_of, webhook_body

SAID = {
    "account": "mystore",
    "carrier": "signed",
    "code": "odd",
    "milestone": "DELIVERED",
    "reason": "the page says so",
}


def told(relay: Relay, number: str, code: str = "odd", owner: str = "mystore") -> None:
    relay.deliver(webhook_body(number, code), path=f"/webhooks/signed/{owner}")
    relay.read()


def work(relay: Relay) -> None:
    """Let the one who replays do so."""
    given = relay.dependencies
    replayer = mapper_of(given.store, given.sources, given.now, lambda: None).replayer
    duties = Duties(given.store, given.now, holder="one")
    one = BulkReplays(given.store, replayer, duties, ("mystore", "other"), now=given.now, mapped=lambda: None)
    relay.on_the_loop(one.step())


def milestones(relay: Relay) -> list[str]:
    query = select(events.c.milestone).order_by(events.c.id)
    return list(relay.on_the_loop(relay.store.read(lambda c: c.execute(query).scalars().all())))


def audited(relay: Relay) -> list[tuple[str, Any]]:
    query = select(audit.c.action, audit.c.reason).order_by(audit.c.id)
    return [tuple(row) for row in relay.on_the_loop(relay.store.read(lambda c: c.execute(query).all()))]


def test_what_had_no_meaning_has_one_and_so_has_what_comes(relay: Relay) -> None:
    told(relay, "A")
    told(relay, "B", owner="other")
    asked = relay.ops("POST", "/overrides", json={**SAID, "dry_run": True}).json()
    before = (milestones(relay), audited(relay), relay.ops("GET", "/overrides").json()["items"])

    done = relay.ops("POST", "/overrides", json=SAID).json()
    work(relay)
    told(relay, "C")
    told(relay, "D", "else")

    assert (["UNKNOWN"] * 2, [], []) == before
    assert (1, 0, None) == (asked["count"], asked["orders"], asked["replay"])
    assert ["DELIVERED", "UNKNOWN", "DELIVERED", "UNKNOWN"] == milestones(relay)
    found = relay.ops("GET", f"/replays/{done['replay']['id']}").json()
    assert ("done", 1, 1, "the page says so") == tuple(found[name] for name in ("state", "done", "changed", "reason"))
    assert [("code.overridden", "the page says so"), ("replay.started", "the page says so")] == audited(relay)
    listed = {
        (item["owner"], item["code"]): item["is_listed"] for item in relay.ops("GET", "/unknown-codes").json()["items"]
    }
    assert {("mystore", "odd"): True, ("other", "odd"): False, ("mystore", "else"): False} == listed


def test_an_override_is_changed_and_taken_back(relay: Relay, clock: Clock) -> None:
    first = relay.ops("POST", "/overrides", json=SAID).json()
    relay.ops("POST", "/overrides", json={**SAID, "milestone": "EXCEPTION"})
    (item,) = relay.ops("GET", "/overrides").json()["items"]
    told(relay, "A")
    asked = {name: SAID[name] for name in ("account", "carrier", "code", "reason")}
    left = relay.ops("POST", "/overrides/remove", json=asked)
    again = relay.ops("POST", "/overrides/remove", json=asked)
    clock.advance(seconds=6)
    told(relay, "B")

    assert (None, "EXCEPTION", "operator") == (first["replay"], item["milestone"], item["actor"])
    assert ([], 404) == (left.json()["items"], again.status_code)
    assert ["EXCEPTION", "UNKNOWN"] == milestones(relay)


@pytest.mark.parametrize(
    ("differs", "status"),
    [
        ({"milestone": "UNKNOWN"}, 422),
        ({"milestone": "GONE"}, 422),
        ({"carrier": "nobody"}, 404),
        ({"account": "nobody"}, 404),
        ({"code": ""}, 422),
        ({"reason": " "}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(relay: Relay, differs: dict[str, str], status: int) -> None:
    assert status == relay.ops("POST", "/overrides", json={**SAID, **differs}).status_code
    assert [] == relay.ops("GET", "/overrides").json()["items"]


def test_the_commands_list_say_and_take_back(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    told(relay, "A")
    monkeypatch.setenv("RELAY_OPS_URL", relay.stage.url)
    monkeypatch.setenv("RELAY_OPS_TOKEN", "token-of-operator")

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(application, ["codes", *arguments])
        return result.exit_code, result.output

    named = ("mystore", "signed", "odd")
    listed, counted = run("list"), run("set", *named, "DELIVERED", "--reason", "x", "--dry-run")
    said, then = run("set", *named, "DELIVERED", "--reason", "x"), run("list")
    back, wrong = run("remove", *named, "--reason", "x"), run("set", *named, "GONE", "--reason", "x")

    assert "mystore/signed  odd   ?      1" in listed[1]
    assert (0, "1 webhooks would be read again; 0 orders show events of them.\n") == counted
    assert (0, True) == (said[0], "means DELIVERED from now on; 1 webhooks are read again" in said[1])
    assert "odd   DELIVERED" in then[1]
    assert (0, "odd of mystore/signed means what the settings and the adapter say.\n") == back
    assert 2 == wrong[0]
