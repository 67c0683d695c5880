"""A website of the documents: `make site` writes it to build/site, and stops where a link leads nowhere.

Pages link to each other as files of the repository, so that they can be read there as well. Files that are no pages are
copied beside them where a page links to them.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.documents import DOCS, ROOT

SITE: Final = ROOT / "build" / "site"
TITLES: Final = {
    "README.md": "Start here",
    "README.pt-BR.md": "Comece aqui",
    "CONTRIBUTING.md": "Contributing",
    "CONTRIBUTING.pt-BR.md": "Como contribuir",
}
"""Pages beside `docs/` that come first in the menu; any other Markdown file there follows."""
LINK: Final = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def assemble(source: Path) -> None:
    """Put pages, and what they link to, into one tree."""
    pages = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("**/*.md"))]
    places = {page: source / page.relative_to(ROOT) for page in pages}
    for page, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_linked(page), "utf-8")
        for target in _targets(page):
            if target.is_file() and target not in places:
                copy = source / target.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(target, copy)


def _targets(page: Path) -> list[Path]:
    return [(page.parent / found[1]).resolve() for found in LINK.finditer(page.read_text("utf-8"))]


def _linked(page: Path) -> str:
    return LINK.sub(lambda found: _shown(found, page), page.read_text("utf-8"))


def _shown(found: re.Match[str], page: Path) -> str:
    """Give a link as it stands; one to a folder is no link on a website."""
    target = (page.parent / found[1]).resolve()
    return f"] (`{target.relative_to(ROOT)}`)" if target.is_dir() else found[0]


def menu() -> list[dict[str, object]]:
    """Order the pages as docs/index.md does, those beside it first."""
    index = (DOCS / "index.md").read_text("utf-8")
    first: list[dict[str, object]] = [{title: name} for name, title in TITLES.items()]
    first += [{page.stem.capitalize(): page.name} for page in sorted(ROOT.glob("*.md")) if page.name not in TITLES]
    parts: list[dict[str, object]] = [{"All documents": "docs/index.md"}]
    for part in re.split(r"^\*\*(.+)\*\*$", index, flags=re.MULTILINE)[1:]:
        if "\n" not in part:
            parts.append({part: []})
            continue
        (entries,) = parts[-1].values()
        assert isinstance(entries, list)
        entries.extend(f"docs/{name}" for name in re.findall(r"\]\((?!\.\.)([\w/-]+\.md)\)", part))
    decisions = [f"docs/decisions/{page.name}" for page in sorted((DOCS / "decisions").glob("0*.md"))]
    return [*parts[:1], {"The project": first}, *parts[1:], {"Decisions": decisions}]


def make(folder: Path) -> None:
    """Write the website; raises mkdocs' ``Abort`` where anything is wrong with a page.

    It loads nothing from elsewhere: no fonts, no highlighting, no scripts of others.
    """
    source = folder.with_name(f"{folder.name}-source")
    shutil.rmtree(source, ignore_errors=True)
    assemble(source)
    settings: dict[str, Any] = {
        "site_name": "carrier-relay",
        "docs_dir": str(source),
        "site_dir": str(folder),
        "use_directory_urls": False,
        "strict": True,
        "nav": menu(),
        "theme": {"name": "mkdocs", "highlightjs": False, "color_mode": "auto"},
        "plugins": ["search"],
        "validation": {
            "omitted_files": "warn",
            "absolute_links": "warn",
            "unrecognized_links": "warn",
            "anchors": "warn",
        },
    }
    configuration = source.with_name(f"{folder.name}.yml")
    configuration.write_text("site_name: carrier-relay\n", "utf-8")
    config = load_config(str(configuration), **settings)
    build(config)
    shutil.rmtree(source)
    configuration.unlink()


def main() -> int:
    """Make it, and say where it is."""
    SITE.parent.mkdir(exist_ok=True)
    try:
        make(SITE)
    except Abort as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"Open {SITE / 'docs' / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
