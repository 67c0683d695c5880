"""One soak: rounds of the storm, a day apart, and everything that happens to a relay meanwhile."""

import asyncio
import random
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.chaos.carriers import Carrier
from tests.chaos.ledger import Ledger
from tests.chaos.parcels import ACCOUNT, make_world
from tests.chaos.processes import Emulator, Relay, RelayFault, told_by
from tests.chaos.run import READS, WRITES, add_orders, judge_all, until_settled
from tests.soak.asking import Asking
from tests.soak.progress import tell_progress
from tests.soak.report import Plan, Report
from tests.soak.samples import Sampler, longest_life
from tests.soak.stock import add_stock
from tests.soak.surroundings import Clock, Disk, disk
from tests.soak.trend import trend

__all__ = ["run"]

MODE: Final = "append"
"""Where a row that is sent twice stands twice."""
_BURST: Final = 10
"""How many times as fast webhooks are posted in the last round of the warm-up.

What Python and the C library once needed is not given back whole. So each burst that needs more than any before would
be told as growth, and when a disk is full or VTEX is down, bursts come at random: the greatest has to come first.
"""
_ROUND_SECONDS: Final = (10.0, 45.0)
_ROUNDS: Final = 10
"""How many there are in a short run; a long one has as many as it takes."""
_LEAST_ROUNDS: Final = 2
"""One with kills and one without."""
_ENDS_SHARE: Final = 0.15
"""For what share of the time, at the beginning and again at the end, the relay is killed and started again."""
_WARM_UP_SHARE: Final = 0.25
_DAY: Final = timedelta(hours=25)
"""From round to round; retention keeps for a day."""
_HOURS: Final = timedelta(hours=3)
_PAUSE_SECONDS: Final = 2.5
"""How long a disturbance lasts: the relay looks at its disk and its clock every second."""
_REPLAYED: Final = 300
_NOTICED_SECONDS: Final = 30.0
"""Within how long the relay sees what it looks at every second."""
_DRAIN_SECONDS: Final = 300.0
"""Within how long timelines are whole when a round has been posted."""

_SETTINGS: Final = {
    f"RELAY_{name}_DAYS": "1"
    for name in ("BODY", "EVIDENCE", "EVENT", "ATTEMPT", "LEDGER", "RESOLVE_WITHIN", "FINGERPRINT")
}
_CALM: Final = {
    "writes": {**WRITES, "hang-before": 0.01, "hang-after": 0.02},
    "reads": {**READS, "hang-before": 0.01},
    "retry_after": "1",
}
_OUTAGE: Final = {"writes": {"500": 0.6, "hang-after": 0.2}, "reads": {"500": 0.6}, "retry_after": "1"}


def run(plan: Plan, folder: Path, say: Callable[[str], None] = lambda _line: None) -> Report:
    """Run a plan in a folder, which keeps logs; everything that was started has ended on return.

    A line every minute says how far it has come.
    """
    started = time.monotonic()
    report = Report(seed=plan.seed)
    with ExitStack() as stack:
        log = stack.enter_context((folder / "emulator.log").open("wb"))
        emulator = stack.enter_context(Emulator(MODE, log))
        full = stack.enter_context(_disk(plan, folder, report))
        clock = _clock(folder, report)
        data = folder / "disk"
        data.mkdir(exist_ok=True)
        variables = {**_SETTINGS, **(clock.variables if clock else {})}
        relay = Relay(folder, emulator.url, "auto", database_url=f"sqlite:///{data / 'relay.db'}", variables=variables)
        soak = _Soak(plan, report, relay, emulator, clock, full)
        sampler = Sampler(lambda: relay.pid, data / "relay.db", plan.every)
        try:
            asyncio.run(_watched(soak, sampler, tell_progress(report, sampler, say)))
        except* RelayFault as group:
            report.verdict.faults += told_by(group)
        finally:
            relay.discard()
            for file in data.glob("relay.db*"):
                # What is mounted there is gone in a moment.
                shutil.copy(file, folder)
            if clock:
                for pid in relay.pids:
                    clock.forget(pid)
    report.seconds = round(time.monotonic() - started, 1)
    report.samples = sampler.samples
    life = longest_life(report.samples)
    kept = [sample for sample in life[int(len(life) * _WARM_UP_SHARE) :] if sample.at >= (report.warm_at or 0.0)]
    report.watched_seconds = round(kept[-1].at - kept[0].at, 1) if kept else 0.0
    report.memory = trend([(sample.at, sample.rss) for sample in kept])
    return report


