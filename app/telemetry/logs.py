"""Log lines: one wide line per event, for machines or for people, without secrets and without forged lines."""

import asyncio
import json
import logging
import math
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from inspect import currentframe
from typing import Final, Literal, TextIO

__all__ = ["MASK", "configure_logging", "log_event"]

MASK: Final = "***"

_LONGEST_TEXT: Final = 2000
_GATHERED: Final = 64
"""How many lines are written together at most."""
_DEEPEST: Final = 5
_FIELDS: Final = "relay_fields"

# Libraries that write down addresses, in which our path keys and VTEX's orders stand.
_TALKATIVE: Final = ("alembic.runtime.plugins", "httpx", "httpcore", "uvicorn.access")

_WORDS: Final = "secret|token|passw|authoriz|cookie|signature|credential|(?:api|app|path|hook|private)[_-]?key"
_CREDENTIAL: Final = re.compile(_WORDS, re.IGNORECASE)
_CREDENTIAL_IN_TEXT: Final = re.compile(
    rf"""(?P<name>(?:{_WORDS})[\w-]*["']?\s*[=:]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"'&,;)}}\]]+""",
    re.IGNORECASE,
)
_PASSWORD_IN_URL: Final = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", re.IGNORECASE)

# Control characters, line separators, and marks that reorder or hide text.
_UNPRINTABLE: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff]"
)
_NEEDS_QUOTES: Final = re.compile(r"[\s\"=\\]|^$")


class _Gathering(logging.StreamHandler[TextIO]):
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
            self._lines.append(self.format(record) + self.terminator)
            if len(self._lines) > 1 and record.levelno <= logging.INFO and len(self._lines) < _GATHERED:
                return  # A round that writes them is on its way.
            try:
                loop = asyncio.get_running_loop() if record.levelno <= logging.INFO else None
            except RuntimeError:
                loop = None
            if loop is None or len(self._lines) >= _GATHERED:
                self.flush()
            else:
                loop.call_soon(self.flush)
        except Exception:  # noqa: BLE001 - as every handler: trouble with a log line is no trouble of who wrote it
            self.handleError(record)

    def flush(self) -> None:
        """Write what was gathered."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


class _StandardError(_Gathering):
    """Write to whatever standard error is when a line is written: it may be replaced, and its predecessor closed."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Ignore the stream that was standard error at the start."""


def configure_logging(
    level: Literal["debug", "info", "warning", "error"],
    style: Literal["json", "text"],
    stream: TextIO | None = None,
) -> None:
    """Send every logger's lines to one stream, in place of what was set up before.

    Args:
        level: Least important line that is written.
        style: ``json`` for one object per line, ``text`` for people.
        stream: Where to; standard error unless given.

    """
    handler = _Gathering(stream) if stream else _StandardError()
    handler.setFormatter(_JSONFormatter() if style == "json" else _TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    # No line tells in which thread or process it was written: then nobody has to find out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def log_event(
    logger: logging.Logger,
    event: str,
    /,
    *,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **fields: object,
) -> None:
    """Write one wide line about an event.

    Credentials are masked here, before any handler sees the record, by the names of their fields.

    Args:
        logger: The module's logger.
        event: What happened, as a dotted name: ``webhook.received``.
        level: How important it is.
        error: Is written with its traceback.
        **fields: What there is to know; anything that JSON has no form for becomes text.

    """
    if not logger.isEnabledFor(level):
        return
    known = {name: _safe(value, name) for name, value in sorted(fields.items())}
    trace = (type(error), error, error.__traceback__) if error is not None else None
    # As `Logger.log` does, which walks up the stack to find out who called it.
    here = currentframe()
    caller = here.f_back if here is not None else None
    code, line = (caller.f_code, caller.f_lineno) if caller is not None else (log_event.__code__, 0)
    place = (code.co_filename, line, "%s", (event,), trace, code.co_name)
    logger.handle(logger.makeRecord(logger.name, level, *place, extra={_FIELDS: known}))


@lru_cache(maxsize=512)
def _names_credential(name: str) -> bool:
    return _CREDENTIAL.search(name) is not None


def _safe(value: object, name: str = "", depth: int = 0) -> object:
    """Return a value as JSON can hold it, without credentials."""
    if type(value) is str:
        return MASK if _names_credential(name) else _masked(value)
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool | int) and not isinstance(value, Enum):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if hasattr(value, "get_secret_value"):
        return MASK
    if _names_credential(name):
        return MASK
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    return _text_or_table(value, depth)


def _text_or_table(value: object, depth: int) -> object:
    if isinstance(value, Enum):
        return _safe(value.value, depth=depth)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping) and depth < _DEEPEST:
        pairs = sorted((str(key), inner) for key, inner in value.items())
        return {key: _safe(inner, key, depth + 1) for key, inner in pairs}
    if isinstance(value, Iterable) and not isinstance(value, str) and depth < _DEEPEST:
        return [_safe(item, depth=depth + 1) for item in value]
    return _masked(str(value))


def _masked(text: str) -> str:
    """Cut what is too long for a line, and mask what looks like a credential in free text."""
    if len(text) > _LONGEST_TEXT:
        # Cut before searching: a long text must not cost long searches.
        text = f"{text[:_LONGEST_TEXT]}…"
    if "=" not in text and ":" not in text:
        return text  # Every credential is told by one of them.
    text = _CREDENTIAL_IN_TEXT.sub(rf"\g<name>{MASK}", text)
    return _PASSWORD_IN_URL.sub(rf"\g<start>{MASK}@", text)


def _escaped(text: str) -> str:
    """Write unprintable characters as JSON does, so that nobody forges a line or its order."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = record.__dict__.get(_FIELDS)
    return found if isinstance(found, dict) else {}


def _moment(record: logging.LogRecord) -> str:
    seconds = int(record.created)
    return f"{_second(seconds)}.{int((record.created - seconds) * 1000):03}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")


# ASCII only: whatever reads the log sees what was written.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=str)


class _JSONFormatter(logging.Formatter):
    """Write one JSON object per line: when, how important, what, who, then the fields in order."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "event": _masked(record.getMessage()),
            "logger": record.name,
        }
        # A field cannot take the place of what every line has.
        line |= {name: value for name, value in _fields(record).items() if name not in line}
        if trace := _trace(record):
            line["exception"] = "\n".join(map(_masked, trace.split("\n")))
        return _ENCODER.encode(line)


class _TextFormatter(logging.Formatter):
    """Write one line for people: time, level, event, then ``name=value``; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        pairs = [f"{name}={_readable(value)}" for name, value in _fields(record).items()]
        event = _escaped(_masked(record.getMessage()))
        line = " ".join([_moment(record), f"{record.levelname:<7}", event, *pairs])
        trace = _trace(record)
        return "\n    ".join([line, *(_escaped(_masked(text)) for text in trace.split("\n") if trace)])


def _readable(value: object) -> str:
    if isinstance(value, str):
        return f'"{_quoted(value)}"' if _NEEDS_QUOTES.search(value) else _escaped(value)
    return _escaped(json.dumps(value, ensure_ascii=False))


def _quoted(text: str) -> str:
    return _escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
