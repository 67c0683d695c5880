"""Target 11: what one relay takes in on PostgreSQL. What two bring to VTEX `tests.bench.replicas` measures."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from tests.bench.databases import AS_IN_USE
from tests.bench.targets.aims import Sample
from tests.bench.targets.ingesting import Ingesting
from tests.bench.targets.machine import CORES
from tests.bench.targets.stage import Stage
from tests.postgresql.server import Server, running

__all__ = ["Sharing", "server_on_every_core"]


@contextmanager
def server_on_every_core() -> Iterator[Server]:
    """Run a server on disk and on every core, though the benchmark itself stays on one."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    try:
        starting = running(AS_IN_USE, on_disk=True)
        server = starting.__enter__()
    finally:
        os.sched_setaffinity(0, mine)
    try:
        yield server
    finally:
        starting.__exit__(None, None, None)


class Sharing:
    """Target 1 on PostgreSQL, beside all that is measured on SQLite."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the server, and fill it."""
        server = self._stack.enter_context(server_on_every_core())
        self._taking = Ingesting(replace(self._stage, folder=self._stage.fresh("shared").folder, server=server))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self._stack.__exit__(kind, error, trace)

    def round(self, number: int) -> Sample:
        """Measure a relay beside a bare application."""
        sample = self._taking.round(number)
        facts = {f"PostgreSQL: {name}": value for name, value in sample.facts.items()}
        return Sample(values={"11": sample.values["1"]}, facts=facts, others_cores=sample.others_cores)
