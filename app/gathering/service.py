"""All gathering of a process: for each account who looks after its hook, polls its feed if wanted, and looks back."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from app.account import Account
from app.calling import Destination
from app.duties import Duties
from app.gathering.calls import Calls
from app.gathering.feed import FeedPoller
from app.gathering.hook import HookKeeper, HookPlan
from app.gathering.looking_back import Backfiller, SweepPlan
from app.store import Store
from app.telemetry import Metrics
from app.vtex import named_by_address
from app.worker import Loop

__all__ = ["Gathering"]


class Gathering:
    """Look after hooks, poll feeds, and look back."""

    def __init__(
        self,
        store: Store,
        destinations: Mapping[str, Destination],
        duties: Duties,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        told: Callable[[], None],
        hooks: HookPlan | None = None,
    ) -> None:
        """Call ``told`` when there are orders to read."""
        self._now = now
        self._loops: list[Loop] = []
        self._backfills: dict[str, Loop] = {}
        plan = hooks or HookPlan()
        self.hooks = {
            name: HookKeeper(
                name,
                store,
                Calls(store, destination, metrics, now=now, can_wait=True),
                duties,
                plan,
                names=_names(destination.account),
                now=now,
            )
            for name, destination in destinations.items()
        }
        self._hook_loops = [Loop("hook", keeper.step, now) for keeper in self.hooks.values() if keeper.is_received]
        for name, destination in destinations.items():
            if destination.account.feed:
                poller = FeedPoller(
                    name,
                    store,
                    Calls(store, destination, metrics, now=now, can_wait=False),
                    duties,
                    metrics,
                    now=now,
                    told=told,
                )
                self._loops.append(Loop("feed", poller.step, now))
            backfiller = Backfiller(
                name,
                store,
                Calls(store, destination, metrics, now=now, can_wait=True),
                duties,
                metrics,
                now=now,
                told=told,
                sweep=_sweep(destination.account),
            )
            self._backfills[name] = Loop("backfill", backfiller.step, now)
        self._loops += self._backfills.values()

    @property
    def beat_at(self) -> datetime:
        """Return when the one that was still for longest last showed that it is alive.

        Who looks after a hook does not count: nothing hangs on it, and it waits for what operators do to the hook.
        """
        return min((loop.beat_at for loop in self._loops), default=self._now())

    def look_back(self, account: str) -> None:
        """Look for an account's backfills now."""
        if account in self._backfills:
            self._backfills[account].wake()

    def wake(self) -> None:
        """Look for work now."""
        for loop in (*self._loops, *self._hook_loops):
            loop.wake()

    def stop(self) -> None:
        """Finish the calls at hand and return from `run`."""
        for loop in (*self._loops, *self._hook_loops):
            loop.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        tasks = [asyncio.create_task(loop.run()) for loop in (*self._loops, *self._hook_loops)]
        try:
            await asyncio.gather(*tasks)
        finally:
            # When one of them failed, all begin again together.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _names(account: Account) -> tuple[str, ...]:
    addressed = named_by_address(account.base_url)
    return () if addressed is None else (addressed,)


def _sweep(account: Account) -> SweepPlan:
    return SweepPlan(every=account.sweep_every)
