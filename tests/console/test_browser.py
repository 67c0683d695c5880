"""The console in a real browser: what an operator does in a day, and no barrier on any page."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.console.browser import ADMIN_PAGES, SCHEMES, SIZES, browser, context_of, pages_of, visit
from tests.console.scene import TOKENS, Scene, scene

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES: dict[str, Any] = {"light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# In the dark the same page has other colours, and nothing else.
RULES["dark"] = {"type": "rule", "values": ["color-contrast"]}
# On a phone nothing may have to be pushed aside to be read, not even a table.
TOO_WIDE = """(everything) => Math.max(0, ...[document.documentElement,
    ...(everything ? document.querySelectorAll(".scroll") : [])].map((each) => each.scrollWidth - each.clientWidth))"""
LOOK = """(rules) => axe.run({runOnly: rules, resultTypes: ["violations"]}).then((all) =>
    all.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html)]))"""


@pytest.fixture(scope="module")
def played() -> Iterator[Scene]:
    with scene() as set_:
        yield set_


@pytest.fixture(scope="module")
def started() -> Iterator[Browser]:
    with browser() as running:
        yield running


def watched(page: Page) -> list[str]:
    """Gather what the browser complains about, such as something that the policy forbids."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def test_an_operator_finds_a_parcel_reads_its_trace_and_links_another_by_hand(played: Scene, started: Browser) -> None:
    context = context_of(started, played, TOKENS["operator"], permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints = watched(page)

    page.goto("/console")
    page.keyboard.press("Control+k")
    page.keyboard.type("IPX26111700482131")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1502240771934-01")
    expect(page.get_by_text("ENTREGA REALIZADA").first).to_be_visible()
    page.get_by_role("button", name="Copy the answer").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "IPX26111700482131" in page.evaluate("navigator.clipboard.readText()")

    page.get_by_text("Proof and reading").first.click()
    page.locator('a[href^="/console/webhooks/wh_"]').first.click()
    trace = page.locator("table.trace").first
    expect(trace).to_contain_text("$.history.shipment_order_volume_state")
    expect(page.locator("pre.payload")).to_contain_text("shipment_order_volume_state")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bytes as they came").click()
    assert download.value.suggested_filename.startswith("wh_")

    page.get_by_role("link", name="Problems", exact=True).click()
    page.get_by_role("row", name="correios").get_by_role("link").click()
    page.locator('a[href^="/console/parked/su_"]').first.click()
    page.get_by_label("Tracking number, order, invoice or NF-e key").last.fill(played.parked_order)
    page.get_by_role("button", name="Find").last.click()
    page.get_by_label("Reason").fill("the shopper read the label to me")
    page.get_by_role("button", name=f"Link to order {played.parked_order}").click()
    expect(page.get_by_role("status")).to_contain_text("It was linked")

    page.get_by_role("link", name="Audit log").click()
    entry = page.get_by_role("row", name="the shopper read the label to me")
    expect(entry).to_contain_text("operator.maria")
    expect(entry).to_contain_text("linked by hand")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert [] == complaints
    context.close()


def test_an_operator_gives_a_code_its_meaning_and_replays_and_finds_it_all_in_the_audit_log(
    played: Scene, started: Browser
) -> None:
    context = context_of(started, played, TOKENS["operator"])
    page = context.new_page()
    complaints = watched(page)

    # An order group leads to its packages.
    page.goto("/console")
    page.get_by_role("search").get_by_role("searchbox").fill("1502240771934")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text="1502240771934-01")).to_have_count(2)
    page.get_by_role("row").filter(has_text="48219").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1502240771934-01")
    expect(page.get_by_role("region", name="What the carrier said")).to_contain_text("BELO HORIZONTE, MG")

    page.get_by_role("link", name="Problems", exact=True).click()
    page.get_by_role("link", name="Give 301 a meaning").click()
    page.get_by_label("Meaning", exact=True).select_option("In transit")
    page.get_by_label("Reason").fill("the depot in Cajamar, says J&T")
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Replay")
    # It shows by itself how far it has come.
    expect(page.locator("#replay .pill")).to_have_text("done", timeout=20_000)
    expect(page.locator("#replay")).to_contain_text("1 of 1")
    page.get_by_role("link", name="Problems", exact=True).click()
    expect(page.get_by_role("link", name="Give 302 a meaning")).to_be_visible()
    expect(page.get_by_role("link", name="Give 301 a meaning")).to_have_count(0)

    _begin_replay(page, reason="their history is longer now", rate="100")
    expect(page.locator("#replay .pill")).to_have_text("done", timeout=20_000)
    _begin_replay(page, reason="a mistake of mine", rate="0.1")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#replay .pill")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="End it for good").click()
    expect(page.locator("#replay .pill")).to_have_text("cancelled")

    page.get_by_role("link", name="Audit log").click()
    for reason, words in (
        ("the depot in Cajamar, says J&T", "gave a meaning to a code of"),
        ("their history is longer now", "started a replay"),
        ("a mistake of mine", "started a replay"),
    ):
        row = page.get_by_role("row").filter(has_text=reason).filter(has_text=words)
        expect(row).to_contain_text("operator.maria")
    for words in ("paused a replay", "resumed a replay", "cancelled a replay"):
        # The scene's own replay was paused by the same person.
        expect(page.get_by_role("row").filter(has_text=words).first).to_contain_text("operator.maria")
    assert [] == complaints
    context.close()


def _begin_replay(page: Page, *, reason: str, rate: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Replays").click()
    page.get_by_label("Carrier").select_option("correios")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Orders, and so shoppers, that show events of them")).to_be_visible()
    expect(page.get_by_role("region", name="A sample, as it would be read today").get_by_role("row")).not_to_have_count(
        0
    )
    page.get_by_label("Reason").fill(reason)
    page.get_by_label("Webhooks per second, at most").fill(rate)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#replay")).to_contain_text(reason)


@pytest.mark.timeout(300)
def test_no_page_has_a_barrier_in_any_light_or_size(played: Scene, started: Browser) -> None:
    barriers: dict[str, Any] = {}
    for (size, (width, height)), language in zip(SIZES.items(), ("en", "pt-BR"), strict=True):
        look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "language": language}
        with context_of(started, played, None, **look) as outside:
            barriers |= _barriers(outside.new_page(), size, {"login": "/console/login"})
        with context_of(started, played, TOKENS["operator"], **look) as inside:
            pages = pages_of(inside, played)
            page = inside.new_page()
            complaints = watched(page)
            barriers |= _barriers(page, size, pages)
            with context_of(started, played, TOKENS["admin"], **look) as admins:
                barriers |= _barriers(admins.new_page(), size, ADMIN_PAGES)
            # The page that is missing is missing on purpose.
            assert [] == [text for text in complaints if "404" not in text]

    assert {} == barriers


def _barriers(page: Page, size: str, addresses: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, address in addresses.items():
        visit(page, name, address)
        # Shut in, a barrier would hide.
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.evaluate(AXE)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            seen = page.evaluate(LOOK, RULES[scheme])
            wide = page.evaluate(TOO_WIDE, size == "phone")
            if seen or wide > 0:
                found[f"{name} {size} {scheme}"] = [*seen, *([f"{wide} pixels too wide"] if wide > 0 else [])]
    return found
