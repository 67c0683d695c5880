"""Gaps as operators see them: when webhooks were not taken, and what to do about it, source by source."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.outages import Outages
from app.web import Limits
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay, webhook_body


@pytest.fixture
def watched(start: Start) -> Relay:
    """Start a relay that knows its address."""
    return start(public_url="https://relay.example/")


def listed(relay: Relay, token: str = "viewer", **query: Any) -> list[dict[str, Any]]:
    relay.on_the_loop(relay.dependencies.outages.step())
    answer = relay.ops("GET", "/gaps", token=token, params=query)
    assert 200 == answer.status_code, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_source_that_was_refused_until_its_secret_was_right_has_one_gap(watched: Relay, clock: Clock) -> None:
    since = clock()
    for _ in range(2):
        assert 401 == watched.deliver(headers={"X-Signature": "0" * 64}).status_code
        clock.advance(minutes=10)
    [going_on] = listed(watched)
    assert (None, 2, "refused", "wrong-credential") == tuple(
        going_on[name] for name in ("until", "requests", "kind", "cause")
    )
    assert 200 == watched.deliver().status_code

    [gap] = listed(watched)

    assert [shown(since), shown(since + timedelta(minutes=10))] == [gap["since"], gap["until"]]
    [source] = gap["sources"]
    assert ("mystore/signed", "resend", gap["until"]) == (source["name"], source["verdict"], source["lost_until"])
    assert "https://relay.example/webhooks/signed/mystore" in source["letter"]


def shown(time: Any) -> str:
    return str(time.isoformat().replace("+00:00", "Z"))


def test_what_was_answered_503_is_a_gap_of_its_source_with_its_cause(start: Start, tmp_path: Path) -> None:
    full = start(data_folder=tmp_path, limits=Limits(free_bytes=1 << 60))
    assert 503 == full.deliver().status_code
    assert 401 == full.deliver(headers={"X-Signature": "0" * 64}).status_code

    found = {(gap["kind"], gap["cause"], gap["requests"]) for gap in listed(full)}

    assert {("failed", "disk", 1), ("refused", "wrong-credential", 1)} == found


def test_while_no_process_was_there_every_source_has_a_gap(watched: Relay, clock: Clock) -> None:
    earlier = Outages(watched.store, clock)
    watched.on_the_loop(earlier.arrive())
    clock.advance(hours=1)
    watched.on_the_loop(watched.dependencies.outages.arrive())

    [gap] = listed(watched)

    assert ("down", "vanished") == (gap["kind"], gap["cause"])
    assert {source.name for source in watched.dependencies.sources} == {each["name"] for each in gap["sources"]}
    assert ["mystore/signed"] == [
        each["name"] for each in listed(watched, account="mystore", carrier="signed")[0]["sources"]
    ]
    assert [] == listed(watched, carrier="nobody")


def test_a_test_call_of_a_carrier_s_engineer_is_no_webhook_that_was_lost(watched: Relay) -> None:
    refused = watched.deliver(path="/webhooks/signed/mystore/verify", headers={"X-Signature": "0" * 64})
    assert 401 == refused.status_code

    assert [] == listed(watched)


def test_a_token_of_one_account_sees_its_own_sources_only(watched: Relay) -> None:
    for path in ("/webhooks/signed/mystore", "/webhooks/signed/other"):
        watched.deliver(path=path, headers={"X-Signature": "0" * 64})

    assert {"mystore/signed", "other/signed"} == names(listed(watched))
    assert {"mystore/signed"} == names(listed(watched, token="mystore-operator"))
    assert 403 == watched.ops("GET", "/gaps", token="mystore-operator", params={"account": "other"}).status_code


def names(items: list[dict[str, Any]]) -> set[str]:
    return {source["name"] for gap in items for source in gap["sources"]}


def test_a_letter_names_the_address_without_the_secret_in_it(watched: Relay) -> None:
    keyed = next(source for source in watched.dependencies.sources if source.path_key)
    watched.dependencies.outages.refused(keyed, "not-found")

    [gap] = listed(watched, language="pt-BR")

    [source] = gap["sources"]
    assert f"{keyed.path}/***" in source["letter"]
    assert str(keyed.path_key) not in source["letter"]
    assert "reenviem" in source["letter"]


def test_only_so_many_are_listed(watched: Relay, clock: Clock) -> None:
    for _ in range(3):
        watched.deliver(webhook_body(), headers={"X-Signature": "0" * 64})
        clock.advance(hours=2)
    listed(watched)

    page = watched.ops("GET", "/gaps", params={"limit": 2}).json()

    assert (2, True) == (len(page["items"]), page["is_more"])
