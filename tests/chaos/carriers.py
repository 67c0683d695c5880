"""The carrier's side of a run: post every webhook until it is answered 2xx, and register shipments for the merchant."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx

from app.carriers.easypost import ADAPTER
from app.model import Webhook
from app.verification import Credentials, seal
from tests.chaos.ledger import Ledger
from tests.chaos.parcels import ACCOUNT, Package, Posting, World
from tests.chaos.processes import RelayFault

__all__ = ["Carrier"]

_PATH: Final = f"/webhooks/easypost/{ACCOUNT}"
_RETRY_SECONDS: Final = 0.3
Client = Callable[[], httpx.AsyncClient]
"""Who takes the next call: a load balancer that knows of nobody's health."""
_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Whoever talks to the relay.

    Args:
        urls: The addresses of the relay's processes.
        secret: Says what webhooks are signed with, which may change.
        token: An operator's token.
        ledger: Where answers are noted.
        seconds: Over how long everything is posted.
        is_answered: Whether each webhook must be answered each time, as when no process is killed.

    """

    urls: tuple[str, ...]
    secret: Callable[[], str]
    token: str
    ledger: Ledger
    seconds: float
    is_answered: bool = False
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when webhooks begin to be posted."""

    async def tell_everything(self, world: World, seed: int) -> None:
        """Register and post all there is at its time; return when everything was accepted."""
        dice = random.Random(seed)  # noqa: S311 - repeatable, and no secret
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        # Whoever gives up waiting for a connection may leave one behind that nobody uses and nobody closes: on a busy
        # machine all of them, one by one.
        timeout = httpx.Timeout(_TIMEOUT_SECONDS, pool=None)
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=timeout, limits=limits))
                for url in self.urls
            ]

            def client() -> httpx.AsyncClient:
                return dice.choice(clients)

            group = await stack.enter_async_context(asyncio.TaskGroup())
            late = [package for package in world.packages if package.registered_at >= 0]
            for package in world.packages:
                if package.registered_at < 0:
                    await self._register(client, package)
            for package in late:
                group.create_task(self._register_at(client, package))
            self.begun.set()
            pause = self.seconds / max(1, len(world.postings))
            for posting in world.postings:
                await asyncio.sleep(pause * dice.expovariate(1))
                group.create_task(self._post(client, posting))

    async def _register_at(self, client: Client, package: Package) -> None:
        await asyncio.sleep(package.registered_at * self.seconds)
        await self._register(client, package)

    async def _register(self, client: Client, package: Package) -> None:
        """Tell the relay which numbers belong to an invoice."""
        shipment = {
            "account": ACCOUNT,
            "order_id": package.order,
            "invoice_number": package.invoice,
            "tracking_numbers": [parcel.number for parcel in package.parcels],
        }
        headers = {"Authorization": f"Bearer {self.token}"}
        await self._until_accepted(lambda: client().post("/ops/v1/shipments", json=shipment, headers=headers))

    async def _post(self, client: Client, posting: Posting) -> None:
        """Post a webhook as often as it takes."""
        now = datetime.now(UTC)
        unsigned = Webhook(
            method="POST",
            path=_PATH,
            query="",
            headers=(("content-type", "application/json"),),
            body=posting.body(),
            received_at=now,
        )
        signed = seal(ADAPTER.verification, unsigned, Credentials(secrets=(self.secret(),)), now)
        self.ledger.posted += 1
        answer = await self._until_accepted(
            lambda: client().post(_PATH, content=signed.body, headers=list(signed.headers)), is_webhook=True
        )
        self.ledger.note_answered(posting, str(answer.json()["id"]))

    async def _until_accepted(
        self, call: Callable[[], Awaitable[httpx.Response]], *, is_webhook: bool = False
    ) -> httpx.Response:
        """Call until the answer is 2xx; whatever the relay cannot be excused for ends the run."""
        while True:
            try:
                answer = await call()
            except httpx.TransportError as error:
                # Not running, or killed in the middle: nobody knows whether it was stored.
                if self.is_answered:
                    raise RelayFault(f"the relay gave no answer: {type(error).__name__} {error}") from None
            else:
                if answer.is_success:
                    return answer
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise RelayFault(f"the relay answered {answer.status_code}: {answer.text[:300]}")
                if not answer.headers.get("Retry-After", "").isdigit():
                    raise RelayFault(f"the relay answered 503 and not when to come again: {answer.headers}")
                self.ledger.refused += is_webhook
            await asyncio.sleep(_RETRY_SECONDS)
