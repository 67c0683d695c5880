"""What VTEX says of an order is understood in every shape that it is known to have."""

from datetime import UTC, datetime

import pytest

from app.errors import MalformedPayload
from app.vtex import Notification, read_notification

MINIMAL = b"""{"Domain": "Fulfillment", "OrderId": "v1-01", "State": "invoiced",
 "LastChange": "2026-03-03T10:10:21.0617185Z", "Origin": {"Account": "mystore", "Key": "vtexappkey-mystore-EXAMPLE"}}"""
FULL = b"""{"Domain": "Fulfillment", "OrderId": "v1-01", "State": "invoiced", "LastState": "invoice", "New": [1, {}],
 "LastChange": "2026-03-03T10:10:19.1340570Z", "CurrentChange": "2026-03-03T10:10:21.0617185+00:00",
 "Origin": {"Account": "mystore", "Key": "vtexappkey-mystore-EXAMPLE"}}"""
FED = b"""{"eventId": "3F2A", "handle": "eyJh", "domain": "Fulfillment", "state": "invoiced", "orderId": "v1-01",
 "lastState": "invoice", "lastChange": "2026-03-03T10:10:19.134057Z", "currentChange": "2026-03-03T10:10:21.0617185Z",
 "origin": {"account": "mystore"}}"""


@pytest.mark.parametrize("body", [MINIMAL, FULL, FED])
def test_every_known_shape_says_the_same(body: bytes) -> None:
    assert Notification(
        order_id="v1-01",
        state="invoiced",
        changed_at=datetime(2026, 3, 3, 10, 10, 21, 61718, tzinfo=UTC),
        domain="Fulfillment",
        account="mystore",
    ) == read_notification(body)


def test_a_ping_asks_for_nothing_else() -> None:
    assert Notification(is_ping=True) == read_notification(b'{"hookConfig":"ping"}')


@pytest.mark.parametrize("time", ['"soon"', "null", "17", "{}", '"0001-01-01T00:00:00"'])
def test_a_time_that_cannot_be_read_is_none(time: str) -> None:
    read = read_notification(f'{{"OrderId": "v1-01", "LastChange": {time}}}'.encode())

    assert ("v1-01", None) == (read.order_id, read.changed_at)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "JSON"),
        (b"[]", "OrderId"),
        (b"{}", "OrderId"),
        (b'{"OrderId": ""}', "OrderId"),
        (b'{"OrderId": {"a": 1}}', "OrderId"),
        (b'{"OrderId": "\xff"}', "UTF-8"),
        (b'{"OrderId": "' + b"v" * 201 + b'"}', "too long"),
        (b"[" * 100_000, "deep"),
    ],
)
def test_what_is_no_notification_is_malformed(body: bytes, what: str) -> None:
    with pytest.raises(MalformedPayload, match=what):
        read_notification(body)
