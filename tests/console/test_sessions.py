"""Logging in and out: a cookie that opens nothing by itself, forms that only this session's pages can send."""

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from app.store.console_schema import sessions
from app.web import Role, Token
from tests.console.conftest import Enter
from tests.console.visitor import Page, Visitor
from tests.web.conftest import Start
from tests.web.stage import Clock, Relay, digest


def cookie(visitor: Visitor) -> str:
    return visitor.http.cookies["relay_console"]


def is_in(visitor: Visitor) -> bool:
    return 200 == visitor.get("").status_code


def test_without_a_session_every_page_leads_to_the_login_and_back(enter: Enter) -> None:
    nobody = enter(None)

    for path in ("", "/orders", "/webhooks/wh_0000000000000", "/nothing"):
        answer = nobody.get(path)
        assert 303 == answer.status_code
        assert answer.headers["location"].startswith("/console/login")
    led = nobody.get("/orders", q="QX 1&2")
    asked = Page(nobody.http.get(led.headers["location"]).text).form("/console/login")
    answer = nobody.send("/login", {**asked, "token": "token-of-viewer"}, on="/login")
    assert "/console/orders?q=QX+1%262" == answer.headers["location"]


def test_the_cookie_is_no_token_and_no_script_or_other_site_gets_it(relay: Relay, enter: Enter) -> None:
    me = enter(None)
    answer = me.send("/login", {"token": "token-of-operator"}, on="/login")
    (kept,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("relay_console=")]

    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in kept.split(";")}
    assert "Secure" not in kept
    for secret in ("token-of-operator", digest("token-of-operator")):
        assert secret not in kept
    stored = relay.on_the_loop(relay.store.read(lambda c: c.execute(select(sessions)).all()))
    assert cookie(me) not in str(stored)
    assert digest("token-of-operator") not in str(stored)


@pytest.mark.parametrize("told", [{"x-forwarded-proto": "https"}, {"origin": "https://relay.shop.example"}], ids=str)
def test_over_tls_the_cookie_is_of_this_host_alone(relay: Relay, enter: Enter, told: dict[str, str]) -> None:
    me = enter(None, headers=told)
    asked = me.get("/login")
    (seed,) = [each for each in asked.headers.get_list("set-cookie") if "relay_login" in each]
    sent = {"token": "token-of-operator", **Page(asked.text).form("/console/login")}
    answer = httpx.post(
        f"{relay.stage.url}/console/login", data=sent, headers={**told, "cookie": seed.partition(";")[0]}
    )

    (kept,) = [each for each in answer.headers.get_list("set-cookie") if "relay_console" in each]
    assert kept.startswith("__Host-relay_console=")
    assert "Secure" in kept
    inside = httpx.get(f"{relay.stage.url}/console", headers={"cookie": kept.partition(";")[0]})
    assert 200 == inside.status_code


def test_logging_out_ends_the_session_on_the_server(enter: Enter) -> None:
    me = enter()
    before = cookie(me)

    answer = me.send("/logout", on="")

    assert ("/console/login", 303) == (answer.headers["location"], answer.status_code)
    assert not is_in(me)
    me.http.cookies.set("relay_console", before)
    assert not is_in(me)


def test_a_session_ends_when_nobody_uses_it_and_after_twelve_hours_in_any_case(enter: Enter, clock: Clock) -> None:
    idle, busy = enter(), enter()
    for _ in range(2):
        clock.advance(minutes=29)
        assert is_in(busy)
    assert not is_in(idle)
    for _ in range(25):
        clock.advance(minutes=29)
        if not is_in(busy):
            break
    assert not is_in(busy)


def test_a_page_that_looks_anew_by_itself_keeps_nobody_logged_in(enter: Enter, clock: Clock) -> None:
    me = enter()

    seen = []
    for _ in range(3):
        clock.advance(minutes=10)
        seen.append(me.http.get("/console/replays", headers={"X-Relay-Live": "1"}).status_code)
    clock.advance(seconds=1)

    assert [200, 200, 200] == seen
    assert not is_in(me)


def test_a_session_is_worth_what_its_token_is_worth_now(start: Start, enter: Enter, relay: Relay) -> None:
    me = enter("admin")
    tokens = relay.dependencies.tokens
    (mine,) = [token for token in tokens if token.name == "admin"]

    def with_mine(*changed: Token) -> bool:
        start(tokens=(*(token for token in tokens if token.name != "admin"), *changed))
        return is_in(me)

    assert with_mine(replace(mine, role=Role.VIEWER))
    assert "viewer" in me.open("").text
    assert not with_mine(replace(mine, sha256=digest("another")))
    assert not with_mine(mine), "what failed once is closed for good"


