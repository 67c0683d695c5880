"""Pages that people write say what the code says where they speak of it: the house, the layers, the decisions."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tests.console.pictures import MOST_BYTES
from tests.documents import DOCS, ROOT

RECORDS: Final = sorted((DOCS / "decisions").glob("0*.md"))
PARTS: Final = ["Context", "Decision", "What follows", "Held by"]
RECORD_LINES: Final = 40


def architecture() -> str:
    return (DOCS / "architecture.md").read_text("utf-8")


def test_the_page_on_architecture_names_every_module_of_the_house() -> None:
    house = architecture().partition("## The house")[2].partition("\n## ")[0]
    modules = {path.stem for path in (ROOT / "app").glob("*.py")} | {
        path.parent.name for path in (ROOT / "app").glob("*/__init__.py")
    }

    assert modules - {"__init__"} == set(re.findall(r"^\| `(\w+)` \|", house, re.MULTILINE))


def test_the_page_on_architecture_shows_the_layers_that_are_checked() -> None:
    linter: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers"]
    shown = architecture().partition("## Which way imports point")[2].partition("\n## ")[0]

    assert [re.sub(r"[()]", "", layer) for layer in layers] == re.findall(r"^    (\S.*)$", shown, re.MULTILINE)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_is_short_and_names_what_holds_it(record: Path) -> None:
    text = record.read_text("utf-8")
    number = record.name[:4]
    held_by = text.partition("## Held by")[2]
    linter = (ROOT / "pyproject.toml").read_text("utf-8")

    assert len(text.splitlines()) <= RECORD_LINES
    assert text.startswith(f"# {number}: ")
    assert PARTS == re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert re.search(r"`tests/[\w/]+\.py`", held_by)
    assert [] == [name for name in re.findall(r'"([A-Z][^"]+)"', held_by) if f'name = "{name}"' not in linter]


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    listed = re.findall(r"^- \[(\d{4}: .+)\]\((.+)\)$", (DOCS / "decisions/README.md").read_text("utf-8"), re.MULTILINE)

    assert [f"{number:04}" for number in range(1, len(RECORDS) + 1)] == [record.name[:4] for record in RECORDS]
    assert [(record.read_text("utf-8").splitlines()[0][2:], record.name) for record in RECORDS] == listed


def test_pictures_are_small_and_shown_and_those_of_the_readme_in_both_languages() -> None:
    pictures = sorted((DOCS / "pictures").glob("*.png"))
    english, portuguese = (_shown(ROOT / name, "docs/pictures/") for name in ("README.md", "README.pt-BR.md"))

    assert [] == [picture.name for picture in pictures if picture.stat().st_size > MOST_BYTES]
    assert english == portuguese
    assert {picture.name for picture in pictures} == english.union(
        *(_shown(page, "pictures/") for page in DOCS.glob("*.md"))
    )


def _shown(page: Path, folder: str) -> set[str]:
    return set(re.findall(rf"!\[[^\]]+\]\({folder}([\w-]+\.png)\)", page.read_text("utf-8")))


def test_the_index_or_the_readme_leads_to_every_page() -> None:
    index, readme = (DOCS / "index.md").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")
    pages = {page.name for page in DOCS.glob("*.md")}
    linked = re.findall(r"\]\(([\w.-]+\.md)\)", index) + re.findall(r"\]\(docs/([\w-]+\.md)\)", readme)

    assert set() == pages - set(linked)
