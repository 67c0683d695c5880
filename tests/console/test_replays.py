"""Bulk replays over the console: preview, run exactly that, stop it."""

from tests.console.conftest import Enter
from tests.console.filling import told
from tests.console.visitor import Page, Visitor
from tests.web.stage import Relay, webhook_body


def test_what_a_preview_shows_is_run_and_stopped_from_its_page(relay: Relay, me: Visitor) -> None:
    for number in range(3):
        told(relay, webhook_body(f"A{number}", "odd"))

    asked = me.send("/replays/preview", {"carrier": "signed", "unknown": "1"}, on="/replays")
    shown = Page(asked.text)
    assert "Webhooks read again 3" in shown.text
    sent = me.send("/replays", {**shown.form("/console/replays"), "reason": "the adapter learnt it", "rate": "5"})
    path = sent.headers["location"].removeprefix("/console")
    page = me.open(path)

    assert "0 of 3" in page.text
    assert "the adapter learnt it" in page.text
    for change, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        me.send(f"{path}/{change}", {}, on=path)
        assert f" {state} " in me.open(path).text
    assert "cancelled" in me.open("/replays").text
    log = me.open("/audit", action="replay.").text
    assert all(words in log for words in ("started a replay", "paused a replay", "resumed a replay"))


def test_a_preview_without_a_filter_a_second_run_and_a_viewer_are_refused_in_words(
    relay: Relay, me: Visitor, enter: Enter
) -> None:
    told(relay, webhook_body("A", "odd"))
    everything = me.send("/replays/preview", {}, on="/replays")
    wrong = me.send("/replays/preview", {"carrier": "signed", "limit": "many"}, on="/replays")
    shown = Page(me.send("/replays/preview", {"carrier": "signed"}, on="/replays").text)
    fields = {**shown.form("/console/replays"), "reason": "once"}
    codes = [me.send("/replays", fields).status_code for _ in range(2)]
    viewer = enter("viewer")
    token = viewer.open("").form("/console/logout")

    assert [422, 422] == [everything.status_code, wrong.status_code]
    assert "everything at once is never replayed" in everything.text
    assert [303, 409] == codes
    assert 403 == viewer.send("/replays/preview", {**token, "carrier": "signed"}).status_code
    assert 403 == viewer.send("/replays", {**token, "token": "x", "reason": "x"}).status_code
    assert 404 == me.send("/replays/rp_0000000000000/erase", me.open("").form("/console/logout")).status_code
    assert "takes the role of operator" in viewer.open("/replays").text


def test_a_code_gets_its_meaning_from_the_page_of_problems(relay: Relay, me: Visitor, enter: Enter) -> None:
    told(relay, webhook_body("A", "odd<b>"))
    (link,) = {href for href in me.open("/problems").all("a", "href") if href.startswith("/console/codes?")}
    page = me.open(link.removeprefix("/console"))
    viewer = enter("viewer")
    sent = me.send(
        "/codes",
        {**page.form("/console/codes"), "milestone": "EXCEPTION", "reason": "the page says so", "replay": "1"},
    )
    listed = me.open("/codes")
    again = me.send("/codes", {**page.form("/console/codes"), "milestone": "UNKNOWN", "reason": "x"})
    refused = viewer.send("/codes", {**viewer.open("").form("/console/logout"), "code": "x"})
    back = me.send("/codes/remove", {"reason": "wrong"}, on="/codes")

    assert "What does odd<b> of signed mean?" in page.text
    assert "0 of 1" in me.open(sent.headers["location"].removeprefix("/console")).text
    assert "the page says so" in listed.text
    assert (422, 403) == (again.status_code, refused.status_code)
    assert "/console/codes?done=removed" == back.headers["location"]
    assert "means again what the settings" in me.open("/codes", done="removed").text
    assert "gave a meaning to a code of" in me.open("/audit", action="code.").text
