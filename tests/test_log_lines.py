"""The wide lines of the log: what a person would search by is in them, nobody's data is, and the runbook lists them."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from app.store import public_id
from tests.desk import Desk
from tests.documents import DOCS
from tests.forwarder.stage import Stage, account
from tests.store.keeping import kept_in

pytestmark = pytest.mark.anyio

NAME: Final = "Maria Souza"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with kept_in(tmp_path) as store:
        yield Desk(store, lambda _: httpx.Response(500))


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    return [vars(record)["relay_fields"] for record in caplog.records if record.message == event]


def listed(event: str) -> set[str]:
    """Read which fields the runbook lists of a line."""
    text = (DOCS / "runbook.md").read_text("utf-8").partition("\n# What the log tells")[2].partition("\n# ")[0]
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{event}` |")]
    return set(re.findall(r"`([a-z_]+)`", row.partition(" | ")[2]))


async def all_settled(desk: Desk) -> bool:
    return all(state != "stored" for state, _ in await desk.states())


async def test_a_webhook_that_was_read_is_found_by_whatever_it_names(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    said = f"Recebido por {NAME}"
    events = [{"code": "moving", "number": f"QX{n}", "text": said} for n in range(30)]
    events += [{"code": said, "number": "QX0"}]
    id_ = await desk.keep({"events": events})

    await desk.until(all_settled)

    [line] = lines(caplog, "webhook.mapped")
    assert {
        "id": public_id("wh", id_),
        "carrier": "test",
        "owner": "demo",
        "adapter_version": 1,
        "tracking_numbers": [f"QX{n}" for n in range(20)],
        "order_ids": [],
        "invoice_numbers": [],
        "codes": ["moving", "Recebido por ***"],
        "milestones": ["IN_TRANSIT", "UNKNOWN"],
        "events": 31,
        "new_events": 31,
        "placed": 0,
        "parked": 30,
        "ignored": [],
        "warnings": ["unknown code Recebido por ***"],
        "seconds": 0.0,
    } == line
    assert line.keys() == listed("webhook.mapped")
    assert NAME not in caplog.text


async def test_one_that_cannot_be_read_says_why(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    id_ = await desk.keep({"events": [{"text": f"Recebido por {NAME}"}]})

    await desk.until(all_settled)

    [line] = lines(caplog, "webhook.unmappable")
    assert {
        "id": public_id("wh", id_),
        "carrier": "test",
        "owner": "demo",
        "adapter_version": 1,
        "reason": "$.events[0].code is missing",
    } == line
    assert line.keys() == listed("webhook.unmappable")


async def test_a_call_to_vtex_is_found_by_order_parcel_and_carrier_and_vtex_s_words_name_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": {"code": "1", "message": f"no: Recebido por {NAME}"}})

    async with kept_in(tmp_path) as store:
        stage = Stage(store, [], account(), answer=refuse, slots=1)
        await stage.fill()
        async with stage.running():
            await stage.until(lambda: lines(caplog, "forward.settled"))

    line = lines(caplog, "forward.settled")[0]
    assert ("demo", "demo-new-0", ["test"], "put", "refused", 400, "1: no: Recebido por ***") == tuple(
        line[name] for name in ("account", "order_id", "carriers", "call", "outcome", "status", "detail")
    )
    assert line["attempt"].startswith("at_")
    assert line["tracking_numbers"]
    assert line.keys() == listed("forward.settled")
    assert NAME not in str(lines(caplog, "forward.settled"))


def test_the_line_of_a_webhook_at_the_door_is_listed() -> None:
    # `tests.web.test_webhooks` holds the line to these fields.
    assert listed("webhook.received") >= {"id", "carrier", "owner", "outcome", "reason", "peer", "size", "ms"}
