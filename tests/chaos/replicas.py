"""Several relays on one PostgreSQL: killed, replaced one by one, without their database, or with another in its place.

Of two servers one is a standby that each COMMIT waits for.
"""

import asyncio
import random
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGQUIT
from typing import Final

from tests.chaos.processes import Relay, RelayFault
from tests.postgresql.server import Server, running

__all__ = ["Replicas", "replicas"]

_LIFE_SECONDS: Final = (0.1, 3.0)
_GONE_SECONDS: Final = 2.0


class Replicas:
    """Relays that are alike; what is asked of one is asked of all."""

    def __init__(self, folder: Path, vtex_url: str, history: str, servers: list[Server], count: int) -> None:
        keys = (secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        places = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        database_url = f"postgresql://relay@{places}/relay"
        self.secret, self.token = keys
        self.kills = 0
        self._server, *self._standbys = servers
        self._relays = []
        for number in range(count):
            own = folder / f"replica-{number}"
            own.mkdir()
            self._relays.append(Relay(own, vtex_url, history, database_url=database_url, keys=keys))
        self.urls = tuple(relay.url for relay in self._relays)

    def start(self) -> None:
        """Start all at once, on a database without tables: one of them makes them."""
        for relay in self._relays:
            relay.start()

    async def until_ready(self) -> None:
        """Wait until all can do their work."""
        for relay in self._relays:
            await relay.until_ready()

    async def suffer(self, kills: int, seed: int) -> None:
        """Be killed at random, one at a time; in between, replace all one by one, and crash the database."""
        dice = random.Random(-seed)  # noqa: S311 - repeatable, and no secret
        for number in range(kills):
            await asyncio.sleep(dice.uniform(*_LIFE_SECONDS))
            relay = dice.choice(self._relays)
            relay.kill()
            relay.start()
            self.kills += 1
            if number == kills // 3:
                await self._roll()
            if number == kills * 2 // 3:
                await self.until_ready()
                await self.lose_the_database(_GONE_SECONDS)

    async def _roll(self) -> None:
        """Replace one after the other, as an upgrade does."""
        for relay in self._relays:
            await relay.until_ready()
            if code := await asyncio.to_thread(relay.stop):
                raise RelayFault(f"it did not stop when asked to: exit code {code}; see {relay.log}")
            relay.start()
            await relay.until_ready()

    async def lose_the_database(self, seconds: float) -> None:
        """Let the database crash, and come back as it was on disk after a while."""
        await asyncio.to_thread(self._server.stop, SIGQUIT)
        await asyncio.sleep(seconds)
        # Not in a thread: the server ends with whoever started it, and a thread of the loop ends with the loop.
        self._server.start()

    async def fail_over(self, seconds: float) -> None:
        """Let the database crash for ever, and have the standby take its place after a while."""
        (standby,) = self._standbys
        await asyncio.to_thread(self._server.stop, SIGQUIT)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(standby.promote)

    def kept(self) -> set[str]:
        """Ask under which names webhooks are kept."""
        return self._relays[0].kept()

    def stop(self) -> int:
        """Ask all to stop; return the worst exit code."""
        return max(relay.stop() for relay in self._relays)

    def discard(self) -> int:
        """End all, whatever their state."""
        return max(relay.discard() for relay in self._relays)


@contextmanager
def replicas(folder: Path, vtex_url: str, history: str, count: int, *, has_standby: bool = False) -> Iterator[Replicas]:
    """Make some relays, and a server or two for them, which end with the context."""
    with ExitStack() as stack:
        servers = [stack.enter_context(running())]
        servers[0].execute("CREATE DATABASE relay")
        if has_standby:
            servers.append(stack.enter_context(running(standby_of=servers[0])))
            servers[0].demand_standby()
        yield Replicas(folder, vtex_url, history, servers, count)
