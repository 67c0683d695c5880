"""What carriers and attackers send is shown as text: escaped, with what hides in it named, and cut."""

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from app.store.schema import attempts, bodies, events, shipments
from app.web.console.texts import excerpt, visible
from tests.console.conftest import Enter
from tests.console.filling import add, do, filled, subject, told
from tests.console.visitor import Page, Visitor
from tests.web.stage import Relay, webhook_body

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:alert(1)>"
HIDDEN = "\u202egnihtemos\u202c\u200b\u2066\u0000\u001b[31m\u0007\u00ad\ufeff\U000e0041\u2028"
HOSTILE = f"{MARKUP} {{{{ 7 * 7 }}}} {HIDDEN}"
HIDING = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def assert_harmless(page: Page, html: str) -> None:
    assert {"/console/static/console.js"} == set(page.all("script", "src"))
    assert [{"src", "defer"}] == [set(attributes) for tag, attributes in page.tags if tag == "script"]
    assert ["/console/static/icon.svg"] == page.all("img", "src")
    assert [] == [href for href in page.all("a", "href") if not href.startswith(("/", "#"))]
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert [] == [character for character in html if unicodedata.category(character) in HIDING and character != "\n"]
    assert "49" not in page.text.split("{{ 7 * 7 }}")[0][-3:]


def hostile_event(relay: Relay) -> None:
    """Put hostile text wherever a carrier or VTEX can put any."""
    do(
        relay,
        update(events).values(
            code=HOSTILE,
            description=HOSTILE,
            city=HOSTILE,
            state=HOSTILE,
            time_text=HOSTILE,
            event_id=HOSTILE,
            tracking_number=HOSTILE,
            trace={"code": HOSTILE, HOSTILE: HOSTILE, f"references.{HOSTILE}": HOSTILE},
            warnings=[HOSTILE],
        ),
    )
    row = {"city": HOSTILE, "state": HOSTILE, "description": HOSTILE, "date": HOSTILE}
    do(relay, update(shipments).values(courier=HOSTILE, baseline=[row], dead_reason=HOSTILE))


def test_hostile_text_stays_text_on_every_page(relay: Relay, enter: Enter) -> None:
    headers = {"X-Note": "<script>alert(1)</script>", "User-Agent": "<b>x</b>"}
    add(relay, tracking_numbers=["HERE"], courier=MARKUP[:80])
    seen = told(relay, webhook_body("HERE", HOSTILE.replace("\x00", "")), headers=headers)
    waits = told(relay, webhook_body(MARKUP[:90]))
    refused = relay.deliver({"x": HOSTILE}, headers={**headers, "X-Signature": "0"}).json()["id"]
    (order,) = relay.ops("GET", "/shipments").json()["items"]
    parked = subject(relay, MARKUP[:90])
    relay.ops("POST", "/accounts/mystore/pause", json={"reason": HOSTILE.replace("\x00", "")})
    relay.refusals()
    hostile_event(relay)
    attempt = {"id": 7, "account": "mystore", "call": "put", "lease": "l", "started_at": relay.dependencies.now()}
    answer = {"outcome": HOSTILE, "detail": HOSTILE, "receipt": HOSTILE, "body": {HOSTILE: HOSTILE}}
    the_shipment = shipments.select().with_only_columns(shipments.c.id).scalar_subquery()
    do(relay, insert(attempts).values(shipment_id=the_shipment, **attempt, **answer))
    paths = ["", "/orders", "/orders?state=dead", f"/orders/{order['id']}", "/webhooks", f"/webhooks/{seen}"]
    paths += [f"/webhooks/{waits}", "/problems", "/parked", f"/parked/{parked}", "/refusals", f"/refusals/{refused}"]
    paths += ["/accounts", "/accounts/mystore", "/audit", "/events", "/calls", "/quiet?silence=2d", "/replays"]
    paths += ["/sources/mystore/signed"]
    paths += [f"/codes?account=mystore&carrier=signed&code={quote(MARKUP)}"]

    compared = enter().send(f"/webhooks/{seen}/compare", on=f"/webhooks/{seen}")
    for token in ("operator", "viewer"):
        visitor = enter(token)
        for path in paths:
            answered = visitor.get(path)
            assert 200 == answered.status_code, answered.text[:500]
            assert_harmless(Page(answered.text), answered.text)
    assert 200 == compared.status_code
    assert_harmless(Page(compared.text), compared.text)
    assert "⟦U+202E⟧gnihtemos⟦U+202C⟧⟦U+200B⟧⟦U+2066⟧⟦U+0000⟧⟦U+001B⟧[31m" in enter().get(f"/orders/{order['id']}").text


