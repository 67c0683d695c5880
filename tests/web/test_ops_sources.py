"""Sources as operators see them: by which secrets they prove themselves, and whether they are unusually silent."""

from datetime import timedelta
from typing import Any

from app.main.sampling import Sampler
from app.store.console_schema import tallies
from app.store.tallies import hour_of
from tests.web.conftest import Start
from tests.web.stage import SECRET, Clock, Relay, webhook_body


def shown(relay: Relay, name: str = "mystore/signed") -> dict[str, Any]:
    items = relay.ops("GET", "/sources", token="viewer").json()["items"]
    found: dict[str, Any] = next(item for item in items if item["name"] == name)
    return found


class Speak:
    """Count webhooks of the source in every hour of some days."""

    def __init__(self, clock: Clock, days: int, until_hours_ago: int) -> None:
        self._hours = range(hour_of(clock()) - days * 24, hour_of(clock()) - until_hours_ago + 1)

    def run(self, connection: Any) -> None:
        entry = {"owner": "mystore", "carrier": "signed", "kind": "mapped", "node": 0, "count": 9}
        connection.execute(tallies.insert(), [{**entry, "hour": hour} for hour in self._hours])


def test_one_that_usually_speaks_every_hour_is_quiet_after_a_few(relay: Relay, clock: Clock) -> None:
    relay.on_the_loop(relay.store.write(Speak(clock, days=30, until_hours_ago=1)))
    assert ("steady", "2026-03-04T22:00:00Z") == (shown(relay)["rhythm"], shown(relay)["unusual_from"])
    clock.advance(hours=4)

    assert "quiet" == shown(relay)["rhythm"]
    assert "unknown" == shown(relay, "other/signed")["rhythm"]


def test_a_new_source_is_never_called_quiet(relay: Relay, clock: Clock) -> None:
    relay.deliver()
    relay.read()
    clock.advance(days=30)

    assert ("unknown", None) == (shown(relay)["rhythm"], shown(relay)["unusual_from"])


def test_what_came_and_what_was_refused_within_a_day_is_counted(relay: Relay, clock: Clock) -> None:
    relay.deliver(webhook_body("OLD"))
    relay.read()
    clock.advance(hours=25)
    for number in ("A", "B", "C"):
        relay.deliver(webhook_body(number))
    relay.read()
    relay.deliver(webhook_body("D"), headers={"X-Signature": "0" * 64})
    relay.refusals()

    found = shown(relay)

    assert (3, 1, 0.25) == (found["taken"], found["refused"], found["refusal_rate"])
    assert clock().isoformat().replace("+00:00", "Z") == found["last_at"]
    assert shown(relay, "other/signed")["refusal_rate"] is None


def test_secrets_are_told_apart_by_names_that_tell_nothing_of_them_and_their_age_is_known(
    start: Start, clock: Clock
) -> None:
    relay = start()
    sampler = Sampler(relay.store, clock, relay.dependencies.sources, ["mystore"], timedelta(days=5))
    began = clock().isoformat().replace("+00:00", "Z")
    relay.on_the_loop(sampler.note_secrets())
    clock.advance(days=90)
    relay.on_the_loop(sampler.note_secrets())

    newer, older = shown(relay, "other/signed")["secrets"]
    (only,) = shown(relay)["secrets"]

    assert [(0, began), (1, began)] == [(secret["position"], secret["since"]) for secret in (newer, older)]
    # The same secret has another name at another source: who reads two lists learns nothing.
    assert 3 == len({newer["id"], older["id"], only["id"]})
    assert SECRET not in relay.ops("GET", "/sources", token="viewer").text


def test_the_gauges_are_taken_from_the_same_rhythm(relay: Relay, clock: Clock) -> None:
    relay.on_the_loop(relay.store.write(Speak(clock, days=30, until_hours_ago=5)))
    accounts = ["mystore", "other"]
    sampler = Sampler(relay.store, clock, relay.dependencies.sources, accounts, timedelta(days=5))
    asked = {"account": "mystore", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["A"]}
    relay.ops("POST", "/shipments", json=asked)
    relay.deliver(webhook_body("A"), path="/webhooks/signed/brands")
    relay.read()
    relay.on_the_loop(sampler.look())
    first = sampler.backlog()
    clock.advance(days=6)
    relay.on_the_loop(sampler.look())
    second = sampler.backlog()

    assert first is not None
    assert second is not None
    assert {"mystore/signed": True} == dict(first.quiet_sources)
    assert [{"mystore": 0, "other": 0}, {"mystore": 1, "other": 0}] == [
        dict(first.quiet_shipments),
        dict(second.quiet_shipments),
    ]
