"""Log lines: one wide line per event, for machines or for people, without secrets and without forged lines."""

import json
import logging
import re
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from inspect import currentframe
from json.encoder import encode_basestring_ascii
from typing import Final, Literal, TextIO

from app.telemetry.gathering import Gathering, StandardError
from app.telemetry.masking import MASK, masked, names_credential, safe

__all__ = ["MASK", "configure_logging", "log_event"]

_FIELDS: Final = "relay_fields"
_FIXED: Final = frozenset({"time", "level", "event", "logger", "exception"})
_NUMBERS: Final = frozenset({int, float})

# Libraries that write down addresses, in which our path keys and VTEX's orders stand.
_TALKATIVE: Final = ("alembic.runtime.plugins", "httpx", "httpcore", "uvicorn.access")

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
    global _direct  # noqa: PLW0603 - a fact of the process, like the root logger's handlers
    handler = Gathering(stream) if stream else StandardError()
    _direct = handler if style == "json" else None
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
            known[name] = MASK if is_credential else masked(value)
        else:
            known[name] = value if type(value) is int else safe(value, name)
    if error is None and _direct is not None and _hears_alone(_direct, logger):
        try:
            _direct.add(_line(time.time(), level, logger.name, event, known), level)
        except Exception:  # noqa: BLE001 - as every handler: trouble with a log line is no trouble of who wrote it
            _direct.handleError(logger.makeRecord(logger.name, level, "", 0, event, (), None))
        return
    # This frame is not kept under a name of its own: it would hold itself, and all that called it, until it is sought.
    caller = getattr(currentframe(), "f_back", None)
    place, line = (caller.f_code, caller.f_lineno) if caller is not None else (log_event.__code__, 0)
    trace = None if error is None else (type(error), error, error.__traceback__)
    record = logger.makeRecord(logger.name, level, place.co_filename, line, "%s", (event,), trace, place.co_name)
    record.__dict__[_FIELDS] = known
    logger.handle(record)


_direct: Gathering | None = None
"""What writes lines for machines, and needs no record of whoever else might hear of them."""


def _hears_alone(handler: Gathering, logger: logging.Logger) -> bool:
    """Tell whether nobody else hears what a logger says, nor decides what is heard."""
    if logger.filters or handler.filters:
        return False
    each: logging.Logger | None = logger
    while each is not None and each.propagate:
        if each.parent is None:
            return len(each.handlers) == 1 and each.handlers[0] is handler
        if each.handlers:
            return False
        each = each.parent
    return False


@lru_cache(maxsize=512)
def _order(names: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Sort the names of a line's fields, and tell which are credentials."""
    return tuple((name, names_credential(name)) for name in sorted(names))


def _escaped(text: str) -> str:
    """Write unprintable characters as JSON does, so that nobody forges a line or its order."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = record.__dict__.get(_FIELDS)
    return found if isinstance(found, dict) else {}


def _moment(created: float) -> str:
    seconds = int(created)
    return f"{_second(seconds)}.{int((created - seconds) * 1000):03}Z"


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
        line = _line(record.created, record.levelno, record.name, record.getMessage(), _fields(record))
        if trace := _trace(record):
            exception = encode_basestring_ascii("\n".join(map(masked, trace.split("\n"))))
            return f'{line[:-1]}, "exception": {exception}}}'
        return line


def _line(created: float, level: int, logger: str, event: str, fields: Mapping[str, object]) -> str:
    # A field cannot take the place of what every line has.
    shown, layout = _layout(tuple(fields))
    values = [
        encode_basestring_ascii(value) if type(value := fields[name]) is str else _encoded(value) for name in shown
    ]
    return f'{{"time": "{_moment(created)}"{_head(level, logger, event)}{layout % tuple(values)}}}'


@lru_cache(maxsize=256)
def _head(level: int, logger: str, event: str) -> str:
    """Write what every line has behind its time."""
    texts = map(encode_basestring_ascii, (logging.getLevelName(level).lower(), masked(event), logger))
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
        event = _escaped(masked(record.getMessage()))
        line = " ".join([_moment(record.created), f"{record.levelname:<7}", event, *pairs])
        trace = _trace(record)
        return "\n    ".join([line, *(_escaped(masked(text)) for text in trace.split("\n") if trace)])


def _readable(value: object) -> str:
    if isinstance(value, str):
        return f'"{_quoted(value)}"' if _NEEDS_QUOTES.search(value) else _escaped(value)
    return _escaped(json.dumps(value, ensure_ascii=False))


def _quoted(text: str) -> str:
    return _escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
