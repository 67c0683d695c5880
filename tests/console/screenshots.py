"""Pictures of every page, for eyes: `make screenshots` writes them to build/screenshots, a few small ones to docs."""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests.console.browser import ADMIN_PAGES, SCHEMES, SIZES, browser, context_of, pages_of, visit
from tests.console.scene import TOKENS, Scene, scene

FOLDER: Final = Path("build/screenshots")
DOCS: Final = Path("docs/pictures")
# What the documents show, each cut where a screen ends.
SHOWN: Final = ("overview", "order")
SMALL: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}, "device_scale_factor": 0.7}


def main() -> None:
    """Take the pictures, or those whose names are given: `python -m tests.console.screenshots order-phone-dark`.

    With ``--docs`` those that the documents show are taken, and no other.
    """
    wanted = set(sys.argv[1:])
    for_docs = "--docs" in wanted
    folder = DOCS if for_docs else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with scene() as played, browser() as started:
        for name, page in _for_docs(started, played) if for_docs else _all(started, played, wanted):
            page.screenshot(path=folder / f"{name}.png", full_page=not for_docs)
            sys.stdout.write(f"{folder / name}.png\n")


def _for_docs(started: Browser, played: Scene) -> Iterator[tuple[str, Page]]:
    context = context_of(started, played, TOKENS["operator"], **SMALL)
    pages, page = pages_of(context, played), context.new_page()
    for name in SHOWN:
        visit(page, name, pages[name])
        yield f"console-{name}", page


def _all(started: Browser, played: Scene, wanted: set[str]) -> Iterator[tuple[str, Page]]:
    for language, (size, (width, height)), scheme in product(("en", "pt-BR"), SIZES.items(), SCHEMES):
        look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
        context = context_of(started, played, TOKENS["admin"], language=language, **look)
        pages, page = pages_of(context, played) | ADMIN_PAGES, context.new_page()
        for name, address in pages.items():
            picture = f"{name}-{size}-{scheme}{'' if language == 'en' else '-pt'}"
            if not wanted or picture in wanted:
                visit(page, name, address)
                yield picture, page
        context.close()


if __name__ == "__main__":
    main()
