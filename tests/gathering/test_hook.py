"""The order hook is looked after: put back when VTEX deleted it, gone when that was asked for, and never another's."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from app.calling import Destination
from app.duties import Duties
from app.egress import Egress
from app.errors import HookNotOurs, HookNotPossible, LookupFailed
from app.gathering import HookKeeper, HookPlan
from app.gathering.calls import Calls
from app.store import HookRecord, KeepHook, RecordHook, Store, hook_records
from app.store.schema import audit
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.emulator.hook import Hooks
from tests.forwarder.making import KEY as APP_KEY
from tests.forwarder.making import account
from tests.store.keeping import kept_in
from tests.store.making import Clock

AT: Final = ("demo", APP_KEY)
URL: Final = "http://127.0.0.1:1/vtex/demo/orders-hook"
FOREIGN: Final[Mapping[str, Any]] = {
    "filter": {"type": "FromWorkflow", "status": ["invoiced"]},
    "hook": {"url": "http://127.0.0.1:2/erp", "headers": {"key": "of-the-erp"}},
}
ACTIONS: Final = ("install", "remove", "look", "deleted", "taken", "left", "day", "down", "deaf", "restart")


class Shop:
    """An account whose hook VTEX, others and the relay do things to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.hooks = Hooks(post=lambda _hook, _document: self.ping)
        self.ping: int | None = 200
        self.status: int | None = None
        """What VTEX answers in place of doing what it is asked."""
        self.wanted = False
        """Whether the relay's own hook was last asked for, and not asked to go."""
        self.asked: list[str] = []
        called = account(rate_per_second=1e6)
        client = Client(called, Egress(transport=httpx.MockTransport(self._answer)), self.clock)
        self._destination = Destination(account=called, client=client, gate=Gate(called))
        self.start()

    def start(
        self, base: str = "http://127.0.0.1:1/", keys: tuple[str, ...] = ("new-hook-key", "old-hook-key")
    ) -> None:
        """Begin with nothing in memory, as a process does."""
        metrics = Metrics(CollectorRegistry(), accounts=("demo",))
        calls = Calls(self.store, self._destination, metrics, now=self.clock, can_wait=True, jitter=lambda: 0.0)
        duties = Duties(self.store, self.clock, clock=lambda: self.clock().timestamp(), holder="the only one")
        plan = HookPlan(base=base, keys={"demo": keys})
        self.keeper = HookKeeper("demo", self.store, calls, duties, plan, now=self.clock, patience_seconds=0)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        if self.status is not None:
            return httpx.Response(self.status)
        body = json.loads(request.content) if request.content else None
        reply = self.hooks.answer("demo", request.headers["x-vtex-api-appkey"], request.method, body)
        return httpx.Response(reply.status or 500, json=reply.body)

    @property
    def standing(self) -> str | None:
        """Say where the hook that VTEX has leads."""
        return self.hooks.configs[AT]["hook"]["url"] if AT in self.hooks.configs else None

    async def act(self, action: str) -> None:
        match action:
            case "install" | "remove":
                await self._ask(action)
            case "look":
                await self._look()
            case "day":
                await self.let_a_day_pass()
            case "restart":
                self.start()
            case _:
                self._others(action)

    def _others(self, action: str) -> None:
        match action:
            case "deleted" if self.standing == URL:
                del self.hooks.configs[AT]
            case "taken":
                # Others do not read before they write.
                self.hooks.configs[AT] = dict(FOREIGN)
            case "left" if self.standing != URL:
                self.hooks.configs.pop(AT, None)
            case "down":
                self.status = 500 if self.status is None else None
            case "deaf":
                self.ping = 503 if self.ping == 200 else 200

    async def _look(self) -> None:
        try:
            await self.keeper.look()
        except LookupFailed:
            self._expect_trouble()

    async def _ask(self, action: str) -> None:
        before = self.standing
        try:
            if action == "install":
                await self.keeper.install(None, actor="somebody", reason=None)
            else:
                await self.keeper.remove(actor="somebody", reason=None)
        except HookNotOurs:
            assert before == FOREIGN["hook"]["url"]
        except HookNotPossible:
            assert (action, self.ping) == ("install", 503)
        except LookupFailed:
            self._expect_trouble()
        else:
            self.wanted = action == "install"
            assert self.standing == (URL if self.wanted else None)

    def _expect_trouble(self) -> None:
        gate = self._destination.gate
        assert self.status is not None or gate.closed_until is not None

    async def let_a_day_pass(self) -> None:
        """Have the keeper do what it does by itself, as often as it wants to."""
        until = self.clock().timestamp() + 25 * 3600
        while (left := until - self.clock().timestamp()) > 0:
            seconds = await self.keeper.step()
            self.clock.advance(seconds=min(max(seconds, 1.0), left))


