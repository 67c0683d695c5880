"""Hooks and feeds as state machines: whatever is done in whatever order, against a plain model of VTEX's rules."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from app.sandbox.events import FromWorkflow
from app.sandbox.feeds import Feed
from app.sandbox.hooks import IDLE_SECONDS, KEPT_SECONDS, MAX_TRIES, Hook, Notification
from app.sandbox.identity import read_order_id
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Order, Shopper
from app.sandbox.state import Sandbox
from app.sandbox.subscribing import Queue, Target
from tests.sandbox.conftest import Clock

KEY = "vtexappkey-demo-EXAMPLE"
RETENTION = 345_600
VISIBILITY = 240
WANTED = FromWorkflow(statuses=frozenset({"handling"}))
SHOPPER = Shopper(name="Ana", email="ana@shopper.example", document="0", city="Campinas", state="SP")
DAY = 24 * 3600
# Mostly short ones: after a long one there is little left to go wrong.
PAUSES = st.sampled_from([0.5, 1, 2, 239, 240, 240, 300, 3600, DAY, DAY]) | st.sampled_from([1, 240, 3 * DAY, 4 * DAY])


def order(number: int, at: datetime) -> Order:
    return Order(
        account="demo",
        identity=read_order_id(f"o-{number}"),
        sequence=str(number),
        status="handling",
        value=1,
        items=(),
        shopper=SHOPPER,
        created_at=at,
        last_change=at,
    )


class Shop(RuleBasedStateMachine):
    """A sandbox under a clock, with orders that come in."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.sandbox = Sandbox(SandboxOptions(hook_delivery="by_hand"), self.clock)
        self.count = 0

    def place(self) -> str:
        self.count += 1
        placed = order(self.count, self.clock())
        self.sandbox.save(placed)
        return placed.order_id


class FeedRules(Shop):
    """What is put into a feed is given until it is committed, hidden for a while after each read, or too old."""

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.put_at: dict[str, datetime] = {}
        self.hidden_until: dict[str, datetime] = {}
        self.last_handle: dict[str, str] = {}
        self.given: set[str] = set()
        self.configure()

    def live(self) -> set[str]:
        """Name what a reader may still expect."""
        youngest = timedelta(seconds=RETENTION)
        return {name for name, at in self.put_at.items() if self.clock() - at < youngest}

    def is_there(self) -> bool:
        return self.clock() - self.last_put < timedelta(seconds=RETENTION)

    @rule()
    def configure(self) -> None:
        queue = Queue(visibility_seconds=VISIBILITY, retention_seconds=RETENTION)
        if self.sandbox.announcements.feeds.find("demo", KEY) is None:
            feed = Feed(account="demo", app_key=KEY, filter=WANTED, queue=queue, active_at=self.clock())
            self.sandbox.announcements.feeds.configure(feed)
            self.last_put = self.clock()
            self.put_at.clear()

    @rule(count=st.integers(1, 12))
    def put(self, count: int) -> None:
        if self.sandbox.announcements.feeds.find("demo", KEY):
            self.last_put = self.clock()
            self.put_at |= {self.place(): self.clock() for _ in range(count)}

    @rule(target=handles, most=st.integers(1, 10))
    def read(self, most: int) -> Any:
        feed = self.sandbox.announcements.feeds.find("demo", KEY)
        if feed is None:
            return multiple()
        visible = {name for name in self.live() if self.hidden_until.get(name, self.clock()) <= self.clock()}

        items = self.sandbox.announcements.feeds.read(feed, most)

        names = [str(item["orderId"]) for item in items]
        assert len(set(names)) == len(names) == min(most, len(visible))
        assert set(names) <= visible
        for name, item in zip(names, items, strict=True):
            handle = str(item["handle"])
            assert handle not in self.given
            self.given.add(handle)
            self.last_handle[name] = handle
            self.hidden_until[name] = self.clock() + timedelta(seconds=VISIBILITY)
        return multiple(*((name, str(item["handle"])) for name, item in zip(names, items, strict=True)))

    @rule(handle=consumes(handles), twice=st.booleans())
    def commit(self, handle: tuple[str, str], twice: bool) -> None:
        feed = self.sandbox.announcements.feeds.find("demo", KEY)
        if feed is None:
            return
        name, receipt = handle
        counts = name in self.live() and self.last_handle[name] == receipt

        committed = feed.commit([receipt, *([receipt] if twice else []), "never-given"])

        assert counts == committed
        if counts:
            del self.put_at[name]

    @rule(seconds=PAUSES)
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def it_holds_what_is_neither_committed_nor_too_old(self) -> None:
        feed = self.sandbox.announcements.feeds.find("demo", KEY)
        assert self.is_there() == (feed is not None)
        if feed is not None:
            assert len(self.live()) == feed.quantity
            oldest = min((self.put_at[name] for name in self.live()), default=self.clock())
            assert int((self.clock() - oldest).total_seconds()) == feed.age_seconds(self.clock())


