"""Commands as an operator starts them: real processes, waited for with deadlines."""

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

import pytest

READY_SECONDS = 60.0
STOP_SECONDS = 30.0


def clean_environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without a relay's configuration, and with the given one."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("RELAY_")} | variables


def _handing(handed: Mapping[str, socket.socket], known: dict[str, str]) -> tuple[list[str], list[int]]:
    """Return a command that becomes another one, to which it hands sockets: from descriptor 3 on, with its own id."""
    if not handed:
        return [], []
    known |= {"LISTEN_FDS": str(len(handed)), "LISTEN_FDNAMES": ":".join(handed)}
    descriptors = [listening.fileno() for listening in handed.values()]
    # By way of high numbers: one of the descriptors may stand where another one goes.
    aside = " ".join(f"{100 + n}<&{descriptor}" for n, descriptor in enumerate(descriptors))
    placed = " ".join(f"{3 + n}<&{100 + n}" for n in range(len(descriptors)))
    return ["bash", "-c", f'export LISTEN_PID=$$; exec {aside}; exec {placed}; exec "$@"', "bash"], descriptors


class Running:
    """A command that runs until it is stopped; its output is read as it comes.

    It inherits the sockets that are ``handed`` to it, by their names, in the way of systemd.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        handed: Mapping[str, socket.socket] | None = None,
    ) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._new: queue.Queue[str | None] = queue.Queue()
        self._errors = (folder / f"stderr-{os.urandom(4).hex()}.txt").open("w+", encoding="utf-8")
        known = dict(environment if environment is not None else clean_environment())
        prefix, descriptors = _handing(handed or {}, known)
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "app", *arguments],
            cwd=folder,
            env=known,
            pass_fds=descriptors,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def errors(self) -> str:
        return Path(self._errors.name).read_text("utf-8")

    def until_ready(self) -> Self:
        deadline = time.monotonic() + READY_SECONDS
        while not self.output.rpartition("\n")[2].startswith("Ready."):
            try:
                line = self._new.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.close()
                pytest.fail(f"the command did not become ready:\n{self.output}\n{self.errors}")
            self.lines.append(line)
        return self

    def find(self, pattern: str) -> str:
        match = re.search(pattern, self.output)
        assert match is not None, self.output
        return match[1]

    def rest(self) -> str:
        """Return what a process that has ended wrote."""
        while (line := self._new.get(timeout=STOP_SECONDS)) is not None:
            self.lines.append(line)
        return self.output

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the process to stop; return its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=STOP_SECONDS)
        self._reader.join(timeout=STOP_SECONDS)
        return status

    def close(self) -> None:
        """Stop the process, politely first, so that it takes away what it made."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(timeout=STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()