async def play(actions: list[str]) -> None:
    with TemporaryDirectory() as folder:
        async with kept_in(Path(folder)) as store:
            shop = Shop(store)
            for action in actions:
                await shop.act(action)
                # Whatever happens, nothing ever takes the place of what others made.
                assert set(shop.hooks.overwritten) <= {URL}
            shop.status, shop.ping = None, 200
            foreign = shop.standing == FOREIGN["hook"]["url"]
            await shop.let_a_day_pass()
            await shop.let_a_day_pass()
            assert shop.standing == (FOREIGN["hook"]["url"] if foreign else URL if shop.wanted else None), actions
            record = (await store.read(lambda connection: hook_records(connection, ["demo"])))["demo"]
            assert record.state == ("foreign" if foreign else "ours" if shop.wanted else "none")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=4, max_size=14).map(lambda actions: ["install", *actions]))
@example(["install", "remove"])
@example(["install", "taken", "day", "install", "remove"])
@example(["install", "deleted", "deaf", "day", "look", "restart", "deaf"])
@example(["look", "taken", "look", "left", "day"])
def test_whatever_happens_the_hook_that_was_asked_for_comes_back_and_no_other_is_ever_touched(
    actions: list[str],
) -> None:
    asyncio.run(play(actions))


async def scene(folder: Path) -> None:
    async with kept_in(folder) as store:
        shop = Shop(store)
        await shop.act("install")
        del shop.hooks.configs[AT]
        shop.asked.clear()
        await shop.let_a_day_pass()
        first = [*shop.asked]
        await shop.let_a_day_pass()
        made = await store.read(lambda c: c.execute(select(audit.c.actor, audit.c.action).order_by(audit.c.id)).all())

    assert (["GET", "POST"], ["GET", "POST", "GET"]) == (first[:2], shop.asked[:3])
    assert [("somebody", "hook.installed"), ("relay", "hook.restored")] == [tuple(row) for row in made]


def test_a_hook_that_vtex_deleted_is_made_again_once_and_the_audit_log_says_who_did_it(tmp_path: Path) -> None:
    asyncio.run(scene(tmp_path))


async def unwanted(folder: Path) -> tuple[list[str], str | None]:
    async with kept_in(folder) as store:
        shop = Shop(store)
        await shop.let_a_day_pass()
        await shop.let_a_day_pass()
        return shop.asked, shop.standing


def test_nobody_s_hook_is_made_before_somebody_asked_for_it_and_a_look_a_day_is_enough(tmp_path: Path) -> None:
    asked, standing = asyncio.run(unwanted(tmp_path))

    assert (None, {"GET"}) == (standing, set(asked))
    assert 2 <= len(asked) <= 3


async def moving(folder: Path) -> None:
    async with kept_in(folder) as store:
        shop = Shop(store)
        shop.start(keys=("old-hook-key",))
        await shop.act("install")
        shop.start()
        rotated = await shop.keeper.look()
        await shop.act("install")
        assert "new-hook-key" == shop.hooks.configs[AT]["hook"]["headers"]["key"]

        shop.start(base="http://127.0.0.1:3")
        moved = await shop.keeper.look()
        await shop.let_a_day_pass()
        assert URL == shop.standing, "what is there is put right by people only"
        del shop.hooks.configs[AT]
        await shop.let_a_day_pass()
        await shop.let_a_day_pass()

    assert ("differs", "it sends an old hook key") == (rotated.state, rotated.problem)
    assert ("differs", True) == (moved.state, "this relay is at http://127.0.0.1:3" in (moved.problem or ""))
    assert URL.replace(":1/", ":3/") == shop.standing


def test_a_key_that_was_changed_and_a_relay_that_moved_are_seen_and_put_right(tmp_path: Path) -> None:
    asyncio.run(moving(tmp_path))


async def overtaken(folder: Path) -> HookRecord:
    async with kept_in(folder) as store:
        now, ids = Clock()(), store.ids
        await store.write(KeepHook(account="demo", url=URL, actor="somebody", reason=None, ids=ids, now=now))
        await store.write(KeepHook(account="demo", url=None, actor="somebody", reason=None, ids=ids, now=now))
        late = RecordHook(account="demo", state="ours", url=URL, problem=None, keep=URL, ids=ids, now=now)
        return await store.write(late)


def test_a_look_that_a_removal_overtook_does_not_bring_the_hook_back(tmp_path: Path) -> None:
    record = asyncio.run(overtaken(tmp_path))

    assert ("ours", None) == (record.state, record.kept_url)
