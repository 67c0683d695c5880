"""VTEX's order hook: how it is asked for, whose it is, and what is wrong with it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.egress import Egress
from app.errors import MalformedPayload
from app.payload import json_document
from app.vtex import Client, HookState, OrderHook, Outcome, hook_url, judge_hook
from app.vtex.feed import INVOICED
from app.vtex.hook import read_hook
from tests.cli.answering import Answering
from tests.emulator import VtexEmulator
from tests.forwarder.making import KEY, account

pytestmark = pytest.mark.anyio

URL = "https://relay.example/vtex/demo/orders-hook"
KEYS = ("new-hook-key", "old-hook-key")
OURS = OrderHook(url=URL, headers={"key": KEYS[0]}, kind="FromOrders", expression=INVOICED, every_change=True)


class Sides(NamedTuple):
    vtex: VtexEmulator
    relay: Answering
    client: Client
    url: str


@pytest.fixture
def relay() -> Iterator[Answering]:
    with Answering(200) as answering:
        yield answering


@pytest.fixture
async def sides(relay: Answering) -> AsyncIterator[Sides]:
    with VtexEmulator() as vtex:
        async with Egress() as egress:
            called = replace(account(), base_url=vtex.url)
            yield Sides(vtex, relay, Client(called, egress), hook_url(f"{relay.url}/", "demo"))


async def test_a_hook_is_pinged_with_its_key_taken_shown_and_deleted(sides: Sides) -> None:
    assert Outcome.MISSING is (await sides.client.order_hook()).answered.outcome
    assert Outcome.MISSING is (await sides.client.remove_hook()).outcome

    assert Outcome.APPLIED is (await sides.client.configure_hook(sides.url, KEYS[0])).outcome
    found = (await sides.client.order_hook()).found
    assert [("POST", "/vtex/demo/orders-hook", KEYS[0])] == [
        (asked.method, asked.path, asked.headers["key"]) for asked in sides.relay.asked
    ]
    assert replace(OURS, url=sides.url) == found
    assert HookState.OURS is judge_hook(found, "demo", sides.url, KEYS).state
    assert [("demo", KEY)] == list(sides.vtex.hooks.configs)

    assert Outcome.APPLIED is (await sides.client.remove_hook()).outcome
    assert Outcome.MISSING is (await sides.client.order_hook()).answered.outcome


async def test_a_hook_that_is_told_of_invoices_and_of_later_numbers_reaches_the_relay(sides: Sides) -> None:
    await sides.client.configure_hook(sides.url, KEYS[0])
    sides.vtex.add_order("v1-01")
    sides.vtex.patch_invoice("v1-01", "1", trackingNumber="QX1")

    assert [("v1-01", sides.url, 200)] * 2 == sides.vtex.hooks.told
    assert [KEYS[0]] * 3 == [asked.headers["key"] for asked in sides.relay.asked]


async def test_an_address_that_does_not_answer_its_ping_is_refused_in_vtex_s_words(sides: Sides) -> None:
    sides.relay.status = 401
    refused = await sides.client.configure_hook(sides.url, KEYS[0])
    elsewhere = await sides.client.configure_hook("http://relay.example/vtex/demo/orders-hook", KEYS[0])

    assert (Outcome.REFUSED, True) == (refused.outcome, "Unable to check address" in (refused.detail or ""))
    assert "Only https scheme is accepted" in (elsewhere.detail or "")
    assert {} == sides.vtex.hooks.configs


def moved(**more: Any) -> OrderHook:
    return replace(OURS, url="https://old.example/vtex/demo/orders-hook/", **more)


@pytest.mark.parametrize(
    ("found", "state", "problem"),
    [
        (None, HookState.NONE, None),
        (OURS, HookState.OURS, None),
        (replace(OURS, url="HTTPS://Relay.example/vtex/demo/orders-hook/"), HookState.OURS, None),
        (replace(OURS, headers={"key": KEYS[1]}), HookState.DIFFERS, "old hook key"),
        (replace(OURS, headers={"key": "other"}), HookState.DIFFERS, "none of the account's"),
        (replace(OURS, headers={}), HookState.DIFFERS, "shows no header `key`"),
        (replace(OURS, kind="FromWorkflow", expression=None, states=("invoiced",)), HookState.DIFFERS, "states only"),
        (replace(OURS, expression="true"), HookState.DIFFERS, "other orders"),
        (replace(OURS, every_change=False), HookState.DIFFERS, "once only"),
        (moved(), HookState.DIFFERS, "tells https://old.example/vtex/demo/orders-hook/, and this relay is at"),
        (moved(headers={"key": "of-another-relay"}), HookState.FOREIGN, "old.example"),
        (
            replace(OURS, url="https://erp.example/orders?token=t0ken"),
            HookState.FOREIGN,
            "https://erp.example/orders of",
        ),
        (replace(OURS, url="https://u:t0ken@relay.example/x", headers={}), HookState.FOREIGN, "relay.example/x"),
        (replace(OURS, url="https://relay.example/vtex/other/orders-hook"), HookState.FOREIGN, "vtex/other"),
    ],
)
def test_whose_a_hook_is_and_what_is_wrong_with_it(
    found: OrderHook | None, state: HookState, problem: str | None
) -> None:
    verdict = judge_hook(found, "demo", URL, KEYS)

    assert state is verdict.state
    assert bool(problem) == bool(verdict.problems)
    assert problem is None or problem in "; ".join(verdict.problems)
    assert "t0ken" not in str(verdict)


def test_without_an_address_only_the_key_tells_whose_it_is() -> None:
    assert HookState.OURS is judge_hook(moved(), "demo", None, KEYS).state
    assert HookState.FOREIGN is judge_hook(replace(OURS, headers={}), "demo", None, KEYS).state
    assert HookState.FOREIGN is judge_hook(replace(OURS, headers={"key": ""}), "demo", None, ()).state


@given(
    url=st.text(max_size=60) | st.text(max_size=60).map("https://erp.example/{}".format) | st.just("https://[/x"),
    key=st.text(max_size=20),
    kind=st.sampled_from(["FromOrders", "FromWorkflow"]),
)
def test_a_hook_with_another_address_and_another_key_is_never_ours(url: str, key: str, kind: str) -> None:
    found = OrderHook(url=url, headers={"key": key}, kind=kind, expression=INVOICED)

    assert HookState.FOREIGN is judge_hook(found, "demo", URL, KEYS).state


def test_a_configuration_is_read_in_the_shapes_that_are_known_and_shows_no_key() -> None:
    document = '{"filter": {"type": "FromWorkflow", "status": ["invoiced"]}, "hook": {"url": "https://e.example/x"}}'
    found = read_hook(json_document(document))

    assert ("https://e.example/x", {}, ("invoiced",)) == (found.url, found.headers, found.states)
    assert KEYS[0] not in repr(OURS)
    for wrong in ("{}", "[]", '{"filter": {}, "hook": {"url": "x"}}', '{"filter": {"type": "x"}, "hook": null}'):
        with pytest.raises(MalformedPayload):
            read_hook(json_document(wrong))
