"""What a webhook and a call to VTEX cost one relay: ``make bench-cost`` measures it.

Parcels tell their scans one webhook at a time, each with the whole history so far, as aggregators do. While the account
is paused they are taken in and mapped; once it is resumed they are written to VTEX. So each half's processor time and
what it writes can be told apart. Everything is on loopback, and whatever is started is ended.
"""

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Final

from tests.bench.busy import Busy, memory_of, others_cores, used_by, written_by
from tests.bench.parcels import GOOD, parcels_of
from tests.bench.posting import Posting, post_at_their_times, request
from tests.e2e.parcels import SCANS, SECRET, Parcel, signature
from tests.e2e.relay import Relay

__all__ = ["Cost", "Growth", "Measured", "account_of", "lines", "run"]

_POLL_SECONDS: Final = 0.2
_PATIENCE: Final = 900.0
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
class Cost:
    """One half of the work for one round of scans; seconds are the relay's, of processor and of the clock."""

    count: int
    processor: float
    clock: float
    written: int
    others_cores: float

    @property
    def each(self) -> float:
        """Return the processor time of one, in milliseconds."""
        return self.processor * 1000 / self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What is in the database at the end."""

    bytes_in_file: int
    rows: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The rounds, in the order of the scans, and what they left."""

    taken: tuple[Cost, ...]
    sent: tuple[Cost, ...]
    body_bytes: int
    memory_bytes: int
    growth: Growth


class Bench:
    """A relay that runs, and its parcels."""

    def __init__(self, relay: Relay, vtex: subprocess.Popen[bytes], parcels: Sequence[Parcel]) -> None:
        self._relay, self._vtex, self._parcels = relay, vtex, parcels

    def take(self, scans: int) -> Cost:
        """Have every parcel tell its first scans, and wait until all of it is mapped."""
        self._relay.tell(f"accounts/{GOOD}/pause", {"reason": "measuring"})
        bodies = [parcel.webhook(scans) for parcel in self._parcels]
        signed = (request(f"/webhooks/easypost/{GOOD}", body, {"X-Hmac-Signature": signature(body)}) for body in bodies)
        postings = [Posting(name="", request=one, due=0.0) for one in signed]
        with self._measuring() as measured:
            asyncio.run(post_at_their_times(self._relay.port, postings))
            self._until(lambda: not self._relay.ask("webhooks", state="stored", limit=1)["items"])
        return measured[0]

    def send(self) -> Cost:
        """Have everything written to VTEX."""
        with self._measuring() as measured:
            self._relay.tell(f"accounts/{GOOD}/resume", {"reason": "measuring"})
            self._until(self._relay.is_idle)
        return measured[0]

    @contextmanager
    def _measuring(self) -> Iterator[list[Cost]]:
        pid, found = self._relay.running.pid, list[Cost]()
        before, processor, written = Busy.now((pid, self._vtex.pid)), used_by(pid), written_by(pid)
        yield found
        after = Busy.now((pid, self._vtex.pid))
        found.append(
            Cost(
                count=len(self._parcels),
                processor=used_by(pid) - processor,
                clock=after.at - before.at,
                written=written_by(pid) - written,
                others_cores=others_cores(before, after),
            )
        )

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline, pause = time.monotonic() + _PATIENCE, Event()
        while not condition():
            assert time.monotonic() < deadline, f"not done after {_PATIENCE:g} s; see {self._relay.log}"
            pause.wait(_POLL_SECONDS)


def _growth(file: Path) -> Growth:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
        (size,) = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
    return Growth(bytes_in_file=size, rows={name: count for name, count in sorted(rows.items()) if count})


def run(parcels: int, folder: Path) -> Measured:
    """Start everything, measure, and end everything."""
    own = parcels_of(GOOD, parcels)
    command = [sys.executable, "-m", "tests.bench.three_accounts", str(parcels), "0", "0"]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vtex:
        relay: Relay | None = None
        try:
            assert vtex.stdout
            url = json.loads(vtex.stdout.readline())[GOOD]
            relay = Relay(folder, account_of(GOOD, url))
            relay.start()
            relay.until_ready()
            relay.register(*own)
            bench = Bench(relay, vtex, own)
            rounds = [(bench.take(scans), bench.send()) for scans in range(1, SCANS + 1)]
            memory = memory_of(relay.running.pid)
            assert relay.stop() == 0
            sizes = sum(len(own[0].webhook(scans)) for scans in range(1, SCANS + 1))
            return Measured(
                taken=tuple(taken for taken, _ in rounds),
                sent=tuple(sent for _, sent in rounds),
                body_bytes=sizes // SCANS,
                memory_bytes=memory,
                growth=_growth(folder / "data" / "relay.db"),
            )
        finally:
            if relay is not None:
                relay.close()
            vtex.kill()


def lines(measured: Measured) -> Iterator[str]:
    """Say what was measured."""
    yield "scans  webhook ms  webhooks/s  written KiB      PUT ms      PUTs/s  written KiB  others' cores"
    for scans, (taken, sent) in enumerate(zip(measured.taken, measured.sent, strict=True), 1):
        halves = (
            f"{cost.each:10.2f}  {cost.count / cost.clock:10.0f}  {cost.written / cost.count / 1024:11.1f}"
            for cost in (taken, sent)
        )
        yield f"{scans:5}  {'  '.join(halves)}  {max(taken.others_cores, sent.others_cores):13.2f}"
    webhooks = sum(taken.count for taken in measured.taken)
    growth = measured.growth
    size = growth.bytes_in_file / webhooks / 1024
    yield f"{webhooks} webhooks of {measured.body_bytes} bytes take {size:.1f} KiB each"
    yield f"the relay holds {measured.memory_bytes / 1024 / 1024:.0f} MiB"
    yield "rows: " + ", ".join(f"{name} {count / webhooks:.2f}" for name, count in growth.rows.items()) + " per webhook"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cost", description=__doc__)
    parser.add_argument("--parcels", type=int, default=4000, help=f"each tells {SCANS} scans, one webhook at a time")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        measured = run(given.parcels, Path(folder))
    print("\n".join(lines(measured)))  # noqa: T201 - the result
    if given.json:
        given.json.write_text(json.dumps(asdict(measured), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
