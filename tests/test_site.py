"""The website that `make site` writes: every page, no link that leads nowhere, nothing from elsewhere."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mkdocs.exceptions import Abort

from tests import site
from tests.documents import DOCS, ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    site.make(folder)
    return folder


class _Loads(HTMLParser):
    """Collect what a page makes a browser load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"link", "script", "img", "iframe", "source"}:
            self.found += [value or "" for name, value in attrs if name in {"href", "src"}]


def test_each_document_is_a_page_of_it(made: Path) -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")]
    shown = {
        re.sub(r"(^|/)README\.html$", r"\1index.html", page.relative_to(ROOT).with_suffix(".html").as_posix())
        for page in pages
    }

    assert {name for name in shown if not (made / name).exists()} == set()


def test_nothing_is_loaded_from_elsewhere(made: Path) -> None:
    loaded: list[str] = []
    for page in made.glob("**/*.html"):
        reader = _Loads()
        reader.feed(page.read_text("utf-8"))
        loaded += [url for url in reader.found if re.match(r"(?:\w+:)?//", url)]
    styles = "".join(style.read_text("utf-8") for style in made.glob("**/*.css"))

    assert [] == loaded
    assert [] == re.findall(r"url\(['\"]?(?:https?:)?//[^)]+", styles)


def test_a_link_that_leads_nowhere_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    for page in ROOT.glob("*.md"):
        shutil.copy(page, tmp_path)
    for folder in ("deploy", "openapi"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "LICENSE", tmp_path)
    broken = tmp_path / "docs" / "doctor.md"
    broken.write_text(broken.read_text() + "\n[gone](gone.md)\n")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    monkeypatch.setattr(site, "DOCS", tmp_path / "docs")

    with pytest.raises(Abort, match="strict mode"):
        site.make(tmp_path / "build" / "site")
