"""Where log lines go: those of one round of the event loop together."""

import asyncio
import logging
import sys
from contextlib import nullcontext
from typing import Final, TextIO

__all__ = ["Gathering", "StandardError"]

_GATHERED: Final = 64
"""How many lines are written together at most."""


class Gathering(logging.StreamHandler[TextIO]):
    """Write the lines of one round of the event loop together: under load they share a system call.

    What is no ordinary news is written at once, with all before it; so is everything outside an event loop.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to a stream, standard error unless given."""
        super().__init__(stream)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        try:
            self.add(self.format(record), record.levelno)
        except Exception:  # noqa: BLE001 - as every handler: trouble with a log line is no trouble of who wrote it
            self.handleError(record)

    def add(self, line: str, level: int) -> None:
        """Take a line as it is to be written."""
        with self.lock or nullcontext():
            self._lines.append(line + self.terminator)
            if len(self._lines) > 1 and level <= logging.INFO and len(self._lines) < _GATHERED:
                return  # A round that writes them is on its way.
            try:
                loop = asyncio.get_running_loop() if level <= logging.INFO else None
            except RuntimeError:
                loop = None
            if loop is None or len(self._lines) >= _GATHERED:
                self.flush()
            else:
                loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what was gathered."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


class StandardError(Gathering):
    """Write to whatever standard error is when a line is written: it may be replaced, and its predecessor closed."""

    @property
    def stream(self) -> TextIO:
        """Return what standard error is now."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Ignore the stream that was standard error at the start."""
