"""Whatever VTEX's list and feed answer, nobody who gathers fails, and no order is lost that was ever told."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import MalformedPayload
from app.payload import json_document
from app.vtex.feed import feed_request
from app.vtex.listing import read_page
from tests.gathering.stage import Stage, staged
from tests.store.making import NOW

pytestmark = pytest.mark.anyio

ORDERS = {f"v{number}-01" for number in range(3)}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.sampled_from(["", " ", "\x00", "\ud800", "v0-01", "v0-01\x00", "9" * 300, "-1", "1e999", "0001-01-01T00:00:00"]),
    st.text(max_size=5),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def members(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object that may have these members, and may hold anything in them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


items = members("handle", "orderId", "state", "lastChange", "currentChange", "domain")
rows = members("orderId", "status")
documents = st.one_of(
    values,
    st.lists(items | values, max_size=4),
    st.fixed_dictionaries({}, optional={"list": st.lists(rows | values, max_size=4), "paging": members("total")}),
    members("filter", "queue", "quantity").map(lambda found: found | {"filter": {"type": found.get("filter")}}),
)
bodies = st.one_of(
    documents.map(lambda document: json.dumps(document).encode()),
    st.sampled_from(
        [b"", b"<html><body>502 Bad Gateway</body></html>", b"\xff\xfe", b"[" * 5000, b'{"list": [', b"null", b"NaN"]
    ),
)
answers = st.tuples(st.sampled_from([200, 200, 200, 204, 301, 404, 500]), bodies)


def answering(status: int, body: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, content=body)


def staging(live: Callable[[Stage], Any], **given_settings: Any) -> None:
    async def run() -> None:
        with TemporaryDirectory() as folder:
            async with staged(Path(folder), **given_settings) as stage:
                await live(stage)

    asyncio.run(run())


@settings(max_examples=60)
@given(wrong=st.lists(answers, min_size=1, max_size=6), after=st.booleans())
def test_a_feed_that_answers_anything_loses_nothing_and_goes_on(wrong: list[tuple[int, bytes]], after: bool) -> None:
    async def live(stage: Stage) -> None:
        feed = stage.vtex.feed
        feed.config = dict(feed_request())
        for order in sorted(ORDERS):
            feed.notify(order, "invoiced", workflow=True)
        for answer in wrong:
            setattr(stage.vtex, "after" if after else "before", answering(*answer))
            await stage.poller.step()
            stage.clock.advance(seconds=70)
            assert ORDERS <= await stage.told_ids() | {item.document["orderId"] for item in feed.waiting}
        stage.vtex.before = stage.vtex.after = lambda _: None
        for _ in range(40):
            await stage.poller.step()
            stage.clock.advance(seconds=70)
        assert [] == feed.waiting
        assert ORDERS <= await stage.told_ids()

    staging(live)


def is_page(status: int, body: bytes) -> bool:
    """Tell whether an answer can be taken for a page of the list: then what it says is believed."""
    try:
        read_page(json_document(body.decode()))
    except (MalformedPayload, UnicodeDecodeError):
        return False
    return status // 100 == 2


@settings(max_examples=60)
@given(wrong=st.lists(answers, min_size=1, max_size=6))
def test_a_list_that_answers_anything_hinders_a_backfill_and_loses_nothing(wrong: list[tuple[int, bytes]]) -> None:
    async def live(stage: Stage) -> None:
        for order in sorted(ORDERS):
            at = (NOW - timedelta(days=2)).isoformat()
            stage.vtex.list.add(order, at, at)
        id_ = await stage.asked_for(NOW - timedelta(days=3))
        for answer in wrong:
            stage.vtex.before = answering(*answer)
            await stage.backfiller.step()
            stage.clock.advance(minutes=6)
        stage.vtex.before = lambda _: None
        done = await stage.backfill(id_)
        for _ in range(400):
            if done.state == "done":
                break
            await stage.backfiller.step()
            stage.clock.advance(minutes=6)
            done = await stage.backfill(id_)
        assert "done" == done.state
        if not any(is_page(*answer) for answer in wrong):
            assert (ORDERS, 0) == (await stage.told_ids(), done.unlisted)

    staging(live)


async def test_a_count_of_orders_that_no_page_bears_out_does_not_part_the_past_without_end(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        answer = {"list": [{"orderId": "v1-01"}], "paging": {"total": 10**12}}
        stage.vtex.before = lambda _: httpx.Response(200, json=answer)
        done = await stage.until_done(await stage.asked_for(NOW - timedelta(days=3)), steps=200)

        assert ({"v1-01"}, "done") == (await stage.told_ids(), done.state)


async def test_an_item_that_cannot_be_committed_is_told_all_the_same_and_not_asked_for_in_haste(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.feed.config = dict(feed_request())
        await stage.poller.step()
        stage.vtex.before = lambda _: httpx.Response(200, json=[{"orderId": "v1-01", "state": "invoiced"}])

        assert 30 == await stage.poller.step()
        assert {"v1-01"} == await stage.told_ids()


async def test_an_order_s_other_side_is_committed_and_not_told(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.feed.config = dict(feed_request())
        stage.vtex.feed.notify("v1-01", "invoiced", workflow=True)
        stage.vtex.feed.notify("v1-01", "invoiced", workflow=True)
        stage.vtex.feed.waiting[0].document["domain"] = "Marketplace"
        stage.vtex.feed.waiting[0].document["orderId"] = "v2-01"
        for _ in range(2):
            await stage.poller.step()

        assert ({"v1-01"}, 2) == (await stage.told_ids(), stage.vtex.feed.committed)
