"""Target 11: what one relay takes in on PostgreSQL. What two bring to VTEX `tests.bench.replicas` measures."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Final, Self

from tests.bench.busy import used_by
from tests.bench.targets.aims import Sample
from tests.bench.targets.load import Feed, Loaded
from tests.bench.targets.machine import CORES, Watch
from tests.bench.targets.seeding import fill, known_deliveries
from tests.bench.targets.stage import PATH, Stage, relay, yardstick
from tests.postgresql.server import Server, running

__all__ = ["Sharing"]

_CONNECTIONS: Final = 64
_NOWHERE: Final = "http://127.0.0.1:9"  # Nothing is forwarded: no shipment is known.
_AS_IN_USE: Final = {"autovacuum": "on", "max_wal_size": "2GB", "shared_buffers": "256MB"}
_FILLED: Final = "known"
_COPY: Final = "taking"


class Sharing:
    """A server with a database that was filled before; each measurement gets a copy of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._feed = Feed.make(stage.folder, stage.scale.signed)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the server, on disk and on every core, and fill it."""
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, CORES)
        try:
            self._server: Server = self._stack.enter_context(running(_AS_IN_USE, on_disk=True))
        finally:
            os.sched_setaffinity(0, mine)
        self._server.execute(f"CREATE DATABASE {_FILLED}")
        fill(self._server.url(_FILLED), *known_deliveries(self._stage.scale.known))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self._stack.__exit__(kind, error, trace)

    def round(self, _number: int) -> Sample:
        """Measure a relay beside a bare application."""
        watch = Watch(self._server.pids)
        with yardstick("bare", self._stage.fresh("bare")) as (port, _):
            self._post(port, 0, self._feed.count, share=0.25)
            bare = self._post(port, 0, self._feed.count)
        settings, first = f'database_url = "{self._server.url(_COPY)}"', self._feed.count // 4
        with self._copied(), relay(self._stage.fresh("sharing"), _NOWHERE, settings=settings) as taking:
            self._post(taking.port, 0, first, share=0.25)
            processor = used_by(taking.running.pid)
            ours = self._post(taking.port, first, self._feed.count)
            processor = used_by(taking.running.pid) - processor
        facts = {
            "PostgreSQL: relay, requests/s": ours.rate,
            "PostgreSQL: relay, p99 ms": ours.p99,
            "PostgreSQL: relay, processor µs per webhook": processor / ours.requests * 1e6,
            "PostgreSQL: bare, requests/s": bare.rate,
        }
        return Sample(values={"11": ours.rate / bare.rate}, facts=facts, others_cores=watch.others_cores())

    def _post(self, port: int, first: int, last: int, *, share: float = 1.0) -> Loaded:
        seconds = max(1, round(self._stage.scale.seconds * share))
        return self._feed.post(port, PATH, connections=_CONNECTIONS, seconds=seconds, first=first, last=last)

    @contextmanager
    def _copied(self) -> Iterator[None]:
        self._server.execute(f"CREATE DATABASE {_COPY} TEMPLATE {_FILLED}", "CHECKPOINT")
        yield
        self._server.execute(f"DROP DATABASE {_COPY} WITH (FORCE)")
