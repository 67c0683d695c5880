"""The least that has to be done from a webhook to VTEX: a yardstick for what a relay does on that way."""

import asyncio
import json
from typing import Final

from app.egress import Egress
from tests.bench.targets.least import Least

__all__ = ["LeastWay"]

_HEADERS: Final = {
    "accept": "application/json",
    "content-type": "application/json",
    "x-vtex-api-appkey": "vtexappkey-bench-EXAMPLE",
    "x-vtex-api-apptoken": "an-invented-app-token",
}


class LeastWay(Least):
    """Take webhooks in as `Least` does, then read each, tell VTEX of it by the relay's own client, and note that.

    It looks for no order, knows no earlier events, plans no call and keeps no record of one.
    """

    def __init__(self, database: str, vtex: str) -> None:
        """Open the database, and bring what comes to the address ``vtex``."""
        super().__init__(database)
        self._vtex = vtex
        self._egress = Egress(connections=64)
        self._on_their_way: set[asyncio.Task[None]] = set()

    def follow(self, webhook_id: int, body: bytes) -> None:
        """Begin to tell VTEX."""
        task = asyncio.get_running_loop().create_task(self._bring(webhook_id, body))
        self._on_their_way.add(task)
        task.add_done_callback(self._on_their_way.discard)

    async def _bring(self, webhook_id: int, body: bytes) -> None:
        parcel = json.loads(body)["result"]
        number = parcel["tracking_code"][2:-2]
        (scan,) = parcel["tracking_details"]
        place = scan["tracking_location"]
        event = {
            "city": place["city"],
            "state": place["state"],
            "description": scan["message"],
            "date": scan["datetime"],
        }
        said = json.dumps({"isDelivered": parcel["status"] == "delivered", "events": [event]}).encode()
        address = f"{self._vtex}/api/oms/pvt/orders/1527{number}-01/invoice/{number}/tracking"
        answer = await self._egress.call("PUT", address, headers=_HEADERS, content=said, total_seconds=10)
        if answer.status != 200:
            raise AssertionError(f"the destination answered {answer.status}")
        self.settle(webhook_id)
