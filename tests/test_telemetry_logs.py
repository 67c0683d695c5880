"""Log lines are one line per event, for machines or people, without secrets and without forgeries."""

import asyncio
import gc
import io
import json
import logging
import warnings
import weakref
from datetime import UTC, date, datetime
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from app.model import Milestone
from app.telemetry import configure_logging, log_event
from tests.store.making import Clock

logger = logging.getLogger("app.intake")


def stream(style: Literal["json", "text"], level: Literal["debug", "info", "warning", "error"] = "info") -> io.StringIO:
    lines = io.StringIO()
    configure_logging(level, style, lines)
    return lines


def written(lines: io.StringIO) -> dict[str, Any]:
    (line,) = lines.getvalue().splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_an_event_is_one_json_object_with_its_fields_in_order() -> None:
    lines = stream("json")
    log_event(logger, "webhook.received", webhook="01J", carrier="loggi", bytes=512, proven=True)
    found = written(lines)
    assert list(found) == ["time", "level", "event", "logger", "bytes", "carrier", "proven", "webhook"]
    assert datetime.fromisoformat(found.pop("time")).tzinfo is not None
    assert found == {
        "level": "info",
        "event": "webhook.received",
        "logger": "app.intake",
        "bytes": 512,
        "carrier": "loggi",
        "proven": True,
        "webhook": "01J",
    }


def test_an_event_is_one_readable_line() -> None:
    lines = stream("text")
    log_event(logger, "forward.settled", level=logging.WARNING, account="mystore", why="no answer", rows=["a", "b"])
    moment, rest = lines.getvalue().split(" ", 1)
    assert moment.endswith("Z")
    assert rest == 'WARNING forward.settled account=mystore rows=["a", "b"] why="no answer"\n'


def test_values_that_json_has_no_form_for_become_text() -> None:
    lines = stream("json")
    log_event(
        logger,
        "x",
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        body=b"raw",
        day=date(2026, 1, 31),
        endless=float("inf"),
        milestone=Milestone.DELIVERED,
        nested={"b": {1}, "a": (None, 1.5)},
        nothing=None,
        error_class=ValueError,
    )
    found = written(lines)
    assert {key: found[key] for key in sorted(found) if key not in {"time", "level", "event", "logger"}} == {
        "at": "2026-01-31T12:00:00+00:00",
        "body": "3 bytes",
        "day": "2026-01-31",
        "endless": "inf",
        "error_class": "<class 'ValueError'>",
        "milestone": "DELIVERED",
        "nested": {"a": [None, 1.5], "b": [1]},
        "nothing": None,
    }


def test_nesting_ends_where_nobody_reads_any_more() -> None:
    lines = stream("json")
    deep: dict[str, Any] = {}
    for _ in range(50):
        deep = {"in": deep}
    log_event(logger, "x", deep=deep)
    assert lines.getvalue().count("in") < 200
    json.loads(lines.getvalue())


@pytest.mark.parametrize("style", ["json", "text"])
def test_credentials_are_masked_by_the_names_of_fields(style: Literal["json", "text"]) -> None:
    lines = stream(style)
    log_event(
        logger,
        "x",
        app_token="s3cr3t",
        headers={"Authorization": "s3cr3t", "x-Api-Key": "s3cr3t", "content-type": "text/plain"},
        hook_key=["s3cr3t"],
        secrets=("s3cr3t",),
        value=SecretStr("s3cr3t"),
        wrapped=[{"X-Loggi-Signature": "s3cr3t"}],
        secret=1,
    )
    assert "s3cr3t" not in lines.getvalue()
    assert "text/plain" in lines.getvalue()
    if style == "json":
        # Which secret matched is a number, and no secret.
        assert written(lines)["secret"] == 1