class HookRules(Shop):
    """A notification ends delivered by a 200 or dropped, never earlier, never both, and is tried ever more rarely."""

    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.hooks = self.sandbox.announcements.hooks
        self.configure()
        self.made: dict[str, datetime] = {}
        self.not_before: dict[str, datetime] = {}
        self.wait_before: dict[str, timedelta] = {}

    @rule()
    def configure(self) -> None:
        if self.hooks.find("demo", KEY) is None:
            target = Target(url="https://relay.example", headers={})
            self.hooks.configure(
                Hook(account="demo", app_key=KEY, filter=WANTED, target=target, active_at=self.clock())
            )
            self.removed = False
            self.active_at = self.clock()

    @rule()
    def place_an_order(self) -> None:
        is_there = self.hooks.find("demo", KEY) is not None
        name = self.place()
        if is_there:
            self.made[name] = self.not_before[name] = self.active_at = self.clock()

    @rule(target=sent)
    def take(self) -> Any:
        return multiple(*self.take_all())

    def take_all(self) -> list[Notification]:
        taken = self.hooks.take()
        for notification in taken:
            name = notification.event.order_id
            assert self.clock() >= self.not_before[name]
            assert self.clock() - self.made[name] < timedelta(seconds=KEPT_SECONDS)
            assert "sending" == notification.state
        assert [] == self.hooks.take(), "what is on its way is not taken twice"
        return taken

    @rule(notification=consumes(sent), status=st.sampled_from([200, 201, 404, 500, 503, None]))
    def settle(self, notification: Notification, status: int | None) -> None:
        self.answered(notification, status)

    def answered(self, notification: Notification, status: int | None) -> None:
        name, tries = notification.event.order_id, notification.tries
        self.hooks.find("demo", KEY)  # One that is idle goes now, with what was on its way to it.
        was_open = notification.state == "sending"

        self.hooks.settle(notification, status)

        if not was_open:
            assert tries == notification.tries
            return
        self.active_at = self.clock()
        assert tries + 1 == notification.tries <= MAX_TRIES
        assert (status == 200) == (notification.state == "delivered")
        if notification.state == "waiting":
            wait = notification.due_at - self.clock()
            assert wait > self.wait_before.get(name, timedelta(seconds=0.99))
            self.wait_before[name] = wait
            self.not_before[name] = notification.due_at
            assert notification.due_at - self.made[name] < timedelta(seconds=KEPT_SECONDS)

    @rule()
    def fail_all_that_is_due(self) -> None:
        for notification in self.take_all():
            self.answered(notification, 503)

    @rule()
    def hurry(self) -> None:
        waiting = [each for each in self.hooks.waiting if each.state == "waiting"]
        self.hooks.hurry()
        for each in waiting:
            assert each.due_at <= self.clock()
            self.not_before[each.event.order_id] = self.clock()

    @rule(seconds=st.sampled_from([1, 2, 60, DAY, DAY, DAY]) | PAUSES)
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    @rule(seriously=st.sampled_from([False] * 9 + [True]))
    def remove(self, seriously: bool) -> None:
        if not seriously:
            return
        is_there = self.hooks.find("demo", KEY) is not None
        assert is_there == self.hooks.remove("demo", KEY)
        self.removed = True

    @invariant()
    def each_notification_is_open_or_ended_once(self) -> None:
        idle = self.clock() - self.active_at >= timedelta(seconds=IDLE_SECONDS)
        self.removed = self.removed or idle
        assert self.removed == (self.hooks.find("demo", KEY) is None)
        waiting = [each.event.order_id for each in self.hooks.waiting]
        ended = [each.event.order_id for each in self.hooks.history]
        assert sorted(self.made) == sorted(waiting + ended)
        assert {"delivered", "dropped"} >= {each.state for each in self.hooks.history}
        if self.removed:
            assert [] == waiting


STEPS = settings(max_examples=100, stateful_step_count=50)
FeedStates = FeedRules.TestCase
FeedStates.settings = STEPS
HookStates = HookRules.TestCase
HookStates.settings = STEPS
