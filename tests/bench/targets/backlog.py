"""Target 10: a backlog of a million shipments costs a claim no more than a smaller one, and no memory to speak of."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

from app.account import Account
from app.forwarder.planning import planner
from app.store import Claim, Store
from app.store.limits import Limit
from tests.bench.targets.aims import Sample
from tests.bench.targets.machine import memory, pause
from tests.bench.targets.seeding import ACCOUNT, waiting_shipments
from tests.bench.targets.stage import Stage, destination, relay

__all__ = ["Backlog"]

_CLAIMED: Final = 100
_CLAIMS: Final = 20
_LATENCY: Final = 0.05


def _now() -> datetime:
    return datetime.now(UTC)


class Backlog:
    """Claims from both backlogs, and a relay at work on the larger one."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._filled = [stage.filled(f"waiting-{n}", *waiting_shipments(n)) for n in stage.scale.pending]
        self._empty = stage.filled("nothing")

    def round(self, number: int) -> Sample:
        """Measure claims, and in the first round memory: it is no matter of moments."""
        watch = self._stage.watch()
        few, many = (asyncio.run(self._claims(self._stage.url(filled))) for filled in self._filled)
        values = {"10": many / few}
        facts = {
            f"claim of {_CLAIMED}, {self._stage.scale.pending[0]:,} pending, ms": few * 1e3,
            f"claim of {_CLAIMED}, {self._stage.scale.pending[1]:,} pending, ms": many * 1e3,
        }
        if number == 1:
            idle, busy = self._memory(self._empty, "VmRSS"), self._memory(self._filled[1], "VmHWM")
            values["10b"] = busy / idle
            facts |= {"idle, MB": idle, "at work on the backlog, most MB": busy}
        return Sample(values=values, facts=facts, others_cores=watch.others_cores())

    async def _claims(self, url: str) -> float:
        account = Account(
            name=ACCOUNT, base_url="http://127.0.0.1:9", app_key="key", app_token="token", first_read=False
        )
        plan = planner({ACCOUNT: account}, _now)
        store = Store.open(url)
        try:
            return median([await self._claim(store, plan) for _ in range(_CLAIMS)])
        finally:
            await store.close()

    async def _claim(self, store: Store, plan: object) -> float:
        free: Mapping[str, int] = {ACCOUNT: _CLAIMED}
        claim = Claim(
            free=free,
            slots=_CLAIMED,
            retry_slots=0,
            # They fall due again when nobody measures any more.
            lease={ACCOUNT: timedelta(days=1)},
            probe_every={ACCOUNT: timedelta(minutes=1)},
            plan=plan,  # type: ignore[arg-type]
            ids=store.ids,
            now=_now(),
            # Where several processes share an account its limits are looked at; these hold nothing back.
            limits={ACCOUNT: Limit(concurrency=1_000_000, rate=1_000_000)} if store.is_shared else {},
        )
        began = time.perf_counter()
        claimed = await store.write(claim)
        took = time.perf_counter() - began
        assert claimed
        return took

    def _memory(self, like: str, line: str) -> float:
        place = self._stage.fresh("remembering", like=like)
        with destination(_LATENCY) as (url, _), relay(place, url) as running:
            pause(self._stage.scale.at_work_seconds)
            return memory(running.running.pid, line)
