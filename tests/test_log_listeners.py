"""Lines are what they are whoever hears them, and trouble with them is nobody else's."""

import io
import json
import logging
from typing import Any

import pytest

from app.telemetry import configure_logging, log_event

logger = logging.getLogger("app.intake")


def written_lines() -> io.StringIO:
    """Have lines for machines written where a test reads them; not in a fixture, after which pytest listens as well."""
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    return stream


def test_a_line_is_the_same_whoever_else_listens() -> None:
    lines = written_lines()
    heard: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    def tell() -> dict[str, Any]:
        log_event(logger, "webhook.received", size=17, ms=0.25, id="wh_1", peer="a=b\n", secret="s", nothing=None)
        return json.loads(lines.getvalue().splitlines()[-1])  # type: ignore[no-any-return]

    listening = Listening()
    alone = tell()
    for named in ("", "app", "app.intake"):
        logging.getLogger(named).addHandler(listening)
        try:
            assert alone | {"time": ""} == tell() | {"time": ""}
        finally:
            logging.getLogger(named).removeHandler(listening)

    assert ["webhook.received"] * 3 == heard
    assert alone | {"time": ""} == tell() | {"time": ""}
    assert list(alone)[:4] == ["time", "level", "event", "logger"]


def test_a_logger_that_is_told_what_to_say_or_to_pass_nothing_on_is_obeyed() -> None:
    lines = written_lines()
    quiet = logging.getLogger("app.quiet")
    quiet.addFilter(lambda record: record.getMessage() != "left.out")
    try:
        log_event(quiet, "left.out")
        log_event(quiet, "kept")
        quiet.propagate = False
        log_event(quiet, "for.nobody")
    finally:
        quiet.filters.clear()
        quiet.propagate = True

    assert ["kept"] == [json.loads(line)["event"] for line in lines.getvalue().splitlines()]


def test_a_stream_that_cannot_be_written_is_no_trouble_of_who_writes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = written_lines()
    lines.close()
    log_event(logger, "webhook.received", number=1)

    assert "I/O operation on closed file" in capsys.readouterr().err


def test_a_record_is_made_only_where_somebody_else_listens() -> None:
    lines = written_lines()
    made: list[str] = []

    def make(*given: Any, **named: Any) -> logging.LogRecord:
        made.append("record")
        return logging.LogRecord(*given, **named)

    usual = logging.getLogRecordFactory()
    logging.setLogRecordFactory(make)
    try:
        log_event(logger, "alone")
        assert [] == made
        logging.getLogger().addHandler(logging.NullHandler())
        log_event(logger, "heard")
    finally:
        logging.setLogRecordFactory(usual)

    assert ["record"] == made
    assert ["alone", "heard"] == [json.loads(line)["event"] for line in lines.getvalue().splitlines()]