@pytest.mark.parametrize(
    "path",
    [
        "/orders?q={}",
        "/orders?account={}",
        "/webhooks?tracking_number={}&carrier={}",
        "/webhooks?state={}",
        "/webhooks?since={}",
        "/webhooks?cursor={}",
        "/parked?cause={}",
        "/refusals?cause={}&status={}",
        "/audit?actor={}&action={}",
        "/orders/{}",
        "/webhooks/{}",
        "/parked/{}",
        "/refusals/{}",
        "/accounts/{}",
        "/sources/{}/{}",
        "/events?code={}&tracking_number={}",
        "/events?milestone={}",
        "/calls?status={}",
        "/quiet?silence={}",
        "/codes?account=mystore&carrier=signed&code={}",
        "/webhooks?account=mystore&body={}",
        "/export/{}",
        "/export/events?code={}&milestone={}",
        "/?hours={}",
        "/{}",
        "/orders?lang={}",
        "/login?next={}",
    ],
)
def test_hostile_questions_are_answered_harmlessly(me: Visitor, path: str) -> None:
    for text in (MARKUP, HIDDEN, "%00%ff%fe", "a" * 5000, "' OR 1=1 --", "..%2f..%2f", "{{7*7}}"):
        quoted = text if "%" in text else quote(text.encode(), safe="")
        answered = me.http.get(f"/console{path.replace('{}', quoted)}", follow_redirects=True)
        assert answered.status_code in {200, 403, 404, 422}, (text, answered.text[:300])
        assert_harmless(Page(answered.text), answered.text)


def test_ten_mebibytes_are_cut_and_can_be_downloaded_whole(relay: Relay, me: Visitor) -> None:
    id_ = told(relay)
    content = ("<b>é\u202e" + "x" * 1000).encode() * 10_000
    do(relay, update(bodies).values(body=content))

    answered = me.get(f"/webhooks/{id_}")
    file = me.get(f"/webhooks/{id_}/body")

    assert len(answered.content) < 200_000
    assert "65,536 of 10,050,000 characters are shown." in Page(answered.text).text
    assert_harmless(Page(answered.text), answered.text)
    assert content == file.content
    assert ("application/octet-stream", f'attachment; filename="{id_}.bin"', "nosniff") == tuple(
        file.headers[name] for name in ("content-type", "content-disposition", "x-content-type-options")
    )
    assert "sandbox" in file.headers["content-security-policy"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00<script>", b"\xed\xa0\x80", b"", b"\x00" * 100_000])
def test_bytes_that_are_no_text_are_shown_and_harmless(relay: Relay, me: Visitor, content: bytes) -> None:
    id_ = told(relay)
    do(relay, update(bodies).values(body=content))

    answered = me.get(f"/webhooks/{id_}")

    assert 200 == answered.status_code
    assert_harmless(Page(answered.text), answered.text)


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_nothing_hides_in_what_is_shown_and_the_rest_is_kept(text: str) -> None:
    shown = visible(text)

    assert isinstance(shown, str)
    assert not any(unicodedata.category(each) in HIDING and each not in "\n\t" for each in shown)
    plain = "".join(each for each in text if unicodedata.category(each) not in HIDING)
    assert plain == "" or all(each in shown for each in plain)


@given(st.text(max_size=30), st.integers(1, 40))
def test_an_excerpt_is_the_beginning_and_says_whether_there_is_more(text: str, limit: int) -> None:
    cut = excerpt(text, limit)

    assert text.startswith(cut.text)
    assert (cut.text == text) == (not cut.is_cut)


def test_pages_allow_no_script_of_their_own_and_no_frame(relay: Relay, enter: Enter) -> None:
    full: Any = filled(relay)
    visitor = enter()
    for path in ("/login", "", f"/orders/{full.shipments['mystore']}", "/nothing", "/orders?state=wrong"):
        headers = (enter(None) if path == "/login" else visitor).get(path).headers
        assert (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ) == headers["content-security-policy"]
        assert ("DENY", "nosniff", "no-store") == tuple(
            headers[name] for name in ("x-frame-options", "x-content-type-options", "cache-control")
        )
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        file = enter(None).get(f"/static/{name}")
        assert (200, kind) == (file.status_code, file.headers["content-type"].partition(";")[0])
    assert 404 == visitor.get("/static/..%2fpages.py").status_code
