"""A log record says where it was made: at the line that told of the event, not in what writes it."""

import logging

import pytest

from app.telemetry import log_event

logger = logging.getLogger("app.intake")


def tell(number: int) -> None:
    log_event(logger, "told", number=number)
    log_event(
        logger,
        "told",
        number=number,
        twice=True,
    )


def test_a_record_names_the_line_that_called_and_not_the_log_function(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(2):
            tell(number)

    first = tell.__code__.co_firstlineno
    places = [(record.funcName, record.lineno - first, record.filename) for record in caplog.records]
    assert [("tell", 1, "test_log_places.py"), ("tell", 2, "test_log_places.py")] * 2 == places
