"""Does an account wait when others are in trouble? ``make bench-isolation`` measures it.

One relay serves three accounts. In each round the good account's webhooks are timed twice, in alternating order: alone,
and while a second account answers 401 and a third one answers after ten seconds, both with webhooks of their own.
A time is from just before a webhook is sent to when the good account's VTEX received the PUT; all processes read the
one monotonic clock of the machine. Everything is on loopback, and whatever is started here is ended here.
"""

import argparse
import asyncio
import json
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final, NoReturn

import httpx

from tests.bench.busy import Busy, others_cores
from tests.bench.parcels import ACCOUNTS, BROKEN, GOOD, SLOW, parcels_of
from tests.bench.posting import Posting, post_at_their_times, request
from tests.e2e.parcels import SCANS, SECRET, Parcel, signature
from tests.e2e.relay import TOKEN, Relay

__all__ = ["Measured", "Options", "Round", "concluded", "run", "verdict"]

PROMISED: Final = 2.0
SHARED_CORES: Final = 0.4
"""With more than this used by other processes, a tail says more of them than of the relay."""
_ARRIVAL_SECONDS: Final = 60.0
_HEALING_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.25
_CHECKOUT: Final = Path(__file__).parents[2]
_ACCOUNT: Final = """
[accounts.{name}]
app_key = "vtexappkey-{name}-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}/{name}"
# No reads: what is timed is one write for one webhook.
history = "delta"
first_read = false
retry_base_seconds = 0.5
# The ordinary rate is below what is posted, and waiting for it is no lack of isolation.
rate_per_second = 1000
[accounts.{name}.carriers.easypost]
secrets = ["{secret}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run is made of; rates are webhooks a second, ``trouble_rate`` that of each troubled account.

    All of them together must stay far below what the relay can do: a queue for the processor is no lack of isolation.
    """

    rounds: int = 5
    webhooks: int = 2000
    rate: float = 25.0
    trouble_rate: float = 5.0
    slow_seconds: float = 10.0
    lead_seconds: float = 3.0
    warm_up: int = 100

    @property
    def troubled(self) -> int:
        """How many parcels each troubled account needs in a round: each tells its scans one by one."""
        return math.ceil((self.lead_seconds + self.webhooks / self.rate) * self.trouble_rate / SCANS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The good account's times in one measurement, in milliseconds, and what they were taken under."""

    n: int
    p50: float
    p99: float
    others_cores: float
    calls: dict[str, int]
    """How many calls each account received meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The two measurements that are compared."""

    alone: Measured
    troubled: Measured

    @property
    def ratio(self) -> float:
        return self.troubled.p99 / self.alone.p99


class Bench:
    """The processes of a run, and the parcels that were not told of yet."""

    def __init__(self, options: Options, relay: Relay, vtex: subprocess.Popen[bytes], url: str) -> None:
        self._options, self._relay, self._vtex = options, relay, vtex
        self._url = url
        self._skip = dict.fromkeys(ACCOUNTS, 0)

    def warm_up(self) -> None:
        """Let everything be done once that is done only once."""
        self._time(self._good(self._register(GOOD, self._options.warm_up), lead=0.0))

    def round(self, number: int) -> Round:
        """Measure both ways; which is first alternates."""
        order = (False, True) if number % 2 else (True, False)
        measured = {troubled: self._measure(troubled=troubled) for troubled in order}
        return Round(alone=measured[False], troubled=measured[True])

    def _measure(self, *, troubled: bool) -> Measured:
        self._heal()
        options = self._options
        postings = self._good(self._register(GOOD, options.webhooks), lead=options.lead_seconds if troubled else 0.0)
        if troubled:
            postings += [*self._troubled(BROKEN, 1 / 3), *self._troubled(SLOW, 2 / 3)]
        self._tell(begins=troubled)
        return self._time(postings)

    def _heal(self) -> None:
        """End the trouble of the measurement before: what is left of it must not weigh on the next."""
        self._tell(begins=False)
        self._relay.until_idle(seconds=_HEALING_SECONDS)

    def _time(self, postings: Sequence[Posting]) -> Measured:
        good = {posting.name for posting in postings if posting.name}
        pids = (self._relay.running.pid, self._vtex.pid)
        before = Busy.now(pids)
        sent = asyncio.run(post_at_their_times(self._relay.port, postings))
        others = others_cores(before, Busy.now(pids))
        received: dict[str, float] = {}
        calls = dict.fromkeys(ACCOUNTS, 0)
        deadline, pause = time.monotonic() + _ARRIVAL_SECONDS, Event()
        while True:
            told = httpx.get(f"{self._url}/control/receipts", timeout=60).json()
            assert not told["violations"], told["violations"][:3]
            received |= told["received"]
            calls = {name: count + told["calls"][name] for name, count in calls.items()}
            if good <= received.keys():
                break
            assert time.monotonic() < deadline, f"{len(good - received.keys())} webhooks never reached {GOOD}'s VTEX"
            pause.wait(_POLL_SECONDS)
        times = sorted((received[name] - sent[name]) * 1000 for name in good)
        return Measured(
            n=len(times), p50=percentile(times, 50), p99=percentile(times, 99), others_cores=others, calls=calls
        )

    def _register(self, account: str, count: int) -> list[Parcel]:
        """Say which orders the account's next parcels belong to."""
        fresh = parcels_of(account, count, skip=self._skip[account])
        self._skip[account] += count
        asked = (
            {
                "account": account,
                "order_id": parcel.order,
                "invoice_number": parcel.invoice,
                "tracking_numbers": [parcel.tracking_number],
            }
            for parcel in fresh
        )
        headers = {"Authorization": f"Bearer {TOKEN}"}
        requests = (request("/ops/v1/shipments", json.dumps(shipment).encode(), headers) for shipment in asked)
        asyncio.run(post_at_their_times(self._relay.port, [Posting(name="", request=one, due=0.0) for one in requests]))
        return fresh

    def _good(self, fresh: Sequence[Parcel], *, lead: float) -> list[Posting]:
        return [
            Posting(name=parcel.order, request=_webhook(parcel, 1), due=lead + index / self._options.rate)
            for index, parcel in enumerate(fresh)
        ]

    def _troubled(self, account: str, offset: float) -> Iterator[Posting]:
        """Tell one scan of every parcel, then the next: no shipment has two webhooks at a time."""
        fresh = self._register(account, self._options.troubled)
        told = ((parcel, length) for length in range(1, SCANS + 1) for parcel in fresh)
        for index, (parcel, length) in enumerate(told):
            yield Posting(name="", request=_webhook(parcel, length), due=(index + offset) / self._options.trouble_rate)

    def _tell(self, *, begins: bool) -> None:
        httpx.put(f"{self._url}/control/trouble", json={"begins": begins}).raise_for_status()


def run(options: Options, folder: Path) -> Iterator[Round]:
    """Start everything, yield the rounds as they are measured, and end everything."""
    troubled = options.rounds * options.troubled
    with _accounts(options, options.warm_up + 2 * options.rounds * options.webhooks, troubled) as (vtex, addresses):
        accounts = [_ACCOUNT.format(name=name, url=addresses[name], secret=SECRET) for name in ACCOUNTS]
        relay = Relay(folder, *accounts)
        try:
            relay.start()
            relay.until_ready()
            bench = Bench(options, relay, vtex, addresses[GOOD])
            bench.warm_up()
            for number in range(1, options.rounds + 1):
                yield bench.round(number)
        finally:
            relay.close()


@contextmanager
def _accounts(options: Options, good: int, troubled: int) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    command = [sys.executable, "-m", "tests.bench.three_accounts"]
    command += [str(good), str(troubled), str(options.slow_seconds)]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vtex:
        try:
            assert vtex.stdout
            yield vtex, json.loads(vtex.stdout.readline())
        finally:
            vtex.kill()


def _webhook(parcel: Parcel, length: int) -> bytes:
    body = parcel.webhook(length)
    return request(f"/webhooks/easypost/{parcel.account}", body, {"X-Hmac-Signature": signature(body)})


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent do not exceed."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def verdict(rounds: Sequence[Round], *, force: bool = False) -> tuple[int, str]:
    """Say whether the promise held: exit status 0 or 1, and 2 when other processes forbid a conclusion."""
    ratio = statistics.median(one.ratio for one in rounds)
    others = max(measured.others_cores for one in rounds for measured in (one.alone, one.troubled))
    return concluded(ratio, PROMISED, held=ratio <= PROMISED, others=others, force=force)


def concluded(ratio: float, promised: float, *, held: bool, others: float, force: bool) -> tuple[int, str]:
    """Say what a median ratio means beside what other processes used of the machine."""
    said = f"median ratio {ratio:.2f}, promised {promised:g}: {'held' if held else 'BROKEN'}"
    if others > SHARED_CORES:
        shared = f"other processes took up to {others:.2f} cores"
        if not force:
            return 2, f"no conclusion: {shared}; use a quiet machine, or --force. The median ratio was {ratio:.2f}"
        said += f" ({shared})"
    return (0 if held else 1), said


def document(options: Options, rounds: Sequence[Round], said: str) -> dict[str, Any]:
    """Write a run down for machines."""
    measured = [{**asdict(one), "ratio": one.ratio} for one in rounds]
    return {"options": asdict(options), "rounds": measured, "verdict": said}


def _line(number: int, one: Round) -> str:
    alone, troubled = one.alone, one.troubled
    others = max(alone.others_cores, troubled.others_cores)
    return (
        f"{number:5}  {alone.n:6}  {alone.p50:9.1f}  {alone.p99:9.1f}  {troubled.p50:11.1f}  {troubled.p99:11.1f}"
        f"  {one.ratio:5.2f}  {others:12.2f}"
    )


def _end(number: int, _frame: object) -> NoReturn:
    """Leave in order, so that whatever was started is ended."""
    sys.exit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print a line a round and the verdict, and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.isolation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often both are measured")
    parser.add_argument("--webhooks", type=int, default=2000, help="how many are timed in each measurement")
    parser.add_argument("--rate", type=float, default=Options().rate, help="webhooks a second for the good account")
    parser.add_argument(
        "--trouble-rate", type=float, default=Options().trouble_rate, help="and for each of the troubled two"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    parser.add_argument("--force", action="store_true", help="conclude although the machine was shared")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    options = Options(rounds=given.rounds, webhooks=given.webhooks, rate=given.rate, trouble_rate=given.trouble_rate)
    rounds: list[Round] = []
    print("round       n  p50 alone  p99 alone  p50 trouble  p99 trouble  ratio  others' cores")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        for one in run(options, Path(folder)):
            rounds.append(one)
            print(_line(len(rounds), one), flush=True)  # noqa: T201 - the result
    status, said = verdict(rounds, force=given.force)
    print(said)  # noqa: T201 - the result
    if given.json:
        given.json.write_text(json.dumps(document(options, rounds, said), indent=2) + "\n", "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
