"""What an import tells while it runs: lines of JSON, bounded however slowly they are taken."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from app.web.importing.records import BadRecord

__all__ = ["Reports"]

_WAITING: Final = 5_000


class Reports:
    """Hold the lines that were not taken yet.

    Many clients send all before they read anything. Were the import to wait until they have read, both would wait for
    ever; so of the bad rows that nobody reads only so many are kept, and the others are counted.
    """

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        self._lines: deque[bytes] = deque()
        self._progress: bytes | None = None
        self._ready = asyncio.Event()
        self._is_closed = False
        self.bad = 0
        self.unreported = 0

    def bad_record(self, bad: BadRecord) -> None:
        """Tell of a record that was not taken."""
        self.bad += 1
        if len(self._lines) >= _WAITING:
            self.unreported += 1
            return
        told = {"kind": "row", "line": bad.line, "field": bad.field, "problem": bad.problem, "advice": bad.advice}
        self._lines.append(_line(told))
        self._ready.set()

    def progress(self, counts: Mapping[str, Any]) -> None:
        """Tell how far it is, in place of what was told of that before and is not taken yet."""
        self._progress = _line({"kind": "progress", **counts})
        self._ready.set()

    def end(self, kind: str, told: Mapping[str, Any]) -> None:
        """Tell how it ended; nothing follows."""
        self._progress = None
        self._lines.append(_line({"kind": kind, **told}))
        self._is_closed = True
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what there is to tell, as it comes, until the end."""
        while True:
            lines = b"".join(self._lines) + (self._progress or b"")
            self._lines.clear()
            self._progress = None
            if lines:
                yield lines
            if self._is_closed and not self._lines:
                return
            await self._ready.wait()
            self._ready.clear()


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"
