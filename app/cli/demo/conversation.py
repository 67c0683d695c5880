"""Everything that the demonstration says to its VTEX and its relay, over HTTP, as others would."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from app.cli.demo.parcels import ACCOUNT, Parcel, order_seeds
from app.cli.samples import signed_request
from app.egress import Egress, Reply
from app.errors import CallFailed
from app.examples import example
from app.payload import Node, json_document
from app.source import Source, Sources

__all__ = ["Conversation", "Timeline"]

_CALL_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1
_SUCCESS: Final = range(200, 300)
_ANSWER_BYTES: Final = 1024 * 1024
_WAITS: Final = frozenset({"pending", "sent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the page of a parcel's order shows."""

    parcel: Parcel
    rows: int
    is_delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Speak to the relay and to the bundled VTEX.

    Args:
        egress: Makes the calls.
        sources: The relay's sources, whose secrets the carriers sign with.
        url: Where the relay takes webhooks.
        ops_url: Where its operators' interface is.
        vtex_url: Where the bundled VTEX is.
        ops_token: Opens the operators' interface.
        now: The clock.
        wait_seconds: How long the pages may take to show what was reported.

    """

    egress: Egress
    sources: Sources
    url: str
    ops_url: str
    vtex_url: str
    ops_token: str = field(repr=False)
    now: Callable[[], datetime]
    wait_seconds: float = 30.0

    async def hold(self, parcels: Sequence[Parcel]) -> list[Timeline]:
        """Let carriers report and orders be invoiced, and wait for the orders' pages to show it.

        The first report of each parcel comes before its order: VTEX's hook then tells whose it is.

        Raises:
            CallFailed: A call was refused, or a page does not show in time what was reported.

        """
        await self._post(f"{self.ops_url}/ops/v1/accounts/{ACCOUNT}/hook/install", {"public_url": self.url}, ops=True)
        for parcel in parcels:
            await self._report(parcel, parcel.cases[0])
        for seed in order_seeds(parcels, self.now()):
            await self._post(f"{self.vtex_url}/sandbox/api/orders", seed)
        for parcel in parcels:
            for case in parcel.cases[1:]:
                await self._report(parcel, case)
        deadline = time.monotonic() + self.wait_seconds
        return [await self._arrived(parcel, deadline) for parcel in parcels]

    def source(self, carrier: str) -> Source:
        """Return the source of a carrier."""
        source = self.sources.find(carrier, ACCOUNT)
        assert source is not None  # noqa: S101 - the account has every carrier
        return source

    async def _report(self, parcel: Parcel, case: str) -> None:
        """Post a sample, signed."""
        request = signed_request(self.source(parcel.carrier), example(parcel.carrier, case).webhook, self.now())
        await self._call(request.method, self.url + request.path, request.headers, request.body)

    async def _arrived(self, parcel: Parcel, deadline: float) -> Timeline:
        """Wait until every event of a parcel is settled, and its rows are on the order's page."""
        while True:
            shipment = await self._shipment(parcel)
            states = [] if shipment is None else [str(row["state"].text()) for row in shipment["rows"].items()]
            timeline = await self._timeline(parcel)
            is_settled = len(states) >= parcel.events and not _WAITS & set(states)
            if is_settled and timeline.rows >= states.count("applied") > 0:
                return timeline
            if time.monotonic() > deadline:
                raise CallFailed(
                    f"the page of order {parcel.order_id} shows {timeline.rows} of {parcel.events} events of "
                    f"{parcel.courier} after {self.wait_seconds:g} s; the relay's rows are "
                    f"{', '.join(states) or 'none'}, its last call to VTEX: {_last_call(shipment)}"
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _shipment(self, parcel: Parcel) -> Node | None:
        """Read what the relay knows of a parcel's shipment; None while VTEX did not tell of its order."""
        query = urlencode({"order_id": parcel.order_id, "invoice_number": parcel.invoice_number})
        listed = await self._get(f"{self.ops_url}/ops/v1/shipments?{query}", ops=True)
        ids = [each["id"].text() for each in listed["items"].items()]
        return await self._get(f"{self.ops_url}/ops/v1/shipments/{ids[0]}", ops=True) if ids else None

    async def _timeline(self, parcel: Parcel) -> Timeline:
        """Read from the bundled VTEX what the page of a parcel's order shows."""
        orders = await self._get(f"{self.vtex_url}/sandbox/api/orders?account={ACCOUNT}")
        packages = [
            package
            for order in orders["items"].items()
            for package in order["document"]["packageAttachment"]["packages"].items()
            if order["order_id"].text() == parcel.order_id
        ]
        (shown,) = [each for each in packages if each["invoiceNumber"].text() == parcel.invoice_number]
        status = shown.get("courierStatus")
        rows = sum(1 for _ in status.get("data").items())
        return Timeline(parcel=parcel, rows=rows, is_delivered=status.get("finished").flag())

    async def _post(self, url: str, document: Mapping[str, Any], *, ops: bool = False) -> Node:
        headers = {"content-type": "application/json", **self._token(ops)}
        return _document(await self._call("POST", url, headers, json.dumps(document).encode()))

    async def _get(self, url: str, *, ops: bool = False) -> Node:
        return _document(await self._call("GET", url, self._token(ops), None))

    def _token(self, ops: bool) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.ops_token}"} if ops else {}

    async def _call(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        reply = await self.egress.call(
            method, url, headers=headers, content=content, total_seconds=_CALL_SECONDS, max_bytes=_ANSWER_BYTES
        )
        if reply.status not in _SUCCESS:
            words = reply.body[:500].decode("utf-8", "replace")
            raise CallFailed(f"{method} {url.partition('?')[0]} was answered {reply.status}: {words}")
        return reply


def _document(reply: Reply) -> Node:
    return json_document(reply.body.decode())


def _last_call(shipment: Node | None) -> str:
    calls = [] if shipment is None else list(shipment.get("calls").items())
    latest = calls[0] if calls else None
    return f"{latest.get('outcome').text()} {latest.get('detail').text() or ''}".strip() if latest else "none"
