"""Pictures of every page, for eyes: `make screenshots` writes them to build/screenshots."""

import sys
from pathlib import Path

from tests.console.browser import SCHEMES, SIZES, browser, context_of, pages_of, visit
from tests.console.scene import TOKENS, scene

FOLDER = Path("build/screenshots")


def main() -> None:
    """Take the pictures, or those whose names are given: `python -m tests.console.screenshots order-phone-dark`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[1:])
    with scene() as played, browser() as started:
        for language in ("en", "pt-BR"):
            for size, (width, height) in SIZES.items():
                for scheme in SCHEMES:
                    context = context_of(
                        started,
                        played,
                        TOKENS["operator"],
                        language=language,
                        viewport={"width": width, "height": height},
                        color_scheme=scheme,
                    )
                    pages = {**pages_of(context, played)}
                    page = context.new_page()
                    for name, address in pages.items():
                        picture = f"{name}-{size}-{scheme}{'' if language == 'en' else '-pt'}"
                        if wanted and picture not in wanted:
                            continue
                        visit(page, name, address)
                        page.screenshot(path=FOLDER / f"{picture}.png", full_page=True)
                        sys.stdout.write(f"{FOLDER / picture}.png\n")
                    context.close()


if __name__ == "__main__":
    main()
