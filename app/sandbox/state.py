"""All state of a sandbox: its orders with their history, its options, faults, journal, hooks and feeds."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from app.sandbox.announcing import Announcements
from app.sandbox.faults import Faults
from app.sandbox.identity import FULFILLMENT_PREFIX
from app.sandbox.journal import Journal
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Order

__all__ = ["Sandbox"]

_Version = tuple[datetime, Order]

# VTEX counts sequences from 500001.
_FIRST_SEQUENCE = 500_001
_OLDEST_READABLE = timedelta(days=730)


class Sandbox:
    """Orders are frozen values, kept in the versions that lagging readers may still see."""

    def __init__(self, options: SandboxOptions, now: Callable[[], datetime]) -> None:
        """Start without orders."""
        self.options = options
        self.now = now
        self.journal = Journal()
        self.faults = Faults()
        self._initial_options = options
        self.announcements = Announcements(now, lambda: self.options)
        self._versions: dict[str, dict[str, list[_Version]]] = {}
        self._by_sequence: dict[tuple[str, str], str] = {}
        self._by_invoicing: dict[str, list[tuple[datetime, str]]] = {}
        self._next_sequence = _FIRST_SEQUENCE

    def reset(self) -> None:
        """Go back to how the sandbox was created."""
        self.options = self._initial_options
        self.journal.clear()
        self.faults.reset()
        self.announcements.reset()
        self._versions.clear()
        self._by_sequence.clear()
        self._by_invoicing.clear()
        self._next_sequence = _FIRST_SEQUENCE

    def take_sequence(self) -> int:
        """Give the next order its number."""
        self._next_sequence += 1
        return self._next_sequence - 1

    def save(self, order: Order, *, written_at: datetime | None = None, announce: bool = True) -> None:
        """Write an order, new or changed: now, unless it was earlier. Hooks and feeds hear of it when told to."""
        versions = self._versions.setdefault(order.account, {}).setdefault(order.order_id, [])
        before = versions[-1][1] if versions else None
        versions.append((written_at or self.now(), order))
        self._by_sequence.setdefault((order.account, order.sequence), order.order_id)
        if order.invoiced_at is not None and (before is None or before.invoiced_at != order.invoiced_at):
            insort(self._by_invoicing.setdefault(order.account, []), (order.invoiced_at, order.order_id))
        if announce:
            self.announcements.note(before, order)
        # What no reader can see any more is dropped, except the version they all see.
        lag = max(
            self.options.list_lag_seconds,
            self.options.read_after_write_delay_seconds,
            self.faults.longest_read_delay_seconds,
        )
        settled = self.now() - timedelta(seconds=lag)
        while len(versions) > 1 and versions[1][0] <= settled:
            del versions[0]

    def find(self, account: str, order_id: str) -> Order | None:
        """Find an order by its id, as writers see it: without delay."""
        orders = self._versions.get(account, {})
        versions = orders.get(order_id)
        if versions is None and self.options.fulfillment_alias:
            versions = orders.get(order_id.removeprefix(FULFILLMENT_PREFIX))
        return versions[-1][1] if versions else None

    def read(self, account: str, id_or_sequence: str, least_delay_seconds: float = 0.0) -> Order | None:
        """Find an order by id or sequence, as readers see it: late, and not beyond two years."""
        order = self.find(account, id_or_sequence)
        if order is None:
            order = self.find(account, self._by_sequence.get((account, id_or_sequence), ""))
        if order is None or self.now() - order.created_at > _OLDEST_READABLE:
            return None
        versions = self._versions[account][order.order_id]
        delay = max(self.options.read_after_write_delay_seconds, least_delay_seconds)
        return self._as_of(versions, delay) or versions[0][1]

    def indexed(self, account: str, invoiced: tuple[datetime, datetime] | None = None) -> list[Order]:
        """Give the orders as the list knows them: later than readers of one order.

        With ``invoiced``, those are left out that no version of shows as invoiced between these times; others may be
        among the rest.
        """
        lag, known = self.options.list_lag_seconds, self._versions.get(account, {})
        wanted = known.keys() if invoiced is None else self._invoiced_between(account, *invoiced)
        found = (self._as_of(known[order_id], lag) for order_id in wanted)
        return [order for order in found if order is not None]

    def _invoiced_between(self, account: str, since: datetime, until: datetime) -> list[str]:
        """Name the orders that were ever invoiced then, each once: the list is asked for pages of a large shop."""
        invoicing = self._by_invoicing.get(account, [])
        first = bisect_left(invoicing, since, key=lambda entry: entry[0])
        last = bisect_right(invoicing, until, key=lambda entry: entry[0])
        return list(dict.fromkeys(order_id for _, order_id in invoicing[first:last]))

    def orders(self, account: str | None = None) -> Iterator[Order]:
        """Go through the newest versions of all orders, or of one account's."""
        for owner, orders in self._versions.items():
            if account in {None, owner}:
                for versions in orders.values():
                    yield versions[-1][1]

    def at_work(self) -> tuple[int, int]:
        """Count what every page tells of: the faults at work, and the notifications that wait for another try."""
        return len(self.faults), sum(1 for each in self.announcements.hooks.waiting if each.tries)

    @property
    def accounts(self) -> list[str]:
        """List the accounts that have orders."""
        return sorted(self._versions)

    def _as_of(self, versions: list[_Version], delay_seconds: float) -> Order | None:
        until = self.now() - timedelta(seconds=delay_seconds)
        seen = None
        for written_at, order in versions:
            if written_at <= until:
                seen = order
        return seen
