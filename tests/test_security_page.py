"""Every defence that the security page claims names a test, and every test that it names exists."""

import re
from functools import cache

import pytest

from tests.documents import DOCS, ROOT

PAGE = (DOCS / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))


@cache
def known_tests() -> frozenset[str]:
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for source in sources for name in re.findall(r"def (test_\w+)\(", source))


@pytest.mark.parametrize("name", NAMED)
def test_a_defence_is_held_by_a_test_that_there_is(name: str) -> None:
    assert name in known_tests()


def test_every_rule_says_what_holds_it_or_why_nothing_does() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.split("## Ingest", 1)[1].splitlines() if line[:2] == "| "]
    rules = [row for row in rows if row[0] not in {"rule", "---"}]

    assert len(rules) > 50
    assert [] == [row for row in rules if len(row) != 2 or len(row[1]) < 20]