def test_credentials_are_masked_before_any_handler_sees_them(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_event(logger, "x", path_key="s3cr3t")
    assert "s3cr3t" not in str(caplog.records[0].__dict__)


@pytest.mark.parametrize(
    "message",
    [
        "GET /x?token=s3cr3t&a=1",
        "Authorization: Bearer s3cr3t",
        "authorization=Basic s3cr3t, done",
        '{"app_key": "s3cr3t"}',
        "X-VTEX-API-AppToken: s3cr3t",
        "cannot connect to postgresql://relay:s3cr3t@db.example/relay",
    ],
)
@pytest.mark.parametrize("style", ["json", "text"])
def test_credentials_are_masked_in_lines_and_tracebacks_of_others(style: Literal["json", "text"], message: str) -> None:
    lines = stream(style)
    logging.getLogger("somebody.else").warning("%s", message)
    log_event(logger, "x", text=message)
    log_event(logger, "x", error=ValueError(message))
    assert lines.getvalue().count("***") >= 3
    assert "s3cr3t" not in lines.getvalue()


HOSTILE = 'a\nb\r\x1b[31m\u2028\u202e"c\x00\ud800=\\'


def test_control_characters_cannot_forge_a_json_line() -> None:
    lines = stream("json")
    log_event(logger, "webhook.received", text=HOSTILE)
    assert lines.getvalue().isascii()
    assert lines.getvalue().count("\n") == 1
    assert written(lines)["text"] == HOSTILE


def test_control_characters_cannot_forge_a_readable_line() -> None:
    lines = stream("text")
    log_event(logger, "webhook.received", text=HOSTILE, listed=[HOSTILE])
    logging.getLogger("somebody.else").warning("first\nsecond")
    first, second = lines.getvalue().splitlines()
    assert first.endswith(r'text="a\u000ab\u000d\u001b[31m\u2028\u202e\"c\u0000\ud800=\\"')
    assert second.endswith(r"first\u000asecond")
    lines.getvalue().encode()


@pytest.mark.parametrize("style", ["json", "text"])
def test_accents_stay_readable_to_the_reader_of_the_line(style: Literal["json", "text"]) -> None:
    lines = stream(style)
    log_event(logger, "x", city="São Paulo")
    shown = written(lines)["city"] if style == "json" else lines.getvalue()
    assert "São Paulo" in shown


def test_an_error_brings_its_traceback_indented_so_that_no_line_of_it_looks_like_an_event() -> None:
    lines = stream("text")
    with pytest.raises(ValueError, match="forged") as crash:
        raise ValueError("x\n2026-01-31T00:00:00.000Z ERROR forged")
    log_event(logger, "forward.crashed", level=logging.ERROR, error=crash.value)
    event, *trace = lines.getvalue().splitlines()
    assert event.endswith("ERROR   forward.crashed")
    assert trace[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in trace)


def test_an_error_brings_its_traceback_into_the_json_object() -> None:
    lines = stream("json")
    log_event(logger, "x", error=ValueError("wrong"))
    assert written(lines)["exception"] == "ValueError: wrong"


def test_long_texts_are_cut() -> None:
    lines = stream("json")
    log_event(logger, "x", text="a" * 100_000)
    assert written(lines)["text"] == "a" * 2000 + "…"


def test_a_field_cannot_take_the_place_of_what_every_line_has() -> None:
    lines = stream("json")
    log_event(logger, "webhook.received", event="forged", time="forged", name="kept")
    found = written(lines)
    assert found["event"] == "webhook.received"
    assert found["time"] != "forged"
    assert found["name"] == "kept"


def test_what_is_below_the_level_is_not_even_rendered() -> None:
    class Unrenderable:
        def __str__(self) -> str:
            raise AssertionError

    lines = stream("json", "warning")
    log_event(logger, "x", value=Unrenderable())
    assert lines.getvalue() == ""


def test_setting_up_twice_writes_each_line_once() -> None:
    stream("json")
    lines = stream("text")
    log_event(logger, "x")
    assert len(lines.getvalue().splitlines()) == 1


def test_libraries_that_write_addresses_down_are_quiet() -> None:
    lines = stream("json", "debug")
    logging.getLogger("httpx").info("HTTP Request: PUT https://mystore.vtexcommercestable.com.br/api/oms")
    logging.getLogger("uvicorn.access").info("POST /webhooks/mandae/mystore/path-key")
    assert lines.getvalue() == ""


def test_warnings_become_log_lines() -> None:
    lines = stream("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    assert written(lines)["logger"] == "py.warnings"


def test_lines_of_one_round_of_the_event_loop_are_written_together_and_trouble_at_once_with_all_before_it() -> None:
    class Counting(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counting()
    configure_logging("info", "json", stream)
    logger = logging.getLogger("relay.test")

    async def rounds() -> None:
        for number in range(3):
            log_event(logger, "first.round", number=number)
        assert (0, "") == (stream.writes, stream.getvalue())
        await asyncio.sleep(0)
        assert (1, 3) == (stream.writes, len(stream.getvalue().splitlines()))
        log_event(logger, "second.round")
        log_event(logger, "trouble", level=logging.ERROR)
        assert ["second.round", "trouble"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()[3:]]

    asyncio.run(rounds())
    log_event(logger, "no.loop")

    assert "no.loop" == json.loads(stream.getvalue().splitlines()[-1])["event"]


def test_a_line_keeps_nothing_of_those_who_wrote_it() -> None:
    def write() -> weakref.ref[Clock]:
        clock = Clock()
        log_event(logger, "webhook.received", number=1)
        return weakref.ref(clock)

    stream("json")
    gc.disable()
    try:
        assert write()() is None
    finally:
        gc.enable()


def test_lines_of_one_place_differ_in_their_times_and_fields_only() -> None:
    lines = stream("json")
    for number, text in ((1, "a"), (2.5, 'b"\\%s\n'), (True, None)):
        log_event(logger, "webhook.received", number=number, text=text, time="another", logger="another")
    found = [json.loads(line) for line in lines.getvalue().splitlines()]

    assert [(1, "a"), (2.5, 'b"\\%s\n'), (True, None)] == [(line["number"], line["text"]) for line in found]
    assert [("info", "webhook.received", "app.intake")] * 3 == [
        (line["level"], line["event"], line["logger"]) for line in found
    ]
    assert sorted(line["time"] for line in found) == [line["time"] for line in found]
