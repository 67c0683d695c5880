from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from app.store import Store
from app.store.schema import accounts
from app.web import Limits
from app.web.readiness import Readiness
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay


class Change:
    """Change the database behind the relay's back."""

    def __init__(self, *statements: Any) -> None:
        self.statements = statements

    def run(self, connection: Connection) -> None:
        """Run the statements."""
        for statement in self.statements:
            connection.execute(statement)


def test_a_fit_process_is_ready_and_says_what_was_looked_at(relay: Relay) -> None:
    answer = relay.http.get("/readyz")

    assert 200 == answer.status_code
    assert {"store": "ok", "disk": "ok", "worker": "ok"} == answer.json()["checks"]
    assert [] == answer.json()["resting_accounts"]


def test_a_process_lives_while_its_store_is_down_and_is_not_ready(relay: Relay) -> None:
    relay.on_the_loop(relay.store.close())
    answer = relay.http.get("/readyz")

    assert 200 == relay.http.get("/livez").status_code
    assert 503 == answer.status_code
    assert "the store is closed" in answer.json()["checks"]["store"]
    assert "failed" == answer.json()["status"]


def test_a_schema_on_which_this_release_does_not_work_is_not_ready(relay: Relay) -> None:
    for change in ("UPDATE alembic_version SET version_num = '9999'", "UPDATE compatibility SET served_from = '9999'"):
        relay.on_the_loop(relay.store.write(Change(text(change))))

    answer = relay.http.get("/readyz")

    assert 503 == answer.status_code
    assert "schema" in answer.json()["checks"]["store"]


def test_a_full_disk_is_not_ready(start: Start, tmp_path: Path) -> None:
    answer = start(data_folder=tmp_path, limits=Limits(free_bytes=1 << 62)).http.get("/readyz")

    assert 503 == answer.status_code
    assert "bytes are free" in answer.json()["checks"]["disk"]


def test_a_folder_that_is_gone_is_not_ready(start: Start, tmp_path: Path) -> None:
    answer = start(data_folder=tmp_path / "nowhere").http.get("/readyz")

    assert 503 == answer.status_code


def test_enough_space_is_ready(start: Start, tmp_path: Path) -> None:
    assert 200 == start(data_folder=tmp_path, limits=Limits(free_bytes=1)).http.get("/readyz").status_code


@pytest.mark.parametrize(("silent", "status"), [(0, 200), (30, 200), (31, 503)])
def test_a_worker_that_is_silent_too_long_is_not_ready(start: Start, clock: Clock, silent: int, status: int) -> None:
    beat = clock() - timedelta(seconds=silent)
    answer = start(heartbeat=lambda: beat).http.get("/readyz")

    assert status == answer.status_code
    assert (status == 503) == ("silent" in answer.json()["checks"]["worker"])


def test_an_account_that_rests_is_listed_and_does_not_make_the_process_unfit(relay: Relay, clock: Clock) -> None:
    held = insert(accounts).values(account="mystore", state="held", reason="401", changed_at=clock())
    relay.on_the_loop(relay.store.write(Change(held)))

    answer = relay.http.get("/readyz")

    assert 200 == answer.status_code
    assert [("mystore", "held")] == [(each["account"], each["state"]) for each in answer.json()["resting_accounts"]]


def test_probes_that_come_together_share_one_look(relay: Relay, store: Store) -> None:
    ticks = iter([0.0, 0.0, 0.5, 1.0, 1.0])
    readiness = Readiness(relay.dependencies, clock=lambda: next(ticks))

    before = relay.on_the_loop(readiness.check())
    relay.on_the_loop(store.close())
    meanwhile = relay.on_the_loop(readiness.check())
    after = relay.on_the_loop(readiness.check())

    assert (True, True, False) == (before.is_ready, meanwhile.is_ready, after.is_ready)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_may_ask_without_reading(relay: Relay, path: str) -> None:
    answer = relay.http.head(path)

    assert (200, b"") == (answer.status_code, answer.content)


def test_metrics_are_in_the_text_format(relay: Relay) -> None:
    answer = relay.http.get("/metrics")

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE relay_webhooks_total counter" in answer.text
