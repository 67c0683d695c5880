"""Poll an account's order feed: receive, store durably, and only then commit."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from app.duties import Duties
from app.gathering.calls import Calls
from app.store import Store, TellOrders, ToldOrder
from app.telemetry import Metrics, log_event
from app.vtex import Answered, FeedItem, Outcome, concerns_packages, is_other_side

__all__ = ["EMPTY_SECONDS", "FeedPoller"]

logger = logging.getLogger(__name__)

EMPTY_SECONDS: Final = (1.0, 30.0)
"""How long an empty feed is left alone: doubling from the first to the second."""
_STANDBY_SECONDS: Final = 5.0
_MARGIN: Final = timedelta(seconds=5)
_CONFIG_EVERY: Final = timedelta(minutes=10)
_DEFAULT_VISIBILITY: Final = timedelta(seconds=240)
_UNCONFIGURED_SECONDS: Final = 60.0
_GOOD: Final = 200


class FeedPoller:
    """The one who polls an account's feed, among all processes."""

    def __init__(
        self,
        account: str,
        store: Store,
        calls: Calls,
        duties: Duties,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        told: Callable[[], None],
    ) -> None:
        """Call ``told`` when there are orders to read."""
        self._account = account
        self._store = store
        self._calls = calls
        self._duties = duties
        self._metrics = metrics
        self._now = now
        self._told = told
        self._empty_seconds = EMPTY_SECONDS[0]
        self._not_before = self._config_at = now()
        self._visibility = _DEFAULT_VISIBILITY
        self._problem: str | None = None

    async def step(self) -> float:
        """Receive one lot, if it is time; return how long to rest."""
        now = self._now()
        if now < self._not_before:
            return (self._not_before - now).total_seconds()
        if not await self._duties.keep(f"feed:{self._account}"):
            return _STANDBY_SECONDS
        if (wait := await self._calls.wait()) > 0:
            return wait
        if now >= self._config_at:
            return await self._look_at_config()
        return await self._receive()

    async def _look_at_config(self) -> float:
        """Learn for how long a lot is ours."""
        found = await self._calls.make("feed-config", lambda client: client.feed_config(), lambda read: read.answered)
        if found.found is not None:
            self._visibility = found.found.visibility
        elif found.answered.status != _GOOD:
            return self._failed(found.answered)
        # An answer that cannot be read takes nothing from what the feed has to tell.
        self._config_at = self._now() + _CONFIG_EVERY
        return 0.0

    async def _receive(self) -> float:
        asked_at = self._now()
        received = await self._calls.make("feed", lambda client: client.receive_feed(), lambda read: read.answered)
        if received.found is None:
            return self._failed(received.answered)
        self._recovered()
        if not received.found:
            rest, self._empty_seconds = self._empty_seconds, min(2 * self._empty_seconds, EMPTY_SECONDS[1])
            return self._rest(rest)
        self._empty_seconds = EMPTY_SECONDS[0]
        margin = min(_MARGIN, self._visibility / 2)
        with self._calls.keeping_place():
            await self._tell(received.found)
            return await self._commit(received.found, asked_at + self._visibility - margin)

    async def _tell(self, items: tuple[FeedItem, ...]) -> None:
        told = tuple(
            ToldOrder(order_id=item.order_id, changed_at=item.changed_at, state=item.state)
            for item in items
            if item.order_id is not None and concerns_packages(item.state) and not is_other_side(item.domain)
        )
        if told:
            await self._store.write(TellOrders(account=self._account, told=told, source="feed", now=self._now()))
            self._metrics.orders_told(self._account, "feed", len(told))
            self._told()

    async def _commit(self, items: tuple[FeedItem, ...], until: datetime) -> float:
        """Commit a lot while it is ours; later it is received again anyway, which harms nothing."""
        # The call belongs to the one that received: it does not wait for another turn of the budget.
        if self._now() >= until:
            log_event(logger, "feed.commit-late", level=logging.WARNING, account=self._account, items=len(items))
            return 0.0
        handles = [item.handle for item in items if item.handle is not None]
        if not handles:
            return self._rest(EMPTY_SECONDS[1])
        answered = await self._calls.make(
            "feed-commit", lambda client: client.commit_feed(handles), lambda ended: ended
        )
        return 0.0 if answered.outcome is Outcome.APPLIED else self._failed(answered)

    def _failed(self, answered: Answered) -> float:
        problem = _problem(answered)
        if problem != self._problem:
            log_event(logger, "feed.failing", level=logging.WARNING, account=self._account, problem=problem)
            self._problem = problem
        if answered.outcome in {Outcome.MISSING, Outcome.FORBIDDEN}:
            self._config_at = self._now()
            return self._rest(_UNCONFIGURED_SECONDS)
        return self._rest(self._calls.after_failure(answered))

    def _recovered(self) -> None:
        if self._problem is not None:
            log_event(logger, "feed.recovered", account=self._account)
            self._problem = None

    def _rest(self, seconds: float) -> float:
        self._not_before = self._now() + timedelta(seconds=seconds)
        return seconds


def _problem(answered: Answered) -> str:
    if answered.outcome is Outcome.MISSING:
        return "the key has no feed; carrier-relay feed install makes one"
    if answered.outcome is Outcome.FORBIDDEN:
        return "the key lacks the permission Feed v3 and Hook Admin"
    return f"VTEX answered {answered.status}" if answered.status else f"VTEX did not answer: {answered.detail}"
