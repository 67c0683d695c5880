"""The machine in which bugs are planted finds them: two here, all of them by `make planted`."""

from pathlib import Path

import pytest

from tests.planted.bugs import BUGS, Bug
from tests.planted.search import search

_CHECKOUT = Path(__file__).parents[2]
_SHORT = ("a settlement does not check its token", "absence is concluded before the read lag is over")


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name in _SHORT], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    found = search(bug, examples=150, steps=20, seed=0, seconds=300)

    assert found.examples is not None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_bug_still_has_its_place_in_the_source(bug: Bug) -> None:
    assert 1 == (_CHECKOUT / bug.file).read_text().count(bug.right)
    assert bug.right != bug.wrong


def test_a_search_that_takes_too_long_ends_and_says_so() -> None:
    found = search(None, examples=10**6, steps=20, seed=0, seconds=1)

    assert found.examples is None
    assert found.words == "not found within 1 seconds"
