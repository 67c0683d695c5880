"""A real browser, as the tests and the screenshots use it: one for all of them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.console.scene import Scene

SIZES: Final = {"desktop": (1280, 900), "phone": (390, 844)}
PREVIEW: Final = "replay-preview"
COMPARED: Final = "webhook-compared"
# What only admins see.
ADMIN_PAGES: Final = {"access": "/console/access"}
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
# Nothing is looked for outside: pages load nothing from elsewhere, and the browser has no business of its own.
_ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed: run `bash deploy/install-test-tools.sh`, as `make test` does"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


def context_of(
    started: Browser, scene: Scene, token: str | None, *, language: str = "en", **more: object
) -> BrowserContext:
    """Open a browser's window for one person, logged in unless there is no token."""
    context = started.new_context(base_url=scene.url, locale=language, **more)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    if token is not None:
        page = context.new_page()
        page.goto("/console/login")
        page.get_by_label("Token").fill(token)
        page.locator("main button").click()
        page.wait_for_url("**/console")
        page.close()
    return context


def visit(page: Page, name: str, address: str) -> None:
    """Open a page of `pages_of`; some are the answer to a form."""
    page.goto(address)
    if name == COMPARED:
        page.locator('form[action$="/compare"] button').click()
        page.locator("#difference").wait_for()
    if name == PREVIEW:
        page.locator("#f-carrier").select_option("correios")
        page.locator("main form.filters button").click()
        page.locator("#run").wait_for()


def pages_of(context: BrowserContext, scene: Scene) -> dict[str, str]:
    """Find an address for each kind of page."""
    page = context.new_page()

    def first(listed: str, prefix: str) -> str:
        page.goto(listed)
        found = page.locator(f'main td a[href^="{prefix}"]').first.get_attribute("href")
        assert found
        return found

    found = {
        "overview": "/console",
        "orders": "/console/orders",
        "order": first("/console/orders?account=demo", "/console/orders/sh_"),
        "webhooks": "/console/webhooks",
        "webhook": first("/console/webhooks?carrier=intelipost", "/console/webhooks/wh_"),
        COMPARED: first("/console/webhooks?carrier=jt-express-br", "/console/webhooks/wh_"),
        "events": "/console/events",
        "calls": "/console/calls",
        "quiet": "/console/quiet?silence=2d",
        "problems": "/console/problems",
        "parked": "/console/parked",
        "subject": first("/console/parked", "/console/parked/su_"),
        "refusals": "/console/refusals",
        "refusal": first("/console/refusals", "/console/refusals/ref_"),
        "codes": "/console/codes?account=demo&carrier=jt-express-br&code=301",
        "replays": "/console/replays",
        "replay": first("/console/replays", "/console/replays/rp_"),
        PREVIEW: "/console/replays",
        "accounts": "/console/accounts",
        "account": "/console/accounts/aurora",
        "source": "/console/sources/demo/jt-express-br",
        "audit": "/console/audit",
        "refused": "/console/nothing-here",
    }
    page.goto(f"/console/orders?q={'IPX26111700482131'}")
    found["order"] = page.url.removeprefix(scene.url)
    page.close()
    return found
