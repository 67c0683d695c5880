"""What a webhook and a call to VTEX cost one relay: ``make bench-cost`` measures it.

Parcels tell their scans one webhook at a time, each with the whole history so far, as aggregators do. While the account
is paused they are taken in and mapped; once it is resumed they are written to VTEX. So each half's processor time and
what it writes can be told apart. On PostgreSQL the server's processor time is counted beside the relay's. Databases are
on disk, everything else is on loopback, and whatever is started is ended.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

from app.store import Store
from tests.bench.busy import memory_of, used_by, written_by
from tests.bench.databases import ENGINES, Database, Growth, Served, Totals, database
from tests.bench.filled import Filling, fill
from tests.bench.parcels import GOOD, parcels_of
from tests.bench.posting import Posting, post_at_their_times, request
from tests.bench.targets.machine import Watch
from tests.e2e.parcels import SCANS, SECRET, Parcel, signature
from tests.e2e.relay import Relay

__all__ = ["Cost", "Measured", "Options", "account_of", "lines", "run"]

_POLL_SECONDS: Final = 0.2
_PATIENCE: Final = 900.0
_LARGEST: Final = 12
_CHECKOUT: Final = Path(__file__).parents[2]
_ACCOUNT: Final = """
[accounts.{name}]
app_key = "vtexappkey-{name}-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}/{name}"
history = "delta"
# What is measured is the relay, not the rate that a VTEX account allows.
rate_per_second = 5000
concurrency = 64
[accounts.{name}.carriers.easypost]
secrets = ["{secret}"]
"""


def account_of(name: str, url: str) -> str:
    """Configure an account whose limits hold nothing back."""
    return _ACCOUNT.format(name=name, url=url, secret=SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run is made of.

    ``rate`` is how many webhooks come in a second, None for all at once; ``stored`` how many are there before.
    """

    parcels: int = 4000
    engine: str = "sqlite"
    rate: float | None = None
    stored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One half of the work for one round of scans; seconds are the relay's, of processor and of the clock.

    ``written`` are the bytes that the relay's process had written; ``server`` is what a server did for it.
    """

    count: int
    processor: float
    clock: float
    written: int
    server: Served
    others_cores: float

    @property
    def each(self) -> float:
        """Return the processor time of one, in milliseconds."""
        return self.processor * 1000 / self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The rounds, in the order of the scans, and what they left."""

    taken: tuple[Cost, ...]
    sent: tuple[Cost, ...]
    body_bytes: int
    memory_bytes: int
    stored: Growth
    growth: Growth
    totals: Totals | None


class Bench:
    """A relay that runs, and its parcels."""

    def __init__(
        self,
        relay: Relay,
        vtex: subprocess.Popen[bytes],
        kept: Database,
        parcels: Sequence[Parcel],
        *,
        rate: float | None = None,
    ) -> None:
        self._relay, self._vtex, self._kept, self._parcels = relay, vtex, kept, parcels
        self._between = 0.0 if rate is None else 1 / rate

    def take(self, scans: int) -> Cost:
        """Have every parcel tell its first scans, and wait until all of it is mapped."""
        self._relay.tell(f"accounts/{GOOD}/pause", {"reason": "measuring"})
        bodies = [parcel.webhook(scans) for parcel in self._parcels]
        signed = (request(f"/webhooks/easypost/{GOOD}", body, {"X-Hmac-Signature": signature(body)}) for body in bodies)
        postings = [Posting(name="", request=one, due=place * self._between) for place, one in enumerate(signed)]
        with self._measuring() as measured:
            asyncio.run(post_at_their_times(self._relay.port, postings))
            self._until(lambda: not self._relay.ask("webhooks", state="stored", limit=1)["items"])
        return measured[0]

    def send(self) -> Cost:
        """Have everything written to VTEX."""
        with self._measuring() as measured:
            self._relay.tell(f"accounts/{GOOD}/resume", {"reason": "measuring"})
            self._until(self._is_sent)
        return measured[0]

    def _is_sent(self) -> bool:
        # To count what waits costs more the more there is: it is asked only once nothing is due.
        is_due = self._relay.ask("shipments", state="due", account=GOOD, limit=1)["items"]
        return not is_due and self._relay.is_idle()

    @contextmanager
    def _measuring(self) -> Iterator[list[Cost]]:
        pid, found = self._relay.running.pid, list[Cost]()
        watch, began = Watch((pid, self._vtex.pid), also=self._kept.processor), time.monotonic()
        processor, written, served = used_by(pid), written_by(pid), self._kept.served()
        yield found
        found.append(
            Cost(
                count=len(self._parcels),
                processor=used_by(pid) - processor,
                clock=time.monotonic() - began,
                written=written_by(pid) - written,
                server=self._kept.served().since(served),
                others_cores=watch.others_cores(),
            )
        )

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline, pause = time.monotonic() + _PATIENCE, Event()
        while not condition():
            assert time.monotonic() < deadline, f"not done after {_PATIENCE:g} s; see {self._relay.log}"
            pause.wait(_POLL_SECONDS)


def run(options: Options, folder: Path) -> Measured:
    """Start everything, measure, and end everything."""
    (folder / "data").mkdir()
    with database(options.engine, folder) as kept:
        asyncio.run(_store(kept.url, options.stored))
        return _run(options, folder, kept)


async def _store(url: str, webhooks: int) -> None:
    store = Store.open(url)
    try:
        if webhooks:
            await fill(store, Filling(webhooks=webhooks, until=datetime.now(UTC)))
    finally:
        await store.close()


