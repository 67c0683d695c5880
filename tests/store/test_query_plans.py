"""Work is found through an index, whatever else the tables hold."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from app.store import Requeue, Store
from app.store.inbox import unmapped
from app.store.lookups import ExpireParked, next_lookup
from app.store.queries.backlog import waiting

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

QUERIES = {
    "webhooks that are not mapped": (lambda connection: unmapped(connection, 10, NOW), ["ix_webhooks_state"]),
    "what waits": (waiting, ["ix_rows_dead", "ix_shipments_due", "ix_subjects_parked"]),
    "subjects parked for too long": (lambda c: ExpireParked(before=NOW, now=NOW).run(c), ["ix_subjects_parked"]),
    "look-ups": (next_lookup, ["ix_subjects_lookup"]),
    "open rows": (
        lambda c: Requeue(live={"a": None}, now=NOW).run(c),
        ["ix_rows_held", "ix_rows_observed", "ix_rows_open"],
    ),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.anyio
async def test_a_search_for_work_reads_its_index(name: str, tmp_path: Path) -> None:
    query, expected = QUERIES[name]
    store = Store.open(f"sqlite:///{tmp_path}/relay.db")
    try:
        plan = await store.write(_Explained(query))
    finally:
        await store.close()

    assert [index for index in expected if index not in plan] == []


class _Explained:
    """Run a query, and explain every statement that it ran."""

    def __init__(self, query: object) -> None:
        self._query = query

    def run(self, connection: Connection) -> str:
        statements: list[tuple[str, object]] = []

        def note(*arguments: object) -> None:
            statements.append((str(arguments[2]), arguments[3]))

        event.listen(connection, "before_cursor_execute", note)
        assert callable(self._query)
        self._query(connection)
        event.remove(connection, "before_cursor_execute", note)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            for statement, parameters in statements
            if not statement.startswith("EXPLAIN")
        ]
        connection.execute(text("SELECT 1"))
        return "\n".join(str(row) for plan in plans for row in plan)
