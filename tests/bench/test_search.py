"""The benchmark of searches in small: every question is answered, and those that must find something do."""

from datetime import UTC, datetime
from pathlib import Path

from tests.bench.filled import Filling
from tests.bench.search import questions, run

FILLING = Filling(webhooks=6_000, until=datetime(2026, 3, 4, 18, tzinfo=UTC))


def test_every_list_and_search_is_asked_and_answered(tmp_path: Path) -> None:
    answered = run(f"sqlite:///{tmp_path}/relay.db", FILLING, times=1)

    assert {question.name for question in questions(FILLING)} <= {each.name for each in answered}
    assert all(each.median > 0 for each in answered)
