"""When the demonstration cannot keep what it says, it ends with what was missing, and where."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.demo.conversation import Conversation
from app.cli.demo.parcels import ACCOUNT, PARCELS, Parcel
from app.egress import Egress
from app.errors import CallFailed
from app.main import sources_of
from app.settings import load_settings
from tests.cli.answering import Answering

PARCEL = Parcel(
    carrier=PARCELS[0].carrier,
    order_id=PARCELS[0].order_id,
    invoice_number=PARCELS[0].invoice_number,
    item="Vaso",
    price=100,
    cases=PARCELS[0].cases[:1],
)


def stuck() -> dict[str, Any]:
    """Return what a VTEX and a relay answer between which nothing moves."""
    package = {"invoiceNumber": PARCEL.invoice_number, "courierStatus": None}
    order = {"order_id": PARCEL.order_id, "document": {"packageAttachment": {"packages": [package]}}}
    calls = [{"outcome": "unknown", "detail": "no answer within 20 s"}]
    return {
        "/sandbox/api/orders": {"items": [order]},
        "/ops/v1/accounts/demo/hook/install": {"state": "ours"},
        "/ops/v1/shipments": {"items": [{"id": "sh_1"}]},
        "/ops/v1/shipments/sh_1": {"rows": [{"state": "sent"}], "calls": calls},
    }


async def hold(server: Answering, parcel: Parcel) -> None:
    variables = demo_variables(
        adapters(), folder=Path("unused"), vtex_url=server.url, app_key="k", app_token="t", ops_token="token"
    )
    async with Egress() as egress:
        talk = Conversation(
            egress=egress,
            sources=sources_of(load_settings(variables), adapters()),
            url=server.url,
            ops_url=server.url,
            vtex_url=server.url,
            ops_token="token",
            now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
            wait_seconds=0,
        )
        await talk.hold([parcel])


@pytest.mark.anyio
async def test_a_refused_call_is_named_with_its_answer() -> None:
    path = f"/ops/v1/accounts/{ACCOUNT}/hook/install"
    with Answering(503, {path: b"closed"}) as server, pytest.raises(CallFailed) as failure:
        await hold(server, PARCEL)

    assert f"POST {server.url}{path} was answered 503: closed" == str(failure.value)


@pytest.mark.anyio
async def test_a_page_that_stays_empty_is_told_with_the_last_call_to_vtex() -> None:
    bodies = {path: json.dumps(document).encode() for path, document in stuck().items()}
    with Answering(200, bodies) as server, pytest.raises(CallFailed) as failure:
        await hold(server, PARCEL)

    assert (
        f"the page of order {PARCEL.order_id} shows 0 of 1 events of Intelipost after 0 s; the relay's rows are sent, "
        "its last call to VTEX: unknown no answer within 20 s"
    ) == str(failure.value)
