"""Target 13: what is new goes first although 100,000 webhooks are being read and forwarded again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.bench.posting import Posting, post_at_their_times, request
from tests.bench.targets.aims import Sample
from tests.bench.targets.forwarding import percentile, until
from tests.bench.targets.load import template, webhook
from tests.bench.targets.machine import Watch
from tests.bench.targets.seeding import ACCOUNT, registered, stored
from tests.bench.targets.stage import PATH, Stage, destination, log_of, relay
from tests.e2e.relay import Relay

__all__ = ["Replaying"]

_RATE: Final = 25.0
_LEAD: Final = 16


class Replaying:
    """The same live webhooks alone, and beside a replay."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._replays = stage.scale.replays
        self._live = max(5, int(_RATE * stage.scale.replay_seconds))
        known = registered(self._replays + _LEAD + 2 * self._live)
        self._filled = stage.filled("replaying", *known, *stored(self._replays, template().decode()))

    def round(self, _number: int) -> Sample:
        """Measure both ways on one relay; without the replay first, since it is what lasts."""
        place = self._stage.fresh("replaying-now", like=self._filled)
        with destination() as (url, vtex), relay(place, url) as running:
            first = self._replays + 1
            self._post(running, url, first, _LEAD)
            watch = Watch([running.running.pid, vtex])
            alone = self._post(running, url, first + _LEAD, self._live)
            before = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
            wanted = {"account": ACCOUNT, "limit": self._replays, "state": "mapped", "until": before.isoformat()}
            preview = running.tell("replays/preview", wanted)
            assert preview["count"] >= self._replays
            running.tell("replays", {"token": preview["token"], "reason": "measuring", "rate": 1000})
            until(lambda: running.ask("replays")["items"][0]["done"] > 0, "the replay has begun")
            beside = self._post(running, url, first + _LEAD + self._live, self._live)
            others = watch.others_cores()
            done = running.ask("replays")["items"][0]["done"]
        facts = {
            "first attempts alone, p99 ms": alone * 1e3,
            "first attempts beside a replay, p99 ms": beside * 1e3,
            "webhooks replayed meanwhile": float(done),
        }
        return Sample(values={"13": beside / alone}, facts=facts, others_cores=others)

    def _post(self, running: Relay, url: str, first: int, count: int) -> float:
        """Post so many at their times, and return the p99 of their ways to VTEX."""
        postings = []
        for index in range(count):
            body, signature = webhook(first + index)
            made = request(PATH, body, {"X-Hmac-Signature": signature})
            postings.append(Posting(name=f"1527{first + index:09}-01", request=made, due=index / _RATE))
        sent = asyncio.run(post_at_their_times(running.port, postings))
        took: dict[str, float] = {}

        def all_arrived() -> bool:
            took.update({order: at - sent[order] for order, at in log_of(url) if order in sent})
            return len(took) == count

        until(all_arrived, f"{count} webhooks arrived")
        return percentile(list(took.values()), 0.99)
