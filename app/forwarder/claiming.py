"""Ask the store for shipments to forward: as many as may start now, by one claim at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from app.calling import Destination, probe_every
from app.slots import Offer, Slots
from app.store import Claim, Claims, Store, Ticket, next_due
from app.store.work import Planner

__all__ = ["Asked", "Claiming"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A claim on its way."""

    offer: Offer
    ticket: Ticket[Claims]
    claim: Claim


class Claiming:
    """Claim for all destinations of a process."""

    def __init__(
        self,
        store: Store,
        destinations: Mapping[str, Destination],
        plan: Planner,
        slots: Slots,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """Claim what ``slots`` and the destinations' gates leave room for."""
        self._store = store
        self._destinations = destinations
        self._plan = plan
        self._slots = slots
        self._now = now
        self._asked: Asked | None = None
        self.is_sated = False

    def ask(self, *, later: int, gives_way: bool = False) -> Asked | None:
        """Queue a claim, to be taken with `take`; None while another one is on its way, or where no call may start.

        At most ``later`` of what is claimed is due by a replay. One that ``gives_way`` waits for a moment while
        webhooks are on their way.
        """
        now = self._now()
        offer = self._slots.offer(lambda account: self._destinations[account].gate.free(now))
        if self._asked is not None or not offer.free:
            self.is_sated = False
            return None
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
            later_slots=later,
        )
        ticket = self._store.submit(claim, gives_way=gives_way)
        self._asked = asked = Asked(offer=offer, ticket=ticket, claim=claim)
        for name, count in offer.free.items():
            self._destinations[name].gate.reserve(count)
        return asked

    def follow(self) -> bool:
        """Have a claim that is queued follow what was queued to be written since; tell whether it does."""
        if (asked := self._asked) is None:
            return False
        return self._store.resubmit(asked.ticket, replace(asked.claim, now=self._now()))

    async def take(self, asked: Asked) -> Claims:
        """Return what was claimed, each with a place of its account and one of the slots.

        `is_sated` tells afterwards whether all that is due was claimed, so that a call's end lets nothing start.

        Raises:
            StoreUnavailable: Nothing was claimed.

        """
        free = asked.offer.free
        try:
            claims = await asked.ticket.outcome
            for each in claims:
                self._destinations[each.work.account].gate.enter()
        finally:
            self._asked = None
            for name, count in free.items():
                self._destinations[name].gate.release(count)
        self._slots.take(asked.offer, [each.work.account for each in claims])
        is_more_due = claims.due_at is not None and claims.due_at <= self._now()
        self.is_sated = not is_more_due and len(free) == len(self._destinations)
        return claims

    async def next_time(self, asked: Asked | None, claims: Claims, latest: datetime) -> datetime:
        """Say when to look again unless woken, ``latest`` at the latest: when something is due, or a gate opens."""
        now = self._now()
        gates = [destination.gate.opens_at(now) for destination in self._destinations.values()]
        later_at = claims.later_at if claims.later_at is not None and claims.later_at > now else None
        times = [at for at in (*gates, claims.due_at, later_at) if at is not None]
        offered = asked.offer.free if asked is not None else {}
        # Places that were given back while the claim was made.
        unasked = [name for name in self._offered(now) if name not in offered]
        if unasked and (due := await self._store.read(lambda connection: next_due(connection, unasked))) is not None:
            times.append(due)
        return min([*times, latest])

    async def wait_for_others(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when others give places back, where something is due that finds none."""
        now = self._now()
        taken = [name for name, destination in self._destinations.items() if destination.gate.is_taken(now)]
        if not taken:
            return
        due = await self._store.read(lambda connection: next_due(connection, taken))
        if due is None or due > now:
            return
        for name in taken:
            self._destinations[name].gate.when_given_back(wake)
        if not all(self._destinations[name].gate.is_taken(now) for name in taken):
            # One was given back while the store was asked.
            wake()

    def _offered(self, now: datetime) -> Mapping[str, int]:
        return self._slots.offer(lambda account: self._destinations[account].gate.free(now)).free
