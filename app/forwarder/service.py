"""Bring VTEX's timelines to the truth: claim what is due, call, settle."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.calling import Destination, probe_every, reserving, tripped
from app.clock import ClockWatch
from app.errors import StoreUnavailable
from app.forwarder.learning import conclude
from app.forwarder.outcomes import Consequence, consequence
from app.forwarder.planning import NO_NAMES, live_from, planner
from app.forwarder.reading import package_of, seen
from app.forwarder.resting import Resting
from app.forwarder.telling import attempt_line
from app.slots import Offer, Slots
from app.store import AcceptRead, Claim, Claimed, Requeue, Seen, Settle, Settlement, Store, next_due, public_id
from app.telemetry import Metrics, log_event
from app.vtex import Answered, Outcome

__all__ = ["Forwarder"]

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 5.0
_OTHERS: Final = timedelta(seconds=0.05)


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
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._resting = None if watch is None else Resting(store, destinations, watch)
        self.beat_at = now()

    def wake(self) -> None:
        """Look for due work now: something was made due."""
        self._wake.set()

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
        is_queued = False
        try:
            while not self._stopping:
                self._wake.clear()
                self.beat_at = self._now()
                try:
                    if not is_queued:
                        await self._store.write(Requeue(live=self._live(), now=self._now()))
                        is_queued = True
                    await self._work()
                except StoreUnavailable as error:
                    log_event(logger, "forward.store-unavailable", level=logging.ERROR, error=error)
                    await self._sleep(self._now() + timedelta(seconds=1))
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
        claimed = await self._claim()
        for claim in claimed:
            self._start(claim)
        if not claimed:
            until = await self._next_time()
            # What is due and was not claimed may wait for calls of other processes: at once would not help.
            await self._sleep(max(until, self._now() + _OTHERS) if self._store.is_shared else until)

    async def _claim(self) -> list[Claimed]:
        now = self._now()
        offer = self._offer(now)
        if not offer.free:
            return []
        claim = Claim(
            free=offer.free,
            slots=offer.slots,
            retry_slots=offer.kept,
            lease={name: self._destinations[name].lease for name in offer.free},
            probe_every={name: probe_every(self._destinations[name].account) for name in offer.free},
            plan=self._plan,
            ids=self._store.ids,
            now=now,
            limits={name: self._destinations[name].limit for name in offer.free} if self._store.is_shared else {},
        )
        with reserving(self._destinations, offer.free):
            claimed = await self._store.write(claim)
            for each in claimed:
                self._destinations[each.work.account].gate.enter()
        self._slots.take(offer, [each.work.account for each in claimed])
        return claimed

    def _offer(self, now: datetime) -> Offer:
        return self._slots.offer(lambda account: self._destinations[account].gate.free(now))

    async def _next_time(self) -> datetime:
        """Say when to look again unless woken: when something becomes due, when a gate opens, or soon."""
        now = self._now()
        gates = [destination.gate.opens_at(now) for destination in self._destinations.values()]
        times = [at for at in gates if at is not None]
        if free := list(self._offer(now).free):
            due = await self._store.read(lambda connection: next_due(connection, free))
            times += [due] if due is not None else []
        await self._wait_for_others(now)
        return min([*times, now + timedelta(seconds=_POLL_SECONDS)])

    async def _wait_for_others(self, now: datetime) -> None:
        """Have places told of that others give back, where something is due that finds none."""
        taken = [name for name, destination in self._destinations.items() if destination.gate.is_taken(now)]
        if not taken:
            return
        due = await self._store.read(lambda connection: next_due(connection, taken))
        if due is None or due > now:
            return
        for name in taken:
            self._destinations[name].gate.when_given_back(self.wake)
        if not all(self._destinations[name].gate.is_taken(now) for name in taken):
            # One was given back while the store was asked.
            self.wake()

    async def _sleep(self, until: datetime) -> None:
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
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
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
            found = self._seen(claim, answered, account)
            if found is not None:
                destination.gate.record(failed=False)
                self._report(claim, answered, started)
                return await self._store.write(
                    AcceptRead(
                        claimed=claim,
                        seen=found,
                        plan=self._plan,
                        conclude=conclude,
                        ids=self._store.ids,
                        now=self._now(),
                        limited=self._store.is_shared,
                    )
                )
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

    def _seen(self, claim: Claimed, answered: Answered, account: Account) -> Seen | None:
        """Return what a read found, None when it found out nothing; an order that is not there shows no rows."""
        if answered.outcome is Outcome.MISSING:
            return Seen(baseline=claim.work.baseline)
        if answered.outcome is not Outcome.APPLIED or answered.order is None:
            return None
        return seen(claim.work, package_of(answered.order, claim.work.invoice_number), account, self._now())

    async def _settle(self, claim: Claimed, meaning: Consequence) -> None:
        settle = Settle(claimed=claim, settlement=meaning.settlement, account=meaning.account, now=self._now())
        # What was applied is due at once, for what came meanwhile: the claim that looks waits for the disk for both.
        # Were it lost nevertheless, a read would find out, as for every call whose end nobody reported.
        mine = await self._store.write(settle, lasting=meaning.settlement.outcome != "applied")
        if not mine:
            log_event(
                logger, "forward.lease-lost", level=logging.WARNING, shipment=public_id("sh", claim.work.shipment_id)
            )
        elif meaning.settlement.outcome == "applied":
            for row in claim.work.rows:
                if row.event_id in claim.plan.carries:
                    self._metrics.forwarded(claim.work.account, (settle.now - row.received_at).total_seconds())

    def _report(self, claim: Claimed, answered: Answered, started: float) -> None:
        seconds = time.perf_counter() - started
        self._metrics.attempt(account=claim.work.account, outcome=answered.outcome.value, seconds=seconds)
        log_event(logger, "forward.settled", **attempt_line(claim, answered, seconds))
