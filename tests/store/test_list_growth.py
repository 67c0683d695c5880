"""No list, filter or search reads more because there is more, on either engine: what each reads is counted.

Plans alone do not tell: an index over all rows of an account is a scan as well. So the same questions are asked of a
small database and of one four times as large, and the rows or steps that they take are compared.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Connection, Engine, event

from app.store import Store, redriving
from app.store.queries import overviews, paging, parked
from app.web import create_app
from tests.bench.filled import Filling, fill
from tests.bench.search import Question, answer, questions, served, settle
from tests.postgresql.databases import Databases
from tests.web.stage import Clock, composed

_LOOKED_THROUGH: Final = 20
_PAGE: Final = 5
_SMALL: Final = 5_000
_TIMES: Final = 4
_GRAIN: Final = 20
"""After so many steps of its machine SQLite says that it is still at work."""


class Counting:
    """Count what the statements of a store take: SQLite's steps, PostgreSQL's rows."""

    def __init__(self) -> None:
        self.taken = 0

    def connected(self, driver: Any, _record: object) -> None:
        if hasattr(driver, "set_progress_handler"):
            driver.set_progress_handler(self._step, _GRAIN)

    def _step(self) -> int:
        self.taken += _GRAIN
        return 0

    def executing(
        self, connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
    ) -> None:
        if connection.dialect.name == "postgresql" and statement.lstrip().startswith(("SELECT", "WITH")):
            plan: Any = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar()
            self.taken += sum(_read(plan[0]["Plan"]))


def _read(plan: dict[str, Any]) -> Iterator[int]:
    """Count the rows that the leaves of a plan took up."""
    below = plan.get("Plans", ())
    for each in below:
        yield from _read(each)
    if not below:
        removed = (plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        yield (plan["Actual Rows"] + sum(removed)) * plan["Actual Loops"]


@contextmanager
def counting() -> Iterator[Counting]:
    """Count on all connections that are made meanwhile."""
    counted = Counting()
    event.listen(Engine, "connect", counted.connected)
    event.listen(Engine, "before_cursor_execute", counted.executing)
    yield counted
    event.remove(Engine, "connect", counted.connected)
    event.remove(Engine, "before_cursor_execute", counted.executing)


def asked_of(url: str, webhooks: int) -> dict[str, int]:
    """Fill a database, and say what each question took of it."""
    clock = Clock()
    filling = Filling(webhooks=webhooks, until=clock.time)
    taken: dict[str, int] = {}
    with counting() as counted:
        store = Store.open(url)
        try:
            asyncio.run(fill(store, filling))
            settle(url)
            with served(create_app(composed(store, clock, []))) as address, httpx.Client(base_url=address) as http:
                answer(http, Question(name="routes", path="/accounts", query={}))
                for place, question in enumerate(questions(filling)):
                    if "body" in question.query:
                        continue  # It reads so many bodies at most, or refuses to begin.
                    counted.taken = 0
                    answer(http, replace(question, query=question.query | {"limit": _PAGE}))
                    # Numbers in the question follow the filling.
                    taken[f"{place} {question.path} {sorted(question.query)}"] = counted.taken
        finally:
            asyncio.run(store.close())
    return taken


def test_no_question_reads_more_because_there_is_more(
    engine: str, tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, bound in ((paging, "LOOKED_THROUGH"), (parked, "_COUNTED"), (overviews, "COUNTED")):
        monkeypatch.setattr(module, bound, _LOOKED_THROUGH)
    monkeypatch.setattr(redriving, "_COUNTED", _LOOKED_THROUGH)
    found: list[dict[str, int]] = []
    for webhooks in (_SMALL, _TIMES * _SMALL):
        folder = tmp_path / str(webhooks)
        folder.mkdir()
        with databases.one(engine, folder) as url:
            if engine == "postgresql":
                # So few rows are read whole in good faith; what counts is whether there is another way.
                databases.server.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET enable_seqscan = off")
            found.append(asked_of(url, webhooks))
    small, large = found

    assert any(small.values())
    grown = {name: (small[name], taken) for name, taken in large.items() if taken > 2 * small[name] + 200}
    assert {} == grown
