"""Stored webhooks become events, whatever happens to the process and to the webhooks beside them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, delete, select, update

from app.errors import LookupFailed, MalformedPayload, NotYetRead
from app.model import Milestone
from app.source import Source, Sources
from app.store.schema import audit, bodies, events, webhooks
from app.verification import Credentials
from tests.desk import ADAPTER, Desk
from tests.store.keeping import kept_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with kept_in(tmp_path) as store:
        yield Desk(store, lambda _: httpx.Response(500))


async def all_settled(desk: Desk) -> bool:
    return all(state != "stored" for state, _ in await desk.states())


def one(code: str = "moving", number: str = "A1", **more: Any) -> dict[str, Any]:
    return {"events": [{"code": code, "number": number, **more}]}


async def test_a_webhook_ends_mapped_ignored_or_unmappable_with_the_reason(desk: Desk) -> None:
    contents: list[object] = [one(), {"events": [{"noise": 1}]}, {"events": []}, {"events": [{}]}, b"{", {"explode": 1}]
    for content in contents:
        await desk.keep(content)

    await desk.until(all_settled)

    assert [
        ("mapped", None),
        ("ignored", "noise is no event"),
        ("ignored", "the document holds no events"),
        ("unmappable", "$.events[0].code is missing"),
    ] == (await desk.states())[:4]
    assert ["unmappable", "unmappable"] == [state for state, _ in (await desk.states())[4:]]
    assert "the adapter exploded" in str((await desk.states())[5][1])
    assert 1 == len(await desk.events())


@pytest.mark.parametrize("lost", ["before it was handed over", "with the process"])
async def test_what_was_stored_is_mapped_even_if_nobody_remembers_it(desk: Desk, lost: str) -> None:
    if lost == "with the process":
        await desk.keep(one())
        desk.mapper = desk.made()
        await desk.until(all_settled)
        return
    await desk.keep(one("moving", "A1"))
    await desk.until(all_settled)
    desk.mapper = desk.made()
    await desk.keep(one("moving", "A2"), hand_over=False)
    desk.clock.advance(seconds=5)

    await desk.until(all_settled)

    assert 2 == len(await desk.events())


async def test_more_than_memory_should_hold_is_read_back_from_the_table(desk: Desk) -> None:
    large = {"text": "x" * 6_000_000}
    for number in range(5):
        await desk.keep(one(number=f"A{number}", **large))

    await desk.until(all_settled)

    assert 5 == len(await desk.events())


async def test_events_keep_the_order_in_which_their_webhooks_came(desk: Desk) -> None:
    for number in range(150):
        await desk.keep(one(f"c{number}"))

    await desk.until(all_settled)

    assert [f"c{number}" for number in range(150)] == [row.code for row in await desk.events()]


async def test_a_source_that_is_not_configured_any_more_is_said_to_be_so(desk: Desk) -> None:
    await desk.keep(one(), slug="gone", hand_over=False)

    await desk.until(all_settled)

    assert [("unmappable", "demo/gone is not configured any more")] == await desk.states()


async def test_the_document_that_a_webhook_points_to_is_fetched_kept_and_read(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        desk = Desk(store, lambda _: httpx.Response(200, json=one(text="Em trânsito")))
        id_ = await desk.keep({"document": "t/1"}, slug="pointing")

        await desk.until(all_settled)
        replayed = await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")

        assert ["Em trânsito"] == [row.description for row in await desk.events()]
        assert ["/t/1"] == desk.asked
        assert (0, 1) == (len(replayed["new"]), replayed["unchanged"])


async def test_a_document_that_cannot_be_had_is_fetched_later(desk: Desk) -> None:
    await desk.keep({"document": "t/1"}, slug="pointing")

    async def asked(desk: Desk) -> bool:
        return len(desk.asked) == 1

    await desk.until(asked)

    assert [("stored", "api.carrier.example answered 500")] == await desk.states()
    desk.mapper = desk.made()
    desk._answer = lambda _: httpx.Response(200, json=one())  # noqa: SLF001 - the carrier recovers
    desk.clock.advance(minutes=1)
    await desk.until(all_settled)
    assert ["mapped"] == [state for state, _ in await desk.states()]


async def test_a_document_that_never_comes_is_given_up_after_days(desk: Desk) -> None:
    await desk.keep({"document": "t/1"}, slug="pointing")
    desk.clock.advance(days=4)

    await desk.until(all_settled)

    assert [("unmappable", "given up: api.carrier.example answered 500")] == await desk.states()


async def test_a_carrier_that_does_not_answer_holds_up_no_other_webhook(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        go = asyncio.Event()

        async def wait(_: httpx.Request) -> httpx.Response:
            await go.wait()
            return httpx.Response(200, json=one(number="SLOW"))

        desk = Desk(store, wait)
        for number in range(3):
            await desk.keep({"document": f"t/{number}"}, slug="pointing")
            await desk.keep(one(number=f"A{number}"))

        async def quick_ones_are_mapped(desk: Desk) -> bool:
            mapped = 3 == len(await desk.events()) and 3 == len(desk.asked)
            if mapped:
                go.set()
            return mapped

        await desk.until(quick_ones_are_mapped)

        # Stopping waited for the slow ones, and none was asked for twice.
        assert await all_settled(desk)
        assert ["/t/0", "/t/1", "/t/2"] == sorted(desk.asked)


async def test_a_replay_shows_what_is_new_and_what_is_read_differently_and_changes_nothing_unless_asked(
    desk: Desk,
) -> None:
    id_ = await desk.keep({"events": [{"code": "odd", "number": "A1"}, {"code": "moving", "number": "A1"}]})
    await desk.until(all_settled)
    better = Source(
        owner="demo",
        accounts=("demo",),
        adapter=ADAPTER,
        credentials=Credentials(),
        milestones={"odd": Milestone.EXCEPTION},
    )
    desk.mapper = desk.made(Sources([better]))

    class Forget:
        def run(self, connection: Connection) -> None:
            connection.execute(delete(events).where(events.c.code == "moving"))

    await desk.store.write(Forget())

    shown = await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")
    before = [row.milestone for row in await desk.events()]
    done = await desk.mapper.replay(id_, dry_run=False, reason="the code is known now", actor="ops")
    again = await desk.mapper.replay(id_, dry_run=False, reason="once more", actor="ops")

    assert ["UNKNOWN"] == before
    assert [("UNKNOWN", "EXCEPTION")] == [
        (change["before"]["milestone"], change["after"]["milestone"]) for change in shown["changed"]
    ]
    assert (["moving"], 0) == ([event["code"] for event in shown["new"]], shown["unchanged"])
    assert shown == {**done, "dry_run": True}
    assert ([], [], 2) == (again["new"], again["changed"], again["unchanged"])
    assert ["EXCEPTION", "IN_TRANSIT"] == [row.milestone for row in await desk.events()]
    query = select(audit.c.actor, audit.c.reason, audit.c.detail).order_by(audit.c.id)
    assert [
        ("ops", "the code is known now", {"new_events": 1, "placed": 0, "revived": 0}),
        ("ops", "once more", {"new_events": 0, "placed": 0, "revived": 0}),
    ] == [tuple(row) for row in await desk.store.read(lambda c: c.execute(query).all())]


async def test_what_waits_for_its_first_reading_is_not_read_beside_it(desk: Desk) -> None:
    id_ = await desk.keep(one(), hand_over=False)

    shown = await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")
    with pytest.raises(NotYetRead, match="waits for its first reading"):
        await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")

    assert (["moving"], []) == ([event["code"] for event in shown["new"]], await desk.events())


async def test_a_first_reading_by_hand_takes_no_event_for_that_of_another_webhook(desk: Desk) -> None:
    """Without times a parcel may go out twice; what could not be read before was never counted."""
    for content in (one("out"), one("back")):
        await desk.keep(content)
        await desk.until(all_settled)
        desk.mapper = desk.made()
    id_ = await desk.keep(one("out"), slug="gone", hand_over=False)
    await desk.until(all_settled)

    class Return:
        def run(self, connection: Connection) -> None:
            connection.execute(update(webhooks).where(webhooks.c.id == id_).values(carrier="test"))

    await desk.store.write(Return())
    shown = await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")
    await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")
    again = await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")

    assert (["out"], []) == ([event["code"] for event in shown["new"]], list(again["new"]))
    assert ["out", "back", "out"] == [row.code for row in await desk.events()]


async def test_a_replay_fetches_what_never_came_and_keeps_it(desk: Desk) -> None:
    id_ = await desk.keep({"document": "t/1"}, slug="pointing")
    desk.clock.advance(days=4)
    await desk.until(all_settled)
    with pytest.raises(LookupFailed):
        await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")
    desk._answer = lambda _: httpx.Response(200, json=one())  # noqa: SLF001 - the carrier recovers

    shown = await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")
    unchanged = await desk.states()
    await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")
    asked = len(desk.asked)
    again = await desk.mapper.replay(id_, dry_run=False, reason="…", actor="ops")

    assert (["moving"], "unmappable") == ([event["code"] for event in shown["new"]], unchanged[0][0])
    assert [("mapped", None)] == await desk.states()
    assert (1, asked) == (again["unchanged"], len(desk.asked))


async def test_what_cannot_be_replayed_says_why(desk: Desk) -> None:
    gone = await desk.keep(one(), slug="gone", hand_over=False)
    deleted = await desk.keep(one())

    class Forget:
        def run(self, connection: Connection) -> None:
            connection.execute(delete(bodies).where(bodies.c.webhook_id == deleted))

    await desk.store.write(Forget())

    for id_, why in ((gone, "the carrier 'gone'"), (deleted, "its retention ended"), (1, "its retention ended")):
        with pytest.raises(MalformedPayload, match=why):
            await desk.mapper.replay(id_, dry_run=True, reason="…", actor="ops")


async def test_the_mapper_shows_that_it_is_alive(desk: Desk) -> None:
    desk.clock.advance(minutes=5)

    await desk.until(all_settled)

    assert timedelta(0) == desk.clock() - desk.mapper.beat_at