async def _watched(soak: "_Soak", sampler: Sampler, telling: Coroutine[Any, Any, None]) -> None:
    watching = asyncio.gather(sampler.run(), telling)
    try:
        await soak.run()
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@contextmanager
def _disk(plan: Plan, folder: Path, report: Report) -> Iterator[Disk | None]:
    if not plan.mounts:
        report.left_out.append("the disk is never full: this process may mount none (unshare --mount)")
        yield None
        return
    with disk(folder / "disk") as mounted:
        yield mounted


def _clock(folder: Path, report: Report) -> Clock | None:
    if not Clock.is_there():
        report.left_out.append("the clock is never set: there is no faketime (make test-tools)")
        return None
    return Clock(folder / "clock")


class _Soak:
    """The rounds, and what is done to the relay in them."""

    def __init__(
        self, plan: Plan, report: Report, relay: Relay, emulator: Emulator, clock: Clock | None, full: Disk | None
    ) -> None:
        self._plan = plan
        self._report = report
        self._relay = relay
        self._asking = Asking(relay.url, relay.token, relay.demand_life)
        self._emulator = emulator
        self._clock = clock
        self._disk = full
        self._dice = random.Random(plan.seed)  # noqa: S311 - repeatable, and no secret
        self._seconds = plan.minutes * 60
        self._round_seconds = min(max(self._seconds / _ROUNDS, _ROUND_SECONDS[0]), _ROUND_SECONDS[1])
        self._began = 0.0

    async def run(self) -> None:
        """Go through all rounds, and stop the relay at the end."""
        self._relay.start()
        await self._relay.until_ready()
        self._began = time.monotonic()
        while True:
            await self._round(self._report.rounds)
            self._report.rounds += 1
            if self._report.verdict.findings or (self._share >= 1 and self._report.rounds >= _LEAST_ROUNDS):
                break
            if self._clock:
                self._clock.jump(_DAY)
                # What comes from now on comes on the new day.
                await asyncio.sleep(_PAUSE_SECONDS)
                self._count("days passed")
        if code := await asyncio.to_thread(self._relay.stop):
            raise RelayFault(f"it did not stop when asked to: exit code {code}")

    @property
    def _share(self) -> float:
        """Return how much of the time has passed."""
        return (time.monotonic() - self._began) / self._seconds

    @property
    def _is_end(self) -> bool:
        """Tell whether it is killed now: at the beginning, or at the end."""
        rounds = self._report.rounds
        return not rounds or self._share < _ENDS_SHARE or (self._share >= 1 - _ENDS_SHARE and rounds >= _LEAST_ROUNDS)

    async def _round(self, number: int) -> None:
        is_first_calm = not self._is_end and self._report.warm_at is None
        if is_first_calm:
            await add_stock(self._asking, self._seconds, self._now())
        webhooks = int(self._plan.rate * self._round_seconds)
        now = self._now()
        seed = self._plan.seed * 1000 + number
        # Numbers of parcels and of webhooks never come again.
        world = make_world(seed, webhooks, now, first=number * 2 * webhooks)
        ledger = Ledger()
        before = self._emulator.ask("call-count")
        add_orders(self._emulator, world, now)
        self._fail(_CALM)
        relay = self._relay
        carrier = Carrier(
            urls=relay.urls,
            secret=lambda: relay.secret,
            token=relay.token,
            ledger=ledger,
            seconds=self._round_seconds / (_BURST if is_first_calm else 1),
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(carrier.tell_everything(world, seed))
            group.create_task(self._disturb())
        await until_settled(self._emulator, world, ledger, after=before, within=_DRAIN_SECONDS)
        self._report.slow = self._asking.slow
        self._report.posted += ledger.posted
        self._report.answered += ledger.answered
        judge_all(self._report.verdict, self._emulator, world, ledger, after=before)
        if is_first_calm:
            self._report.warm_at = time.monotonic()

    def _now(self) -> datetime:
        return self._clock.now() if self._clock else datetime.now(UTC)

    async def _disturb(self) -> None:
        if self._is_end:
            deeds: list[Callable[[], Awaitable[None]]] = [self._kill, self._rotate, self._kill]
        else:
            deeds = [self._fill_disk, self._jump_on, self._jump_back, self._replay_all, self._outage]
        self._dice.shuffle(deeds)
        for deed in deeds:
            await asyncio.sleep(self._dice.uniform(0.2, 1.8) * self._round_seconds / len(deeds) / 2)
            await deed()

    # ---- what is done to it ----------------------------------------------------------------------

    async def _kill(self) -> None:
        """As a power cut would."""
        await self._relay.until_ready()
        self._relay.kill()
        self._relay.start()
        self._count("kills")

    async def _rotate(self) -> None:
        """Give it another secret, which it reads at its start; the one before is accepted for a while."""
        relay = self._relay
        await relay.until_ready()
        if code := await asyncio.to_thread(relay.stop):
            raise RelayFault(f"it did not stop when asked to: exit code {code}; see {relay.log}")
        relay.secrets = (secrets.token_urlsafe(24), relay.secret)
        relay.start()
        await relay.until_ready()
        self._count("secrets rotated")

    async def _fill_disk(self) -> None:
        """Leave less on the disk than it wants, until it says so, and then give it back."""
        if self._disk is None:
            return
        try:
            await asyncio.to_thread(self._disk.fill)
            await self._until(lambda answer: "bytes are free" in answer["checks"]["disk"], "a full disk is not noticed")
            await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._disk.empty()
        await self._until(lambda answer: answer["checks"]["disk"] == "ok", "it does not notice that there is room")
        self._count("disk full")

    async def _jump_on(self) -> None:
        await self._jump(_HOURS)

    async def _jump_back(self) -> None:
        await self._jump(-_HOURS)

    async def _jump(self, by: timedelta) -> None:
        """Set its clock, and set it right after a while."""
        if self._clock is None:
            return
        self._clock.jump(by)
        await asyncio.sleep(_PAUSE_SECONDS)
        self._clock.jump(-by)
        await asyncio.sleep(_PAUSE_SECONDS)
        self._count("clock set")

    async def _replay_all(self) -> None:
        """Have the latest webhooks read again."""
        since = self._now() - timedelta(hours=1)
        wanted = {"account": ACCOUNT, "since": since.isoformat(), "limit": _REPLAYED}
        self._count("webhooks replayed", await self._asking.replay(wanted, rate=100))

    async def _outage(self) -> None:
        """Have most of VTEX's calls fail for a while."""
        self._fail(_OUTAGE)
        await asyncio.sleep(_PAUSE_SECONDS)
        self._fail(_CALM)
        self._count("outages of VTEX")

    # ---- helpers ---------------------------------------------------------------------------------

    def _fail(self, faults: dict[str, Any]) -> None:
        self._emulator.tell("PUT", "faults", {"seed": self._dice.randrange(1 << 30), **faults})

    def _count(self, what: str, times: int = 1) -> None:
        self._report.done[what] = self._report.done.get(what, 0) + times

    async def _until(self, is_so: Callable[[Any], bool], otherwise: str) -> None:
        await self._asking.until(is_so, otherwise, within=_NOTICED_SECONDS)
