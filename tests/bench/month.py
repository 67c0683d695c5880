"""What a shop of 40,000 webhooks a day asks of a machine: ``make bench-month`` measures it.

The database holds 35 days of such a shop first, which is as long as a relay keeps anything of every webhook; retention
works on it meanwhile. Then carriers post at the usual rate, and at 20 times that rate, each for some minutes, with a
VTEX that takes the events. Everything is on loopback, and whatever is started is ended.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

from app.store import Store
from tests.bench.busy import Busy, memory_of, others_cores, used_by, written_by
from tests.bench.cost import account_of
from tests.bench.filled import Filling, fill
from tests.bench.isolation import percentile
from tests.bench.parcels import GOOD, parcels_of
from tests.bench.posting import Posting, post_at_their_times, request
from tests.e2e.parcels import SCANS, Parcel, signature
from tests.e2e.relay import Relay

__all__ = ["A_DAY", "PEAK", "Measured", "Phase", "lines", "run"]

A_DAY: Final = 40_000
PEAK: Final = 20
_DAYS: Final = 35
_SECONDS_A_DAY: Final = 24 * 3600
_POLL_SECONDS: Final = 0.2
_PATIENCE: Final = 300.0
_CHECKOUT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Some minutes at one rate: what the relay's process used meanwhile, and how long carriers waited for answers.

    ``late`` are the seconds from the last answer until VTEX had everything.
    """

    name: str
    webhooks: int
    seconds: float
    processor: float
    written: int
    memory: int
    p50: float
    p99: float
    late: float
    others_cores: float

    @property
    def share(self) -> float:
        """Return the part of one core that was used."""
        return self.processor / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was there at first, and the phases."""

    stored: int
    bytes_at_first: int
    bytes_at_last: int
    memory_at_first: int
    seconds_to_ready: float
    phases: tuple[Phase, ...]


class _Shop:
    """A relay that runs, and the parcels that carriers tell it of."""

    def __init__(self, relay: Relay, vtex: subprocess.Popen[bytes], parcels: Sequence[Parcel]) -> None:
        self._relay, self._vtex = relay, vtex
        # One scan of every parcel, then the next, as a day's parcels go.
        self._told = ((parcel, scans) for scans in range(1, SCANS + 1) for parcel in parcels)

    def phase(self, name: str, webhooks: int, per_second: float) -> Phase:
        """Have so many webhooks come at a rate, and wait until VTEX has what they tell."""
        postings = [
            Posting(name="", request=self._posted(*next(self._told)), due=number / per_second)
            for number in range(webhooks)
        ]
        pid, waited = self._relay.running.pid, list[float]()
        before, processor, written = Busy.now((pid, self._vtex.pid)), used_by(pid), written_by(pid)
        asyncio.run(post_at_their_times(self._relay.port, postings, waited=waited))
        answered = time.monotonic()
        _until(self._is_done, f"not everything was on its timeline; see {self._relay.log}")
        after = Busy.now((pid, self._vtex.pid))
        waited.sort()
        return Phase(
            name=name,
            webhooks=webhooks,
            seconds=after.at - before.at,
            processor=used_by(pid) - processor,
            written=written_by(pid) - written,
            memory=memory_of(pid),
            p50=percentile(waited, 50),
            p99=percentile(waited, 99),
            late=after.at - answered,
            others_cores=others_cores(before, after),
        )

    @staticmethod
    def _posted(parcel: Parcel, scans: int) -> bytes:
        body = parcel.webhook(scans)
        return request(f"/webhooks/easypost/{GOOD}", body, {"X-Hmac-Signature": signature(body)})

    def _is_done(self) -> bool:
        is_mapped = not self._relay.ask("webhooks", state="stored", limit=1)["items"]
        return is_mapped and not self._relay.ask("shipments", state="due", account=GOOD, limit=1)["items"]


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline, pause = time.monotonic() + _PATIENCE, Event()
    while not condition():
        assert time.monotonic() < deadline, f"{otherwise} after {_PATIENCE:g} s"
        pause.wait(_POLL_SECONDS)


def run(
    stored: int,
    minutes: float,
    folder: Path,
    *,
    per_second: float = A_DAY / _SECONDS_A_DAY,
    told: Callable[[str], None] = lambda _line: None,
) -> Measured:
    """Fill a database, start everything on it, measure, and end everything."""
    usual, peak = (max(1, round(per_second * times * minutes * 60)) for times in (1, PEAK))
    own = parcels_of(GOOD, -(-(usual + peak) // SCANS))
    file = folder / "data" / "relay.db"
    file.parent.mkdir()
    told(f"storing {stored} webhooks")
    asyncio.run(_store(file, stored))
    bytes_at_first = _size(file)
    command = [sys.executable, "-m", "tests.bench.three_accounts", str(len(own)), "0", "0"]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vtex:
        relay: Relay | None = None
        try:
            assert vtex.stdout
            relay = Relay(folder, account_of(GOOD, json.loads(vtex.stdout.readline())[GOOD]))
            began = time.monotonic()
            relay.start()
            relay.until_ready()
            seconds_to_ready = time.monotonic() - began
            relay.register(*own)
            memory_at_first = memory_of(relay.running.pid)
            shop = _Shop(relay, vtex, own)
            told(f"{usual} webhooks at the usual rate, then {peak} at {PEAK} times that rate")
            phases = (shop.phase("usual", usual, per_second), shop.phase("peak", peak, PEAK * per_second))
            assert relay.stop() == 0
            return Measured(
                stored=stored,
                bytes_at_first=bytes_at_first,
                bytes_at_last=_size(file),
                memory_at_first=memory_at_first,
                seconds_to_ready=seconds_to_ready,
                phases=phases,
            )
        finally:
            if relay is not None:
                relay.close()
            vtex.kill()


async def _store(file: Path, webhooks: int) -> None:
    store = Store.open(f"sqlite:///{file}")
    try:
        await fill(store, Filling(webhooks=webhooks, until=datetime.now(UTC)))
    finally:
        await store.close()


def _size(file: Path) -> int:
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))


def lines(measured: Measured) -> Iterator[str]:
    """Say what was measured."""
    yield (
        f"{measured.stored} webhooks stored: {measured.bytes_at_first / 2**30:.2f} GiB; ready after "
        f"{measured.seconds_to_ready:.1f} s; the relay holds {measured.memory_at_first / 2**20:.0f} MiB"
    )
    yield "phase  webhooks  minutes  % of a core  memory MiB  written MiB  answer p50 ms  p99 ms  late s  others' cores"
    for phase in measured.phases:
        yield (
            f"{phase.name:5}  {phase.webhooks:8}  {phase.seconds / 60:7.1f}  {phase.share * 100:11.1f}  "
            f"{phase.memory / 2**20:10.0f}  {phase.written / 2**20:11.1f}  {phase.p50 * 1000:13.1f}  "
            f"{phase.p99 * 1000:6.1f}  {phase.late:6.1f}  {phase.others_cores:13.2f}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what was measured."""
    parser = argparse.ArgumentParser(prog="make bench-month", description=__doc__)
    parser.add_argument(
        "--days", type=int, default=_DAYS, help="of 40,000 webhooks, stored before anything is measured"
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each rate lasts")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        measured = run(given.days * A_DAY, given.minutes, Path(folder), told=_say)
    for line in lines(measured):
        _say(line)
    if given.json:
        given.json.write_text(json.dumps(asdict(measured), indent=2) + "\n", "utf-8")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
