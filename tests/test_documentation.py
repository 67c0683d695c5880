"""What users are told is what the code does."""

import re
from pathlib import Path

import pytest

from tests.documents import DEPENDENCIES, DOCS, PAGES, ROOT, declared_dependencies


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert PAGES[name]() == (DOCS / name).read_text(), "run make docs, and read what changed"


def test_every_runtime_dependency_is_explained_and_nothing_else_is() -> None:
    assert declared_dependencies() == sorted(DEPENDENCIES)


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
