"""What can be done with one webhook: compare its reading, read it again, take it elsewhere as a command."""

import shlex
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from app.model import Milestone
from app.source import Sources
from app.store.schema import bodies
from tests.console.conftest import Enter
from tests.console.filling import do, told
from tests.console.visitor import Page, Visitor
from tests.web.conftest import Start
from tests.web.stage import SOURCES, Relay, mapper_of, webhook_body


def test_what_is_read_differently_is_shown_before_it_is_kept(relay: Relay, start: Start, enter: Enter) -> None:
    id_ = told(relay, webhook_body("A", "odd"))
    better = Sources([replace(source, milestones={"odd": Milestone.EXCEPTION}) for source in SOURCES])
    replayer = mapper_of(relay.store, better, relay.dependencies.now, lambda: None).replayer
    start(sources=better, replay=replayer.replay)
    me, path = enter(), f"/webhooks/{id_}"

    compared = Page(me.send(f"{path}/compare", on=path).text)
    before = relay.ops("GET", path).json()["events"][0]["milestone"]
    sent = me.send(f"{path}/replay", {**compared.form(f"/console{path}/replay"), "reason": "it learnt odd"})

    assert "Milestone Unknown code Problem on the way" in compared.text
    assert ("UNKNOWN", f"/console{path}?done=replayed") == (before, sent.headers["location"])
    assert "It was read again" in me.open(path, done="replayed").text
    assert "EXCEPTION" == relay.ops("GET", path).json()["events"][0]["milestone"]
    assert "it learnt odd" in me.open("/audit", action="webhook.").text
    same = Page(me.send(f"{path}/compare", on=path).text)
    assert "Nothing: it is read today as it was before." in same.text


def test_who_may_not_change_anything_is_not_offered_it_and_refused(relay: Relay, enter: Enter) -> None:
    path = f"/webhooks/{told(relay)}"
    support = enter("support")
    token = support.open("").form("/console/logout")

    assert "Compare with today's reading" not in support.open(path).text
    assert [403, 403] == [support.send(f"{path}/{what}", token).status_code for what in ("compare", "replay")]
    assert "curl -g" in enter().open(path).text
    assert ["curl -g" in enter(role).open(path).text for role in ("viewer", "support")] == [False, False]


@pytest.mark.parametrize("text", ['it\'s $(touch pwned) `x` \\ "q" {a,b}[1-9]', "@/etc/hostname", "açaí\n\tline"])
def test_the_command_sends_the_very_bytes_whatever_they_hold(
    relay: Relay, me: Visitor, tmp_path: Path, text: str
) -> None:
    id_ = told(relay)
    do(relay, update(bodies).values(body=text.encode()))
    written = _command(me.get(f"/webhooks/{id_}").text)
    words = shlex.split(written.replace("\\\n", ""))

    assert text == words[words.index("--data-raw") + 1]
    # The shell hands over what shlex says it does, and runs nothing.
    seen = subprocess.run(
        ["sh", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\n{written}"], capture_output=True, cwd=tmp_path, check=True
    )
    assert text.encode() in seen.stdout.split(b"\0")
    assert not (tmp_path / "pwned").exists()


def _command(html: str) -> str:
    """Return what stands in the page's element, as a browser's clipboard gets it."""
    found = html[html.index('id="curl"') :]
    return unescape(found[found.index(">") + 1 : found.index("</pre>")])


@pytest.mark.parametrize("content", [b"\xff\x00", b"x" * 20_000, "a\u202eb".encode(), b"a\r\nb"])
def test_a_body_that_no_terminal_shows_is_taken_from_the_file(relay: Relay, me: Visitor, content: bytes) -> None:
    id_ = told(relay)
    do(relay, update(bodies).values(body=content))

    page = me.open(f"/webhooks/{id_}").text

    assert f"--data-binary @{id_}.bin" in page
    assert "It takes the body from the file that is downloaded above." in page
    assert content == me.get(f"/webhooks/{id_}/body").content


class TestLists:
    def test_events_and_calls_and_quiet_parcels_are_found_and_taken_away(self, relay: Relay, me: Visitor) -> None:
        id_ = told(relay, webhook_body("A", "moving"))

        for query in ("", "?code=moving", "?placed=false", "?tracking_number=a", "?account=mystore"):
            assert f"/console/webhooks/{id_}" in me.open(f"/events{query}").all("a", "href"), query
        assert "Nothing fits these filters." in me.open("/events", placed="true").text
        assert "There is nothing here yet." in me.open("/calls").text
        assert "None." in me.open("/quiet", silence="10d").text
        link = next(href for href in me.open("/events", code="moving").all("a", "href") if "/export/" in href)
        file = me.get(link.removeprefix("/console"))
        assert ("text/csv; charset=utf-8", 2) == (file.headers["content-type"], len(file.text.splitlines()))
        assert id_ in file.text
        assert 1 == len(me.get("/export/events", code="else").text.splitlines())
        assert "events" in me.open("/audit").text

    def test_bodies_are_looked_through_by_who_may_see_them(self, relay: Relay, me: Visitor, enter: Enter) -> None:
        id_ = told(relay, webhook_body("A", "moving"))

        found = me.open("/webhooks", account="mystore", body="moving")

        assert f"/console/webhooks/{id_}" in found.all("a", "href")
        assert "Nothing fits" in me.open("/webhooks", account="mystore", body="not there").text
        assert 403 == enter("viewer").get("/webhooks", account="mystore", body="moving").status_code
        assert 200 == me.get("/webhooks", milestone="IN_TRANSIT", code="moving").status_code

    @pytest.mark.parametrize(
        ("name", "query", "status"),
        [
            ("nothing", {}, 404),
            ("webhooks", {"since": "yesterday"}, 422),
            ("webhooks", {"state": "lost"}, 422),
            ("attempts", {"status": "many"}, 422),
            ("events", {"milestone": "LOST"}, 422),
            ("webhooks", {"account": "other", "since": "2026-03-04", "lang": "en", "caller": "x"}, 200),
            ("quiet-shipments", {"silence": "5d"}, 200),
        ],
    )
    def test_a_file_is_asked_for_as_strictly_as_its_list(
        self, me: Visitor, name: str, query: dict[str, str], status: int
    ) -> None:
        assert status == me.get(f"/export/{name}", **query).status_code

    def test_nobody_takes_away_what_is_not_theirs(self, relay: Relay, enter: Enter) -> None:
        told(relay, webhook_body("A"), "other")
        limited = enter("mystore-operator")

        assert 403 == limited.get("/export/webhooks", account="other").status_code
        assert 1 == len(limited.get("/export/webhooks").text.splitlines())
        answer: httpx.Response = enter(None).get("/export/webhooks")
        assert 303 == answer.status_code