def _run(options: Options, folder: Path, kept: Database) -> Measured:
    own = parcels_of(GOOD, options.parcels)
    command = [sys.executable, "-m", "tests.bench.three_accounts", str(options.parcels), "0", "0"]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vtex:
        relay: Relay | None = None
        try:
            assert vtex.stdout
            url = json.loads(vtex.stdout.readline())[GOOD]
            relay = Relay(folder, account_of(GOOD, url), settings=f'database_url = "{kept.url}"')
            relay.start()
            relay.until_ready()
            relay.register(*own)
            stored = kept.growth()
            kept.count_from_now()
            bench = Bench(relay, vtex, kept, own, rate=options.rate)
            rounds = [(bench.take(scans), bench.send()) for scans in range(1, SCANS + 1)]
            memory = memory_of(relay.running.pid)
            assert relay.stop() == 0
            sizes = sum(len(own[0].webhook(scans)) for scans in range(1, SCANS + 1))
            return Measured(
                taken=tuple(taken for taken, _ in rounds),
                sent=tuple(sent for _, sent in rounds),
                body_bytes=sizes // SCANS,
                memory_bytes=memory,
                stored=stored,
                growth=kept.growth(),
                totals=kept.totals(),
            )
        finally:
            if relay is not None:
                relay.close()
            vtex.kill()


def lines(measured: Measured) -> Iterator[str]:
    """Say what was measured; of a server in a table of its own."""
    yield "scans  webhook ms  webhooks/s  written KiB      PUT ms      PUTs/s  written KiB  others' cores"
    for scans, (taken, sent) in enumerate(zip(measured.taken, measured.sent, strict=True), 1):
        halves = (
            f"{cost.each:10.2f}  {cost.count / cost.clock:10.0f}  {cost.written / cost.count / 1024:11.1f}"
            for cost in (taken, sent)
        )
        yield f"{scans:5}  {'  '.join(halves)}  {max(taken.others_cores, sent.others_cores):13.2f}"
    if measured.totals is not None:
        yield from _of_the_server(measured, measured.totals)
    webhooks, before = sum(taken.count for taken in measured.taken), measured.stored
    growth = measured.growth
    size = (growth.bytes_in_file - before.bytes_in_file) / webhooks / 1024
    yield f"{webhooks} webhooks of {measured.body_bytes} bytes take {size:.1f} KiB each"
    yield f"the relay holds {measured.memory_bytes / 1024 / 1024:.0f} MiB"
    more = {name: (count - before.rows.get(name, 0)) / webhooks for name, count in growth.rows.items()}
    yield "rows: " + ", ".join(f"{name} {each:.2f}" for name, each in more.items()) + " per webhook"
    if growth.sizes:
        grown = {name: (size - before.sizes.get(name, 0)) / webhooks for name, size in growth.sizes.items()}
        most = sorted(grown, key=lambda name: -grown[name])[:_LARGEST]
        yield "bytes with indexes: " + ", ".join(f"{name} {grown[name]:.0f}" for name in most) + " per webhook"


def _of_the_server(measured: Measured, totals: Totals) -> Iterator[str]:
    yield "server's:  ms a webhook  WAL KiB  commits  ms a PUT  WAL KiB  commits"
    for scans, (taken, sent) in enumerate(zip(measured.taken, measured.sent, strict=True), 1):
        first, second = (
            (
                cost.server.processor * 1000 / cost.count,
                cost.server.wal / cost.count / 1024,
                cost.server.commits / cost.count,
            )
            for cost in (taken, sent)
        )
        yield (
            f"{scans:9}  {first[0]:12.2f}  {first[1]:7.1f}  {first[2]:7.2f}"
            f"  {second[0]:8.2f}  {second[1]:7.1f}  {second[2]:7.2f}"
        )
    webhooks = sum(taken.count for taken in measured.taken)
    yield (
        f"in all, per webhook: {totals.wal / webhooks / 1024:.1f} KiB of WAL, {totals.full_pages / webhooks:.2f} whole "
        f"pages in it, {totals.syncs / webhooks:.2f} flushes, {totals.commits / webhooks:.2f} commits with those that "
        f"read; a flush took {totals.sync_seconds * 1000 / max(1, totals.syncs):.2f} ms"
    )
    changed = sorted(totals.updated.items(), key=lambda each: -each[1][0])[:_LARGEST]
    told = ", ".join(f"{name} {count / webhooks:.2f} ({hot / max(1, count):.0%})" for name, (count, hot) in changed)
    yield f"rows changed per webhook, and how many of them without a new entry in an index: {told}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what was measured."""
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cost", description=__doc__)
    parser.add_argument(
        "--parcels", type=int, default=usual.parcels, help=f"each tells {SCANS} scans, one webhook at a time"
    )
    parser.add_argument("--engine", choices=ENGINES, default=usual.engine, help="of the database, which is deleted")
    parser.add_argument("--rate", type=float, help="webhooks a second; all at once when not given")
    parser.add_argument("--stored", type=int, default=usual.stored, help="webhooks that are there before")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    given = parser.parse_args(arguments)
    options = Options(parcels=given.parcels, engine=given.engine, rate=given.rate, stored=given.stored)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        measured = run(options, Path(folder))
    print("\n".join(lines(measured)))  # noqa: T201 - the result
    if given.json:
        given.json.write_text(json.dumps(asdict(measured), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
