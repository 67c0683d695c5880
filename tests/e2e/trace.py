"""What strace saw: system calls with the order in which they began and ended."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

CALLS: Final = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync"
# Every thread; whole strings, so that a webhook can be found in them; descriptors with what they stand for.
STRACE: Final = ("strace", "-f", "-s", "16384", "-y", "-e", f"trace={CALLS}", "-e", "signal=none")

_READS: Final = frozenset({"read", "readv", "recvfrom", "recvmsg"})
_WRITES: Final = frozenset({"write", "writev", "sendto", "sendmsg"})
_FILE_WRITES: Final = frozenset({"pwrite64", "pwritev", "write", "writev"})
_SYNCS: Final = frozenset({"fsync", "fdatasync"})

_BEGUN: Final = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<rest>.*)")
_RESUMED: Final = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_UNFINISHED: Final = "<unfinished ...>"
_RESULT: Final = re.compile(r".*\) += (?P<result>-?\d+)")
_DESCRIPTOR: Final = re.compile(r"(?P<number>\d+)<(?P<what>[^>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemCall:
    """One call; ``began`` and ``ended`` are line numbers of the trace, which keeps the order of causes and effects."""

    name: str
    text: str
    result: int
    began: int
    ended: int

    @property
    def target(self) -> str:
        """Name what the first descriptor stands for: a path, or ``socket:[…]``; empty when it is not said."""
        found = _DESCRIPTOR.match(self.text)
        return found["what"] if found else ""


def read_trace(lines: Iterable[str]) -> list[SystemCall]:
    """Put the two halves of interrupted lines together; calls without an end are left out."""
    return sorted(_calls(lines), key=lambda call: call.began)


def _calls(lines: Iterable[str]) -> Iterator[SystemCall]:
    open_: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        if (resumed := _RESUMED.match(line)) and resumed["thread"] in open_:
            name, text, began = open_.pop(resumed["thread"])
            text += resumed["rest"]
        elif begun := _BEGUN.match(line):
            name, text, began = begun["name"], begun["rest"], number
            if text.endswith(_UNFINISHED):
                open_[begun["thread"]] = name, text.removesuffix(_UNFINISHED), began
                continue
        else:
            continue
        if result := _RESULT.match(text):
            yield SystemCall(name=name, text=text, result=int(result["result"]), began=began, ended=number)


def why_not_durable(calls: list[SystemCall], marker: str, database: str) -> str | None:
    """Say why a trace does not show that a webhook was on disk before it was answered; None when it shows that.

    Args:
        calls: The trace.
        marker: A text that only this webhook has.
        database: The name of the database's file; its log is beside it.

    """
    received = next((call for call in calls if call.name in _READS and marker in call.text and call.result > 0), None)
    if received is None:
        return f"{marker} was never read"
    answer = next(
        (
            call
            for call in calls
            if call.name in _WRITES
            and call.began > received.ended
            and call.target == received.target
            and "HTTP/1.1 " in call.text
        ),
        None,
    )
    if answer is None:
        return f"{marker} was never answered"
    between = [call for call in calls if call.began > received.ended and call.ended < answer.began and call.result >= 0]
    files = [call for call in between if database in call.target]
    written = [call for call in files if call.name in _FILE_WRITES and marker in call.text]
    if not written:
        return f"{marker} was answered before it was written to {database}"
    if not any(call.name in _SYNCS and call.began > written[0].ended for call in files):
        return f"{marker} was answered before what was written had been synced"
    return None
