"""The console says when webhooks were not taken, and what to write to whom."""

import httpx

from app.outages import Outages
from tests.console.visitor import visiting
from tests.web.conftest import Start
from tests.web.stage import Clock


def test_problems_show_what_was_not_taken_and_leave_short_restarts_aside(start: Start, clock: Clock) -> None:
    relay = start()
    first, second, third = (Outages(relay.store, clock) for _ in range(3))
    relay.on_the_loop(first.arrive())
    first.leave()
    relay.on_the_loop(first.close())
    clock.advance(seconds=30)
    relay.on_the_loop(second.arrive())
    with httpx.Client(base_url=relay.stage.url) as client:
        me = visiting(client, "operator")
        assert "Nothing to do about" in me.open("/problems").text
        assert "nobody was there" not in me.open("/problems").text
        clock.advance(minutes=20)
        relay.on_the_loop(third.arrive())

        page = me.open("/problems")

        assert "nobody was there the relay ended without a word" in page.text
        assert "lost unless they are sent again" in page.text
        assert "took none between" in page.text
        assert "ninguém atendia" in me.open("/problems", lang="pt-BR").text
