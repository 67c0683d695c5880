"""Bring VTEX's timelines to the truth: claim what is due, call, settle."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.calling import Destination, tripped
from app.clock import ClockWatch
from app.crowd import Crowd
from app.errors import StoreUnavailable
from app.forwarder.claiming import Asked, Claiming
from app.forwarder.learning import conclude
from app.forwarder.outcomes import Consequence, consequence
from app.forwarder.planning import NO_NAMES, live_from, planner
from app.forwarder.reading import found_by
from app.forwarder.resting import Resting
from app.forwarder.telling import attempt_line
from app.forwarder.yielding import Yielding
from app.slots import Slots
from app.store import AcceptRead, Claimed, Claims, Requeue, Settle, Settlement, Store, public_id
from app.telemetry import Metrics, log_event
from app.vtex import Answered, Outcome

__all__ = ["Forwarder"]

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 5.0
_OTHERS: Final = timedelta(seconds=0.05)
_GIVE_WAY: Final = timedelta(seconds=0.02)


class Forwarder:
    """Work on due shipments, several at a time, never two calls for one shipment."""

    def __init__(
        self,
        store: Store,
        destinations: Mapping[str, Destination],
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        couriers: Mapping[str, str] = NO_NAMES,
        slots: int = 64,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads retries, keeps no secret
        watch: ClockWatch | None = None,
    ) -> None:
        """Forward for ``destinations``: one shipment of each at any time, and ``slots`` - 1 more.

        ``couriers`` names carriers by slug; ``watch`` notices when the clock is set.
        """
        self._store = store
        self._destinations = destinations
        self._metrics = metrics
        self._now = now
        self._slots = Slots(slots, destinations)
        self._jitter = jitter
        self._plan = planner({name: d.account for name, d in destinations.items()}, now, couriers)
        self._claiming = Claiming(store, destinations, self._plan, self._slots, now=now)
        self._running: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._yielding = Yielding(slots, lambda: len(self._running))
        self._until = now()
        self._is_queued = False
        self._is_due_again = False
        self._wake = asyncio.Event()
        self._stopping = False
        self._resting = None if watch is None else Resting(store, destinations, watch)
        self.beat_at = now()

    def wake(self) -> None:
        """Look for due work now: something was made due."""
        self._wake.set()

    def give_way(self, crowd: Crowd) -> None:
        """Hold back what replays made due while anybody is in a crowd."""
        self._yielding.crowd = crowd

    def reopen(self, account: str) -> None:
        """Look at an account again now: an operator changed its state."""
        self._destinations[account].gate.reopen()
        self.wake()

    def limit(self, account: str, rate_per_second: float | None, concurrency: int | None) -> None:
        """Go by an operator's limits of an account from now on; None for what the settings say."""
        self._destinations[account].gate.limit(rate_per_second, concurrency)
        self.wake()

    async def run(self) -> None:
        """Work until `stop`, and finish the calls in flight; being cancelled gives them up."""
        try:
            while not self._stopping:
                self._wake.clear()
                self.beat_at = self._now()
                try:
                    if not self._is_queued:
                        await self._store.write(Requeue(live=self._live(), now=self._now()))
                        self._is_queued = True
                    await self._work()
                except StoreUnavailable as error:
                    log_event(logger, "forward.store-unavailable", level=logging.ERROR, error=error)
                    await self._sleep(self._now() + timedelta(seconds=1))
            if self._following is not None:
                await asyncio.wait({self._following})
            await asyncio.gather(*self._running, return_exceptions=True)
        finally:
            for task in self._running:
                task.cancel()

    def _live(self) -> dict[str, datetime | None]:
        """Return the accounts that are written to, and from when on."""
        accounts = [destination.account for destination in self._destinations.values()]
        return {account.name: live_from(account) for account in accounts if not account.observe}

    async def stop(self) -> None:
        """Claim nothing more; `run` returns when the calls in flight have ended."""
        self._stopping = True
        self._wake.set()

    async def _work(self) -> None:
        if self._resting is not None and (rest := await self._resting.seconds(self._now())):
            await self._sleep(self._now() + timedelta(seconds=rest))
            return
        if self._following is not None:
            await asyncio.wait({self._following})
        later = self._yielding.most()
        asked = self._claiming.ask(later=later, gives_way=later > 0 and not self._yielding.crowd.is_anybody_there)
        claims = Claims() if asked is None else await self._claiming.take(asked)
        for claim in claims:
            self._start(claim)
        if claims and not self._claiming.is_sated:
            return
        until = await self._claiming.next_time(asked, claims, self._now() + timedelta(seconds=_POLL_SECONDS))
        await self._claiming.wait_for_others(self.wake)
        if claims.later_at is not None and claims.later_at <= self._now():
            await self._give_way(until)
            return
        # What is due and was not claimed may wait for calls of other processes: at once would not help.
        await self._sleep(max(until, self._now() + _OTHERS) if self._store.is_shared else until)

    def follow(self) -> bool:
        """Claim right behind what was queued to be written so far, in its transaction, instead of being woken after it.

        Returns:
            Whether that is so; otherwise `wake` is to be called once it was written.

        """
        is_resting = self._resting is not None and not self._resting.is_over()
        if self._store.is_shared or self._stopping or not self._is_queued or is_resting:
            return False
        if self._claiming.follow():
            return True
        if (asked := self._claiming.ask(later=0)) is None:
            return False
        self._following = asyncio.create_task(self._follow(asked), name="forward-follow")
        return True

    async def _follow(self, asked: Asked) -> None:
        try:
            claims = await self._claiming.take(asked)
        except StoreUnavailable:
            self._wake.set()  # Whoever looks then finds that out, and says so.
            return
        finally:
            self._following = None
        for claim in claims:
            self._start(claim)
        if not self._claiming.is_sated or (claims.due_at is not None and claims.due_at < self._until):
            self._wake.set()

    async def _give_way(self, until: datetime) -> None:
        """Sleep until what a replay made due may be claimed, or something else is due."""
        while not (self._wake.is_set() or self._yielding.is_over) and (now := self._now()) < until:
            await self._sleep(min(now + _GIVE_WAY, until))

    async def _sleep(self, until: datetime) -> None:
        self._until = until
        seconds = max(0.0, (until - self._now()).total_seconds())
        try:
            async with asyncio.timeout(min(seconds, _POLL_SECONDS)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _start(self, claim: Claimed) -> None:
        destination = self._destinations[claim.work.account]
        task = asyncio.create_task(self._forward(destination, claim), name=f"forward-{claim.work.shipment_id}")
        self._running.add(task)
        task.add_done_callback(lambda done: self._ended(done, destination))

    def _ended(self, task: asyncio.Task[None], destination: Destination) -> None:
        self._running.discard(task)
        self._slots.give_back(destination.account.name)
        destination.gate.leave()
        error = None if task.cancelled() else task.exception()
        if self._is_due_again or error is not None or not self._claiming.is_sated:
            self._is_due_again = False
            self._wake.set()
        if error is not None:
            # The lease ends by itself, and the call's end is then found out by a read.
            logger.error("a forward ended unexpectedly", exc_info=error)

    async def _forward(self, destination: Destination, claim: Claimed) -> None:
        """Make the calls of one claim: a read if the plan wants one, then the PUT."""
        following: Claimed | None = claim
        while following is not None:
            following = await self._step(destination, following)

    async def _step(self, destination: Destination, claim: Claimed) -> Claimed | None:
        now = self._now()
        account = destination.account
        if (why_not := self._why_not_now(destination, claim, now)) is not None:
            released = Settlement(outcome="not-applied", detail=why_not, retry_at=now, spends=False)
            await self._settle(claim, Consequence(settlement=released))
            return None
        destination.gate.spend()
        started = time.perf_counter()
        if claim.plan.read:
            answered = await destination.client.get_order(claim.work.order_id)
            found = found_by(claim.work, answered, account, self._now())
            if found is not None:
                destination.gate.record(failed=False)
                self._report(claim, answered, started)
                following = await self._store.write(
                    AcceptRead(
                        claimed=claim,
                        seen=found,
                        plan=self._plan,
                        conclude=conclude,
                        ids=self._store.ids,
                        now=self._now(),
                        limited=self._store.is_shared,
                    ),
                    gives_way=claim.later,
                )
                self._is_due_again |= following is None
                return replace(following, later=True) if following is not None and claim.later else following
        elif claim.plan.registration is not None:
            work, change = claim.work, claim.plan.registration
            answered = await destination.client.patch_invoice(work.order_id, work.invoice_number, change)
        else:
            body = claim.plan.body or {}
            answered = await destination.client.put_tracking(claim.work.order_id, claim.work.invoice_number, body)
        self._report(claim, answered, started)
        await self._settle(claim, self._judge(destination, claim, answered))
        return None

    def _why_not_now(self, destination: Destination, claim: Claimed, now: datetime) -> str | None:
        """Say why a call that was planned must not start any more, None when it may."""
        account, gate = destination.account, destination.gate
        if now + account.request_timeout + account.read_lag > claim.deadline:
            return "too little of the lease was left"
        if gate.closed_until is not None and now < gate.closed_until and not claim.probe:
            return "the account was paused meanwhile"
        return None

    def _judge(self, destination: Destination, claim: Claimed, answered: Answered) -> Consequence:
        """Decide what a call's end means, and close the gate at once if that is what it means."""
        now, gate, account = self._now(), destination.gate, destination.account
        forbidden = answered.outcome is Outcome.FORBIDDEN and gate.forbidden(claim.work.shipment_id)
        meaning = consequence(claim, answered, account, now=now, jitter=self._jitter(), forbidden_elsewhere=forbidden)
        if answered.outcome is Outcome.APPLIED:
            gate.welcomed()
        too_many = gate.record(failed=answered.outcome is Outcome.UNKNOWN)
        if too_many and meaning.account is None:
            meaning = replace(meaning, account=tripped(account, now))
        if meaning.account is not None:
            destination.close(meaning.account)
        return meaning

    async def _settle(self, claim: Claimed, meaning: Consequence) -> None:
        is_applied = meaning.settlement.outcome == "applied"
        settle = Settle(
            claimed=claim, settlement=meaning.settlement, account=meaning.account, now=self._now(), plan=self._plan
        )
        # Nothing is done on the strength of it that is not waited for. Were it lost, a read would find out, as for
        # every call whose end nobody reported.
        settled = await self._store.write(settle, lasting=not is_applied, gives_way=claim.later)
        self._is_due_again |= settled.due_at is not None
        if not settled.is_ours:
            log_event(
                logger, "forward.lease-lost", level=logging.WARNING, shipment=public_id("sh", claim.work.shipment_id)
            )
        elif is_applied:
            for row in claim.work.rows:
                if row.event_id in claim.plan.carries:
                    self._metrics.forwarded(claim.work.account, (settle.now - row.received_at).total_seconds())

    def _report(self, claim: Claimed, answered: Answered, started: float) -> None:
        seconds = time.perf_counter() - started
        self._metrics.attempt(account=claim.work.account, outcome=answered.outcome.value, seconds=seconds)
        log_event(logger, "forward.settled", **attempt_line(claim, answered, seconds))
