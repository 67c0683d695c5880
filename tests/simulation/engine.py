"""The events of a day, one after the other, until every row is on its timeline."""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from tests.simulation.parts import NEVER, Gate, Shipment

__all__ = ["Happening", "Run", "bucket", "seconds_of"]

_LEASE: Final = 50.0
_RETRY_CAP: Final = 3_600.0
_TICK: Final = 300.0
_AGAIN: Final = (60.0, 300.0)
"""After how long a carrier posts again what was not taken."""
_STEP: Final = math.log(1.1)
_SHORTEST: Final = 0.001

Happening = tuple[str, Gate, Shipment, float, float]
"""For who watches: ``read``, ``put`` or ``row``, whose, when a row was posted (else 0), and when it happened."""


def bucket(seconds: float) -> int:
    """Return the class of a time, a tenth wide."""
    return int(math.log(max(seconds, _SHORTEST) / _SHORTEST) / _STEP)


def seconds_of(number: int) -> float:
    """Return the middle of a class of times."""
    return _SHORTEST * math.exp((number + 0.5) * _STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What waits at a moment, by account in the order of the gates; and since when the oldest is due."""

    at: float
    waiting: tuple[int, ...]
    oldest: tuple[float, ...]


class Run:
    """One simulated day. Nothing is lost and nothing waits for ever: it ends when every row is on its timeline."""

    def __init__(
        self,
        gates: Sequence[Gate],
        posted: list[tuple[float, Shipment]],
        draw: random.Random,
        *,
        watch: Callable[[Happening], None] | None = None,
    ) -> None:
        """Post ``posted``, each at its time; ``watch`` is told of every call and every row."""
        self.gates = gates
        self.depths: list[Depth] = []
        # By account: how long rows took, by the hour in which they were posted and the class of the time.
        self.took: dict[Gate, dict[tuple[int, int], int]] = {gate: {} for gate in gates}
        self._posted = sorted(posted, key=itemgetter(0))
        self._draw = draw
        self._watch = watch
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, Callable[..., None], Any]] = []
        self._left = len(posted)

    def all(self) -> None:
        """Run until nothing is left."""
        heap, posted, place = self._heap, self._posted, 0
        self._at(0.0, self._tick, None)
        while place < len(posted) or heap:
            if place < len(posted) and (not heap or posted[place][0] <= heap[0][0]):
                at, shipment = posted[place]
                place += 1
                shipment.gate.posted += 1
                shipment.gate.waiting += 1
                self._post(at, (shipment, at))
                continue
            at, _, happens, what = heapq.heappop(heap)
            happens(at, what)

    def _at(self, time: float, happens: Callable[..., None], what: object) -> None:
        heapq.heappush(self._heap, (time, next(self._numbers), happens, what))

    def _post(self, now: float, what: tuple[Shipment, float]) -> None:
        """Take a webhook; a shard that is lost takes none, and the carrier posts it again."""
        gate = what[0].gate
        if gate.shard.is_lost(now):
            self._at(now + self._draw.uniform(*_AGAIN), self._post, what)
        else:
            self._at(gate.shard.take(now, gate.mass), self._placed, what)

    def _placed(self, now: float, what: tuple[Shipment, float]) -> None:
        shipment, posted_at = what
        shipment.rows.append(posted_at)
        if not shipment.is_busy:
            self._due(now, shipment)

    def _due(self, now: float, shipment: Shipment) -> None:
        gate = shipment.gate
        shipment.is_busy = True
        gate.due.append((now + gate.limits.debounce, shipment))
        self._dispatch(now, gate)

    def _woken(self, now: float, gate: Gate) -> None:
        if gate.wakes_at <= now:
            gate.wakes_at = NEVER
        self._dispatch(now, gate)

    def _dispatch(self, now: float, gate: Gate) -> None:
        """Start what may start, and say when to look again."""
        due = gate.due
        while due and gate.in_flight < (1 if gate.is_probing else gate.concurrency):
            at = max(due[0][0], gate.closed_until)
            if gate.shard.is_lost(now):
                at = max(at, gate.shard.lost_until)
            at = max(at, gate.opens_at(now))
            if at > now:
                if at < gate.wakes_at:
                    gate.wakes_at = at
                    self._at(at, self._woken, gate)
                return
            self._start(now, due.popleft()[1])

    def _start(self, now: float, shipment: Shipment) -> None:
        gate, rows, reads = shipment.gate, shipment.rows, shipment.doubted or not shipment.is_read
        shipment.rows = []
        calls = reads + bool(rows)
        gate.spend(calls)
        ended = gate.shard.call(now, gate.mass, reads=reads, writes=bool(rows))
        # Half of a call's time varies.
        ended += calls * gate.limits.latency * (0.5 + self._draw.expovariate(2.0))
        if self._watch and reads:
            self._watch(("read", gate, shipment, 0.0, now))
        if self._watch and rows:
            self._watch(("put", gate, shipment, 0.0, now))
        self._at(ended, self._ended, (shipment, rows, now))

    def _ended(self, now: float, what: tuple[Shipment, list[float], float]) -> None:
        shipment, rows, began = what
        gate = shipment.gate
        gate.in_flight -= 1
        if began < gate.shard.lost_from <= now:
            self._forgotten(now, shipment, rows, began)
        elif gate.is_down(now):
            self._failed(now, shipment, rows)
        else:
            gate.note(failed=False, now=now)
            shipment.is_read, shipment.doubted, shipment.attempts, shipment.is_busy = True, False, 0, False
            self._shown(now, shipment, rows)
            if shipment.rows:
                self._due(now, shipment)
        self._dispatch(now, gate)

    def _forgotten(self, now: float, shipment: Shipment, rows: list[float], began: float) -> None:
        """Lose the one who called: whether VTEX has applied it is read once somebody is there again."""
        if self._draw.random() < 0.5:
            self._shown(now, shipment, rows)
        else:
            shipment.rows = rows + shipment.rows
        shipment.doubted = True
        self._at(max(shipment.gate.shard.lost_until, began + _LEASE), self._due_again, shipment)

    def _failed(self, now: float, shipment: Shipment, rows: list[float]) -> None:
        gate = shipment.gate
        gate.note(failed=True, now=now)
        shipment.rows = rows + shipment.rows
        shipment.doubted = True
        wait = min(gate.limits.retry * 2.0 ** min(shipment.attempts, 20), _RETRY_CAP)
        shipment.attempts += 1
        self._at(now + wait * self._draw.uniform(0.8, 1.2), self._due_again, shipment)

    def _due_again(self, now: float, shipment: Shipment) -> None:
        # What was tried before waits for no company.
        shipment.gate.due.appendleft((now, shipment))
        self._dispatch(now, shipment.gate)

    def _shown(self, now: float, shipment: Shipment, rows: list[float]) -> None:
        gate = shipment.gate
        took = self.took[gate]
        for posted_at in rows:
            key = (int(posted_at / 3600), bucket(now - posted_at))
            took[key] = took.get(key, 0) + 1
            if self._watch:
                self._watch(("row", gate, shipment, posted_at, now))
        gate.on_timelines += len(rows)
        gate.waiting -= len(rows)
        gate.drained_at = now
        self._left -= len(rows)

    def _tick(self, now: float, _what: None) -> None:
        """Look at all queues now and then while there is anything left."""
        waiting = tuple(gate.waiting for gate in self.gates)
        oldest = tuple(gate.due[0][0] if gate.due else now for gate in self.gates)
        self.depths.append(Depth(at=now, waiting=waiting, oldest=oldest))
        if self._left:
            self._at(now + _TICK, self._tick, None)
