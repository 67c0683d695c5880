"""Log lines: one wide line per event, for machines or for people, without secrets and without forged lines."""

import json
import logging
import math
import re
import time
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from inspect import currentframe
from itertools import islice
from json.encoder import encode_basestring_ascii
from types import CodeType
from typing import Final, Literal, TextIO

from app.telemetry.gathering import Gathering, StandardError

__all__ = ["MASK", "configure_logging", "log_event"]

MASK: Final = "***"

_LONGEST_TEXT: Final = 2000
_DEEPEST: Final = 5
_FIELDS: Final = "relay_fields"
_INSTRUCTION_BYTES: Final = 2
_FIXED: Final = frozenset({"time", "level", "event", "logger", "exception"})
_STARTED: Final = time.time()
_NUMBERS: Final = frozenset({int, float})

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
    handler = Gathering(stream) if stream else StandardError()
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
    known: dict[str, object] = {}
    for name, is_credential in _order(tuple(fields)):
        value = fields[name]
        if type(value) is str:
            known[name] = MASK if is_credential else _masked(value)
        else:
            known[name] = value if type(value) is int else _safe(value, name)
    # As `Logger.log` does, which walks up the stack to find out who called it.
    # This frame is not kept under a name of its own: it would hold itself, and all that called it, until it is sought.
    caller = getattr(currentframe(), "f_back", None)
    code, at = (caller.f_code, caller.f_lasti) if caller is not None else (log_event.__code__, 0)
    record = _record(logger, level, event, code, at)
    record.__dict__[_FIELDS] = known
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    logger.handle(record)


@lru_cache(maxsize=512)
def _order(names: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Sort the names of a line's fields, and tell which are credentials."""
    return tuple((name, _names_credential(name)) for name in sorted(names))


def _record(logger: logging.Logger, level: int, event: str, code: CodeType, at: int) -> logging.LogRecord:
    """Make a record as `Logger.makeRecord` does: once for each place, since all but the time is the same again."""
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__.update(_place(logger, level, event, code, at))
    now = time.time()
    record.created = now
    record.msecs = int((now - int(now)) * 1000) + 0.0
    record.relativeCreated += (now - _STARTED) * 1000
    return record


@lru_cache(maxsize=1024)
def _place(logger: logging.Logger, level: int, event: str, code: CodeType, at: int) -> dict[str, object]:
    """Return what every record of an event at a place in the source has; the place is an instruction's."""
    line = next(islice(code.co_positions(), at // _INSTRUCTION_BYTES, None))[0] or 0
    place = (code.co_filename, line, "%s", (event,), None, code.co_name)
    made = logger.makeRecord(logger.name, level, *place).__dict__
    # From the start of `logging`, which keeps that to itself, to ours.
    return made | {"relativeCreated": made["relativeCreated"] - (made["created"] - _STARTED) * 1000}


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
        fields = _fields(record)
        head = _head(record.levelname, record.name, record.getMessage())
        # A field cannot take the place of what every line has.
        shown, layout = _layout(tuple(fields))
        values = [
            encode_basestring_ascii(value) if type(value := fields[name]) is str else _encoded(value) for name in shown
        ]
        line = f'{{"time": "{_moment(record)}"{head}{layout % tuple(values)}'
        if trace := _trace(record):
            exception = encode_basestring_ascii("\n".join(map(_masked, trace.split("\n"))))
            return f'{line}, "exception": {exception}}}'
        return line + "}"


@lru_cache(maxsize=256)
def _head(level: str, logger: str, event: str) -> str:
    """Write what every line has behind its time."""
    texts = map(encode_basestring_ascii, (level.lower(), _masked(event), logger))
    return ', "level": {}, "event": {}, "logger": {}'.format(*texts)


@lru_cache(maxsize=512)
def _layout(names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Say which fields are shown, and how they are laid out."""
    shown = tuple(name for name in names if name not in _FIXED)
    return shown, "".join([f", {encode_basestring_ascii(name).replace('%', '%%')}: %s" for name in shown])


def _encoded(value: object) -> str:
    # What is not finite is a text by now.
    return repr(value) if type(value) in _NUMBERS else _ENCODER.encode(value)


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
