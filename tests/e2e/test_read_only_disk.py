"""A disk that can only be read, from the start or from some moment on: it is said, and nothing answered 2xx is lost."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.processes import clean_environment
from tests.e2e.parcels import parcels
from tests.e2e.relay import COMMAND, Relay, account, until
from tests.namespaces import mounted, read_only

pytestmark = pytest.mark.timeout(300)

ACCOUNT = account("http://127.0.0.1:9").replace("[accounts.demo]", '[accounts.demo]\nmode = "observe"', 1)
_WRITES = "pwrite64,pwritev,write,writev,ftruncate,fallocate"
# Yama lets only ancestors trace, unless a process says that anybody may.
_ALLOWING = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
_TRACEABLE = (sys.executable, "-c", _ALLOWING)


@contextmanager
def read_only_from_now_on(relay: Relay, *files: Path) -> Iterator[None]:
    """Refuse every write to some files of a running process, as the kernel does once it has made their disk so."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: run `bash deploy/install-test-tools.sh`, as `make test` does")
    paths = [part for file in files for part in ("-P", str(file))]
    inject = ["-e", f"trace={_WRITES}", "-e", f"inject={_WRITES}:error=EROFS", "-e", "signal=none"]
    command = ["strace", "-f", "-p", str(relay.running.pid), *inject, *paths, "-o", "/dev/null"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracing:
        try:
            assert tracing.stderr is not None
            said = tracing.stderr.readline()
            assert "attached" in said, f"strace cannot trace a process that it did not start: {said}"
            yield
        finally:
            tracing.send_signal(signal.SIGINT)
            tracing.wait(timeout=10)


def test_a_disk_that_can_only_be_read_stops_the_start_and_is_named_by_doctor(tmp_path: Path) -> None:
    relay = Relay(tmp_path, ACCOUNT)
    try:
        relay.start()
        relay.until_ready()
        taken = relay.accept(parcels(1)[0].webhook(1))
        assert 0 == relay.stop()
    finally:
        relay.close()
    prefix = mounted(read_only(tmp_path / "data"))
    unable = Relay(tmp_path, ACCOUNT, prefix=prefix)
    try:
        unable.start()
        assert 3 == unable.running.wait(timeout=60)
        said = unable.log.read_text("utf-8")
        assert f"database_url: {tmp_path / 'data' / 'relay.db'} cannot be written: Read-only file system" in said
    finally:
        unable.close()
    doctor = subprocess.run(
        [*prefix, COMMAND[0], "doctor", "--no-online"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 1 == doctor.returncode
    assert "cannot be written (Read-only file system)" in " ".join(doctor.stdout.split())

    able = Relay(tmp_path, ACCOUNT)
    try:
        able.start()
        able.until_ready()
        assert [taken] == [webhook["id"] for webhook in able.webhooks()]
    finally:
        able.close()


def test_a_disk_that_becomes_read_only_is_answered_503_until_it_can_be_written_again(tmp_path: Path) -> None:
    files = [tmp_path / "data" / name for name in ("relay.db", "relay.db-wal", "relay.db-shm")]
    relay = Relay(tmp_path, ACCOUNT, prefix=_TRACEABLE)
    told = parcels(40)
    try:
        relay.start()
        relay.until_ready()
        taken = {relay.accept(parcel.webhook(1)) for parcel in told[:10]}
        with read_only_from_now_on(relay, *files):
            answers = [relay.post(parcel.webhook(1)) for parcel in told[10:30]]
            assert {503} == {answer.status_code for answer in answers}
            assert {"/problems/store-unavailable"} == {answer.json()["type"] for answer in answers}
            assert all("Retry-After" in answer.headers for answer in answers)
            # Probes share what one of them found for a second, and the latest may have come just before.
            until(
                lambda: httpx.get(f"{relay.url}/readyz").status_code == 503,
                seconds=20,
                failing=lambda: httpx.get(f"{relay.url}/readyz").text,
            )
            said = httpx.get(f"{relay.url}/readyz").json()
            assert "the database refused the transaction" in said["checks"]["store"]
            assert 200 == httpx.get(f"{relay.url}/livez").status_code

        until(
            lambda: httpx.get(f"{relay.url}/readyz").status_code == 200,
            seconds=20,
            failing=lambda: httpx.get(f"{relay.url}/readyz").text,
        )
        taken |= {relay.accept(parcel.webhook(1)) for parcel in told[10:]}
        relay.kill()
        relay.start()
        relay.until_ready()

        assert taken == {str(webhook["id"]) for webhook in relay.webhooks()}
        assert len(told) == len(taken)
    finally:
        relay.close()