def test_a_token_that_was_taken_out_opens_nothing(start: Start, enter: Enter) -> None:
    me = enter("admin")
    start(tokens=())

    assert not is_in(me)


@pytest.mark.parametrize("token", ["", "token-of-nobody", "x" * 10_000, "token-of-operator\x00", "ü"])
def test_a_wrong_token_is_told_and_not_repeated(enter: Enter, token: str) -> None:
    nobody = enter(None)

    answer = nobody.send("/login", {"token": token}, on="/login")

    assert 401 == answer.status_code
    assert "does not know that token" in answer.text
    assert not token or len(token) < 2 or token not in answer.text
    assert not is_in(nobody)


def test_guessing_is_stopped_for_some_minutes_and_others_are_not(enter: Enter, clock: Clock) -> None:
    guesser = enter(None)
    answers = [guesser.send("/login", {"token": f"guess-{n}"}, on="/login") for n in range(12)]
    right = guesser.send("/login", {"token": "token-of-operator"}, on="/login")

    assert [401] * 10 + [429] * 2 == [answer.status_code for answer in answers]
    assert (429, "300") == (right.status_code, right.headers["retry-after"])
    clock.advance(minutes=5)
    assert 303 == guesser.send("/login", {"token": "token-of-operator"}, on="/login").status_code


def test_an_old_session_is_closed_by_a_new_one(enter: Enter) -> None:
    me = enter()
    first = cookie(me)
    known = Page(enter(None).get("/login").text)
    assert known.text
    me.send("/logout", on="")
    me.send("/login", {"token": "token-of-viewer"}, on="/login")

    assert first != cookie(me)
    assert "viewer" in me.open("").text


class TestForms:
    def test_no_form_is_taken_without_the_token_of_its_session(self, relay: Relay, enter: Enter) -> None:
        mine, others = enter(), enter()
        path = "/accounts/mystore/pause"
        foreign = others.open("/accounts/mystore").form(f"/console{path}")
        for fields in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "ü"}, foreign):
            answer = mine.send(path, {**fields, "reason": "because"})
            assert 403 == answer.status_code
            assert "did not come from a page of this session" in answer.text
        assert "open" == relay.ops("GET", "/accounts/mystore").json()["state"]

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
    def test_no_form_is_taken_from_another_site(self, enter: Enter, site: str) -> None:
        me = enter()
        on, path = "/accounts/mystore", "/accounts/mystore/pause"
        sent = me.send(path, {"reason": "because"}, on=on, headers={"sec-fetch-site": site})

        assert 403 == sent.status_code

    def test_the_login_is_tied_to_the_browser_that_asked_for_it(self, relay: Relay, enter: Enter) -> None:
        asked = enter(None).open("/login").form("/console/login")
        answer = httpx.post(f"{relay.stage.url}/console/login", data={**asked, "token": "token-of-viewer"})

        assert 403 == answer.status_code

    def test_every_form_that_changes_something_carries_the_token(self, enter: Enter) -> None:
        me = enter()
        for path in ("", "/accounts/mystore", "/problems", "/audit"):
            page = me.open(path)
            posts = [each["action"] for tag, each in page.tags if tag == "form" and each["method"] == "post"]
            assert posts
            for action in posts:
                assert page.form(action)["form_token"]

    @pytest.mark.parametrize("path", ["/logout", "/accounts/mystore/pause", "/parked/su_0000000000000/link"])
    def test_nothing_is_changed_by_opening_an_address(self, enter: Enter, path: str) -> None:
        assert enter().get(path).status_code in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/console//evil.example",
        "/console\\evil",
        "/consolevil",
        "/ops/v1/accounts",
        "/console/../x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
    ],
)
def test_the_login_leads_nowhere_but_into_the_console(enter: Enter, path: str) -> None:
    answer = enter(None).send("/login", {"token": "token-of-viewer", "next": path}, on="/login")

    assert "/console" == answer.headers["location"]


def test_a_link_from_elsewhere_is_followed_once_more_with_its_cookie(enter: Enter) -> None:
    nobody = enter(None)
    answer = nobody.http.get("/console/orders?q=1", headers={"sec-fetch-site": "cross-site"})

    page = Page(answer.text)
    assert 200 == answer.status_code
    assert ["0; url=/console/orders?q=1&again=1"] == [
        each["content"] for _, each in page.tags if each.get("http-equiv") == "refresh"
    ]
    assert 303 == nobody.http.get("/console/orders?q=1", headers={"sec-fetch-site": "same-origin"}).status_code
    once_more = nobody.http.get("/console/orders?q=1&again=1", headers={"sec-fetch-site": "cross-site"})
    assert (303, "/console/login?next=%2Fconsole%2Forders%3Fq%3D1") == (
        once_more.status_code,
        once_more.headers["location"],
    )
