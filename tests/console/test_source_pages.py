"""A source's page, and who may see it."""

from datetime import timedelta
from typing import Any

from app.store.tallies import tally
from tests.console.conftest import Enter
from tests.console.filling import do, filled, told
from tests.console.visitor import Visitor
from tests.web.stage import Relay, webhook_body


def test_a_source_says_where_it_comes_in_what_proves_it_and_what_is_wrong(relay: Relay, me: Visitor) -> None:
    full = filled(relay)
    told(relay, webhook_body("X", "strange"))

    page = me.open("/sources/mystore/signed")

    assert "/webhooks/signed/mystore" in page.text
    assert "HMAC-SHA256 in hex in the header X-Signature" in page.text
    assert f"/console/webhooks/{full.webhooks['mystore']}" in page.all("a", "href")
    assert f"/console/refusals/{full.refusals['mystore']}" in page.all("a", "href")
    assert "/console/codes?account=mystore&carrier=signed&code=strange" in page.all("a", "href")
    assert "/console/sources/mystore/signed" in me.open("/accounts").all("a", "href")


def test_the_secret_at_the_end_of_a_path_is_shown_to_nobody(relay: Relay, enter: Enter) -> None:
    del relay
    page = enter("admin").open("/sources/mystore/keyed")

    assert "/webhooks/keyed/mystore/***" in page.text
    assert "not signed" in page.text
    assert "k3y-0f-the-path" not in str(page.tags) + page.text


def test_a_source_of_others_is_like_one_that_does_not_exist(relay: Relay, enter: Enter) -> None:
    del relay
    limited = enter("mystore-operator")

    assert 200 == limited.get("/sources/mystore/signed").status_code
    assert [404, 404, 404] == [
        limited.get(f"/sources/{name}").status_code for name in ("other/signed", "brands/signed", "mystore/none")
    ]


def test_a_source_that_went_quiet_is_told_of_everywhere(relay: Relay, me: Visitor) -> None:
    now = relay.dependencies.now()

    def speak(connection: Any) -> None:
        for hours in range(60, 240):
            tally(connection, "mystore", "signed", "mapped", made=7, now=now - timedelta(hours=hours))

    do(relay, speak)

    assert "1 source gone quiet" in me.open("").text
    assert "/console/sources/mystore/signed" in me.open("/problems").all("a", "href")
    assert "It has been silent for longer than is usual for it." in me.open("/sources/mystore/signed").text
    assert "quiet" in me.open("/accounts").text
