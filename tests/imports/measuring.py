"""Start a relay as a process, post webhooks to it at a fixed rate, import beside them, and measure both."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tests.chaos.processes import free_port

KEY: Final = "k3y-of-the-path-0001"
TOKEN: Final = "an-invented-operator-token"
MOST_GROWTH: Final = 32 * 1024 * 1024
"""How much more memory the last three quarters of an import may take than its first: the page cache is full by then."""
_READY_SECONDS: Final = 60.0
_BLOCK: Final = 1_000
_SETTINGS: Final = f"""
listen = "127.0.0.1:{{port}}"
log_level = "warning"
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "http://127.0.0.1:9"
[accounts.demo.carriers.frenet]
path_key = "{KEY}"
unsigned = true
[[tokens]]
name = "bench"
role = "operator"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure: how many rows, and how many webhooks a second beside them."""

    rows: int
    rate: float
    alone_seconds: float
    most_seconds: float


@dataclass(slots=True, kw_only=True)
class Report:
    """What was measured; times in seconds, memory in bytes."""

    plan: Plan
    summary: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    memory: list[tuple[float, int]] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    failed: int = 0
    commits: int = 0
    commit_seconds: float = 0.0

    @property
    def growth(self) -> int:
        """Return by how much memory grew after the first quarter."""
        early = [size for share, size in self.memory if share <= 0.25] or [self.memory[0][1]]
        return max(size for _, size in self.memory) - max(early)

    @property
    def is_right(self) -> bool:
        """Tell whether every row is in, every webhook was accepted, and memory stayed flat."""
        all_in = self.summary.get("rows") == self.plan.rows and self.summary.get("refused") == 0
        return all_in and not self.failed and self.growth <= MOST_GROWTH

    def lines(self) -> Iterator[str]:
        """Write it for people."""
        speed = self.plan.rows / self.seconds
        yield f"rows         {self.summary.get('rows')} in {self.seconds:.1f} s: {speed:,.0f} rows/s"
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            size = next((size for at, size in self.memory if at >= share), self.memory[-1][1])
            yield f"memory       {size / 1024 / 1024:.0f} MiB at {share:.0%}"
        yield f"growth       {self.growth / 1024 / 1024:.0f} MiB after the first quarter"
        for name, times in (("alone", self.alone), ("meanwhile", self.meanwhile)):
            p50, p99, most = (1000 * percentile(times, share) for share in (0.5, 0.99, 1.0))
            yield f"webhooks     {name}: {len(times)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms, slowest {most:.1f} ms"
        yield f"commits      {self.commits}, {1000 * self.commit_seconds / max(1, self.commits):.1f} ms each"
        yield f"failed       {self.failed} webhooks"
        yield "as promised" if self.is_right else "NOT as promised"


def percentile(times: list[float], share: float) -> float:
    """Return the time that a share of all did not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(plan: Plan, folder: Path) -> Report:
    """Run it all; the relay is ended whatever happens."""
    report = Report(plan=plan)
    with _relay(folder) as (url, pid):
        with _webhooks(url, plan.rate, report.alone, report):
            threading.Event().wait(plan.alone_seconds)
        commits, seconds = _commits(url)
        with _webhooks(url, plan.rate, report.meanwhile, report):
            started = time.monotonic()
            # Two files: a small one is on its way whole before its first row is read, and memory is looked at as
            # rows are sent. What the first wakes, which is needed once, is there when the other begins.
            quarter = plan.rows // 4
            for rows in (range(quarter), range(quarter, plan.rows)):
                for name, count in _import(url, pid, rows, report).items():
                    report.summary[name] = report.summary.get(name, 0) + count
                report.memory.append((rows.stop / plan.rows, resident(pid)))
            report.seconds = time.monotonic() - started
        after, later = _commits(url)
        report.commits, report.commit_seconds = after - commits, later - seconds
    return report


def _import(url: str, pid: int, rows: range, report: Report) -> dict[str, int]:
    """Import a file of shipments; tell how many rows there were, and what became of them."""
    answer = httpx.post(
        f"{url}/ops/v1/shipments/import",
        content=_file(rows, pid, report),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/csv"},
        timeout=report.plan.most_seconds,
    )
    summary = json.loads(answer.text.splitlines()[-1])
    return {name: summary[name] for name in ("rows", "created", "refused")}


def _file(rows: range, pid: int, report: Report) -> Iterator[bytes]:
    """Write a file of shipments as it is asked for, and look at the relay's memory now and then."""
    yield b"account;order_id;invoice_number;tracking_numbers;courier;invoiced_at\n"
    step = max(_BLOCK, report.plan.rows // 40)
    for start in range(rows.start, rows.stop, _BLOCK):
        if start % step < _BLOCK:
            report.memory.append((start / report.plan.rows, resident(pid)))
        yield "".join(
            f"demo;v{n:09}-01;{n:09};IMP{n:09}BR;Example Express;2026-03-04T15:04:31-03:00\n"
            for n in range(start, min(rows.stop, start + _BLOCK))
        ).encode()


@contextmanager
def _webhooks(url: str, rate: float, times: list[float], report: Report) -> Iterator[None]:
    """Post webhooks at a fixed rate from a thread, whether or not the one before was answered late."""
    stop = threading.Event()
    mark = "A" if times is report.alone else "M"

    def post() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            client.get("/livez")
            started, number = time.monotonic(), 0
            while not stop.wait(max(0.0, started + number / rate - time.monotonic())):
                number += 1
                event = {"EventDateTime": "04/03/2026 14:20", "EventDescription": "Em trânsito"}
                body = {"TrackingNumber": f"LIVE{mark}{number:08}", "TrackingEvents": [event]}
                sent = time.perf_counter()
                answer = client.post(f"/webhooks/frenet/demo/{KEY}", json=body)
                times.append(time.perf_counter() - sent)
                report.failed += not answer.is_success

    thread = threading.Thread(target=post, name="webhooks")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def resident(pid: int) -> int:
    """Return how much memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _commits(url: str) -> tuple[int, float]:
    text = httpx.get(f"{url}/metrics").text
    found = dict(re.findall(r"^relay_commit_seconds_(count|sum) (\S+)$", text, re.MULTILINE))
    return int(float(found["count"])), float(found["sum"])


@contextmanager
def _relay(folder: Path) -> Iterator[tuple[str, int]]:
    """Run ``carrier-relay serve`` on a database of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "relay.toml").write_text(_SETTINGS.format(port=port), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("RELAY_")}
    command = [str(Path(sys.executable).with_name("carrier-relay")), "serve"]
    with (folder / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline, pause = time.monotonic() + _READY_SECONDS, threading.Event()
        while not _is_ready(url):
            assert process.poll() is None, (folder / "relay.log").read_text("utf-8", "replace")
            assert time.monotonic() < deadline, "the relay did not become ready"
            pause.wait(0.05)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _is_ready(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz").is_success
    return False
