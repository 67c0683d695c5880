"""What was taken in and read leaves nothing in memory: a relay of months holds what it held after an hour."""

from typing import Final

from tests.mentions import mentioned
from tests.web.stage import Relay, webhook_body

EACH: Final = 30
FIRST_OF_A_KIND: Final = 3
"""A statement that was compiled holds the values that it was first made with."""


def take_in(relay: Relay, name: str) -> None:
    """Take in some webhooks, each about another parcel than all before."""
    for number in range(EACH):
        assert 200 == relay.deliver(webhook_body(f"{name}{number:04}")).status_code
    relay.read()


def test_nothing_is_kept_of_webhooks_that_were_taken_in_and_read(relay: Relay) -> None:
    for name in ("TAKENFIRST", "TAKENNEXT", "TAKENLAST"):
        take_in(relay, name)

    assert len(mentioned(r"TAKEN(?:FIRST|NEXT)\d{4}")) <= FIRST_OF_A_KIND
