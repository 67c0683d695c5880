"""What users are told is what the code does."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.application import application
from tests.documents import DEPENDENCIES, DOCS, PAGES, ROOT, declared_dependencies


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert PAGES[name]() == (DOCS / name).read_text(), "run make docs, and read what changed"


def test_every_runtime_dependency_is_explained_and_nothing_else_is() -> None:
    assert declared_dependencies() == sorted(DEPENDENCIES)


def test_page_openapi_and_command_line_name_the_same_carriers_alike() -> None:
    page = (DOCS / "carriers.md").read_text()
    rows = dict(re.findall(r"^\| ([^|]+?) \| `([a-z0-9-]+)` \|", page, re.MULTILINE))
    described = json.loads((ROOT / "openapi" / "relay.json").read_text())["paths"]
    posted = {path.split("/")[2] for path in described if path.startswith("/webhooks/")}
    listed = json.loads(CliRunner().invoke(application, ["carriers", "--json"]).stdout)

    assert rows == {each["name"]: each["slug"] for each in listed}
    assert posted == set(rows.values())
    for each in listed:
        assert f"| {each['maturity']} | [page]({each['documentation']}) |" in page
        assert set(each["methods"]) == {
            method.upper()
            for path, operations in described.items()
            if path.startswith(f"/webhooks/{each['slug']}/") and not path.endswith("/verify")
            for method in operations
            if method != "parameters"
        }


def _pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING", "README"])
def test_both_languages_of_a_page_have_the_same_sections_commands_and_links(name: str) -> None:
    english, portuguese = ((ROOT / f"{name}{suffix}.md").read_text() for suffix in ("", ".pt-BR"))
    commands = r"^    (?:\.venv|make|curl|  -).*$" if name == "README" else r"^    .+$"

    for pattern in (r"^#+ ", r"^    .+$", r"^$", r"^- ", r"^\*\*\d", r"^\| ", r"^```\w*$"):
        assert len(re.findall(pattern, english, re.MULTILINE)) == len(re.findall(pattern, portuguese, re.MULTILINE))
    assert re.findall(commands, english, re.MULTILINE) == re.findall(commands, portuguese, re.MULTILINE)
    for page in (english, portuguese):
        assert re.findall(r"`carrier-relay (\w+)", english) == re.findall(r"`carrier-relay (\w+)", page)
    assert f"]({name}.pt-BR.md)" in english
    assert f"]({name}.md)" in portuguese
