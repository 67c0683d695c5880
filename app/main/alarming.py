"""What is wrong now, for the alerts: by what the gauges show, so that nothing is looked up twice."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app import __version__
from app.alerting import Alerting, Kind, Trouble
from app.egress import Egress, guarded
from app.errors import StoreUnavailable
from app.main.sampling import Sampler
from app.settings import Settings
from app.store import Store, is_any_dead
from app.telemetry import Metrics

if TYPE_CHECKING:
    from app.main.behind import Relay

__all__ = ["Troubles", "alert"]

_POST_SECONDS: Final = 5.0
_MOST_BYTES: Final = 1024
_STALE_SECONDS: Final = 60.0


class Troubles:
    """Find what is wrong, the store left aside."""

    def __init__(self, store: Store, sampler: Sampler, folder: Path | None, wanted_bytes: int) -> None:
        """Look at what ``sampler`` saw, and at the disk of ``folder``, where so much must be free."""
        self._store = store
        self._sampler = sampler
        self._folder = folder
        self._wanted_bytes = wanted_bytes

    async def find(self) -> Collection[Trouble]:
        """Find it.

        Raises:
            StoreUnavailable: The store cannot be looked at.

        """
        is_any = await self._store.read(is_any_dead)
        seen = self._sampler.backlog()
        if seen is None or seen.age_seconds > _STALE_SECONDS:
            raise StoreUnavailable("the backlog was not seen for a while")
        found = {Trouble(Kind.ACCOUNT_HELD, account) for account, state in seen.resting.items() if state == "held"}
        found |= {Trouble(Kind.SOURCE_QUIET, source) for source, quiet in seen.quiet_sources.items() if quiet}
        if is_any:
            found.add(Trouble(Kind.DEAD_WORK))
        if self._folder is not None and shutil.disk_usage(self._folder).free < self._wanted_bytes:
            found.add(Trouble(Kind.DISK_FULL))
        return found


async def alert(running: "Relay", metrics: Metrics, settings: Settings, url: str, troubles: Troubles) -> None:
    """Post to ``url`` until cancelled, over connections of its own: no other call waits for it."""
    given = running.dependencies
    async with Egress(connections=1, resolve=guarded([url], settings.egress_networks)) as egress:

        async def post(document: bytes) -> int:
            headers = {"Content-Type": "application/json"}
            reply = await egress.call(
                "POST", url, headers=headers, content=document, total_seconds=_POST_SECONDS, max_bytes=_MOST_BYTES
            )
            return reply.status

        alerting = Alerting(
            given.store,
            running.duties,
            metrics,
            look=troubles.find,
            post=post,
            now=given.now,
            relay=settings.public_url,
            version=__version__,
        )
        await alerting.run()
