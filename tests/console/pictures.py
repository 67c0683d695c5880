"""The two pictures of one parcel in the README: what its shopper sees, and what support sees.

`make pictures` writes them to docs/pictures, small: as wide as the page that shows them, and no longer than a screen.
"""

import sys
from pathlib import Path
from typing import Final

from tests.console.browser import browser, context_of, pages_of
from tests.console.scene import TOKENS, scene
from tests.documents import DOCS

FOLDER: Final = DOCS / "pictures"
MOST_BYTES: Final = 150_000
SIZE: Final = (960, 760)
ORDER: Final = "1502240771934-01"


def main() -> None:
    """Take both."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    width, height = SIZE
    with scene() as played, browser() as started:
        viewport = {"width": width, "height": height}
        context = context_of(started, played, TOKENS["support"], viewport=viewport, color_scheme="light")
        pages = {
            "shopper": f"{played.vtex_url}/orders/{ORDER}?account=demo",
            "support": pages_of(context, played)["order"],
        }
        page = context.new_page()
        for name, address in pages.items():
            page.goto(address)
            _taken(page.screenshot(), FOLDER / f"{name}.png")
        context.close()


def _taken(picture: bytes, path: Path) -> None:
    if len(picture) > MOST_BYTES:
        sys.exit(f"{path.name} has {len(picture):,} bytes, and at most {MOST_BYTES:,} may be in the repository")
    path.write_bytes(picture)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
