"""The system calls of a running relay: whatever it answers, it has synced before."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import StartEmulator, StartRelay
from tests.e2e.parcels import parcels
from tests.e2e.relay import STOP_SECONDS, Relay, account
from tests.e2e.trace import STRACE, read_trace, why_not_durable

WEBHOOKS = 20
DATABASE = "relay.db"
RECEIVED = r'7 read(9<socket:[40]>, "POST / HTTP/1.1\r\n\r\n{\"id\":\"evt_1\"}", 65536) = 40'
WRITTEN = r'8 pwrite64(5</r/relay.db-wal>, "\0\0evt_1\0", 4096, 32) = 4096'
SYNCED = "8 fdatasync(5</r/relay.db-wal>) = 0"
SYNC_ENDED = "8 <... fdatasync resumed>) = 0"
ANSWERED = r'7 write(9<socket:[40]>, "HTTP/1.1 200 OK\r\n\r\n{}", 20) = 20'


def traced_relay(start: StartRelay, trace: Path, url: str) -> Relay:
    """Start a relay under strace, or say what keeps that from working."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: run `bash deploy/install-test-tools.sh`, as `make test` does")
    try:
        return start(account(url), prefix=(*STRACE, "-o", str(trace)))
    except pytest.fail.Exception as failure:
        if "ptrace" not in str(failure).lower():
            raise
        pytest.fail(
            "this machine does not let strace trace a process that it started. In a container, run with "
            "--cap-add=SYS_PTRACE (or a seccomp profile that allows ptrace); on a host, set "
            f"kernel.yama.ptrace_scope to 0 or 1. What was said: {failure}"
        )


def stop_traced(relay: Relay, trace: Path) -> None:
    """End the relay itself; strace ends after it, with its exit status."""
    first = re.match(r"\d+", trace.read_text("utf-8", "replace"))
    assert first is not None, "the trace is empty"
    os.kill(int(first[0]), signal.SIGTERM)
    assert 0 == relay.running.wait(timeout=STOP_SECONDS)


def test_every_webhook_is_synced_between_its_last_byte_read_and_its_answer(
    tmp_path: Path, start_emulator: StartEmulator, start_relay: StartRelay
) -> None:
    trace = tmp_path / "trace.txt"
    relay = traced_relay(start_relay, trace, start_emulator().url)
    sent = parcels(WEBHOOKS)

    for parcel in sent:
        relay.accept(parcel.webhook(1, event=f"evt_traced_{parcel.number:04}"))
    stop_traced(relay, trace)

    with trace.open(encoding="utf-8", errors="replace") as lines:
        calls = read_trace(line.rstrip("\n") for line in lines)
    verdicts = {parcel.number: why_not_durable(calls, f"evt_traced_{parcel.number:04}", DATABASE) for parcel in sent}
    assert dict.fromkeys(verdicts) == verdicts


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        pytest.param([RECEIVED, WRITTEN, SYNCED, ANSWERED], None, id="in order"),
        pytest.param([], "evt_1 was never read", id="nothing"),
        pytest.param([RECEIVED, WRITTEN, SYNCED], "evt_1 was never answered", id="no answer"),
        pytest.param([RECEIVED, ANSWERED], "evt_1 was answered before it was written to relay.db", id="not written"),
        pytest.param(
            [RECEIVED, WRITTEN, ANSWERED, SYNCED],
            "evt_1 was answered before what was written had been synced",
            id="synced after the answer",
        ),
        pytest.param(
            [RECEIVED, SYNCED, WRITTEN, ANSWERED],
            "evt_1 was answered before what was written had been synced",
            id="synced before it was written",
        ),
        pytest.param(
            [RECEIVED, WRITTEN, SYNCED.replace("relay.db-wal", "other.log"), ANSWERED],
            "evt_1 was answered before what was written had been synced",
            id="another file synced",
        ),
        pytest.param(
            [RECEIVED, WRITTEN, SYNCED.replace("= 0", "= -1 EIO (Input/output error)"), ANSWERED],
            "evt_1 was answered before what was written had been synced",
            id="the sync failed",
        ),
        pytest.param(
            [RECEIVED, WRITTEN, SYNCED.replace(") = 0", " <unfinished ...>"), ANSWERED, SYNC_ENDED],
            "evt_1 was answered before what was written had been synced",
            id="the sync ended after the answer",
        ),
        pytest.param(
            [RECEIVED, WRITTEN, SYNCED.replace(") = 0", " <unfinished ...>"), SYNC_ENDED, ANSWERED],
            None,
            id="the sync was interrupted, and ended in time",
        ),
    ],
)
def test_a_trace_is_judged_by_what_began_after_and_ended_before(lines: list[str], verdict: str | None) -> None:
    assert verdict == why_not_durable(read_trace(lines), "evt_1", DATABASE)
