"""What stands out on a parcel's page: where, how soon, and what was told afterwards."""

from typing import Any

import pytest
from sqlalchemy import update

from app.model import Milestone
from app.source import Sources
from app.store.schema import events as events_table
from tests.console.conftest import Enter
from tests.console.filling import add, do, told
from tests.web.conftest import Start
from tests.web.stage import Relay, source

CODES = {
    "posted": Milestone.IN_TRANSIT,
    "out": Milestone.OUT_FOR_DELIVERY,
    "failed": Milestone.FAILED_ATTEMPT,
    "back": Milestone.RETURNING,
    "done": Milestone.DELIVERED,
}
Said = tuple[str, str, str | None]


@pytest.mark.parametrize(
    ("events", "flags"),
    [
        (
            [
                ("posted", "2026-03-01T10:00", "SP"),
                ("out", "2026-03-04T08:00", "SP"),
                ("done", "2026-03-04T10:00", "BA"),
            ],
            ["It was out for delivery in SP, and the carrier says that it was delivered in BA."],
        ),
        ([("out", "2026-03-04T08:00", " sp "), ("done", "2026-03-04T14:00", "SP")], []),
        ([("out", "2026-03-04T08:00", None), ("done", "2026-03-04T14:00", "SP")], []),
        (
            [("posted", "2026-03-04T10:00", "SP"), ("done", "2026-03-04T10:07", "SP")],
            ["The carrier says that it was delivered 7 min after its first scan."],
        ),
        ([("posted", "2026-03-04T08:00", "SP"), ("done", "2026-03-04T10:00", "SP")], []),
        ([("done", "2026-03-04T10:00", "SP")], []),
        (
            [("done", "2026-03-03T10:00", "SP"), ("back", "2026-03-04T10:00", "SP")],
            ["After the delivery the carrier told of something that contradicts it."],
        ),
        (
            [("failed", "2026-03-02T10:00", "SP"), ("failed", "2026-03-03T10:00", "SP")],
            ["2 attempts to deliver it failed."],
        ),
        (
            [("done", "2026-02-27T12:00", "SP")],
            ["The carrier says that it was delivered 25 h 00 min before it was invoiced."],
        ),
    ],
    ids=[
        "another state",
        "the same state",
        "a state unknown",
        "minutes after posting",
        "hours after posting",
        "one event",
        "returned afterwards",
        "failed twice",
        "before the invoice",
    ],
)
def test_what_makes_a_delivery_doubtful_stands_out(
    relay: Relay, start: Start, enter: Enter, events: list[Said], flags: list[str]
) -> None:
    del relay
    running = start(sources=Sources([source("signed", milestones=CODES)]))
    id_ = add(running, tracking_numbers=["QX-1"], invoiced_at="2026-02-28T13:00:00-03:00")
    for index, (code, at, state) in enumerate(events):
        event = {"code": code, "at": f"{at}:00-03:00", "text": code}
        told(running, {"id": f"d-{index}", "number": "QX-1", "events": [event]})
        do(running, update(events_table).where(events_table.c.code == code).values(state=state))

    text = enter().open(f"/orders/{id_}").text

    assert flags == [flag for flag in ALL if flag in text]


ALL = [
    "It was out for delivery in SP, and the carrier says that it was delivered in BA.",
    "The carrier says that it was delivered 7 min after its first scan.",
    "The carrier says that it was delivered 2 h 00 min after its first scan.",
    "After the delivery the carrier told of something that contradicts it.",
    "2 attempts to deliver it failed.",
    "The carrier says that it was delivered 25 h 00 min before it was invoiced.",
]


def test_a_parcel_that_went_silent_stands_out(relay: Relay, start: Start, enter: Enter, clock: Any) -> None:
    del relay
    running = start(sources=Sources([source("signed", milestones=CODES)]))
    id_ = add(running, tracking_numbers=["QX-1"])
    event = {"code": "posted", "at": "2026-03-04T10:00:00-03:00", "text": "x"}
    told(running, {"id": "d", "number": "QX-1", "events": [event]})
    silent = "Nothing has been heard of it for"

    before = enter().open(f"/orders/{id_}").text
    clock.advance(days=6)

    assert silent not in before
    assert f"{silent} 6 days: ask the carrier." in enter().open(f"/orders/{id_}").text
    assert f"/console/orders/{id_}" in enter().open("/quiet").all("a", "href")
    assert "6 days" in enter().open("/problems").text
