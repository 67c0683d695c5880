"""Only an admin erases an account, only one that is not configured, and it is written down."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.store import AddShipment, IndexedShipment
from app.store.holding import HoldOrder
from app.store.schema import audit
from tests.web.conftest import Start
from tests.web.stage import Relay

WHY = {"reason": "they left"}


def leave(relay: Relay, account: str = "gone") -> None:
    """Store a shipment of an account that is not configured."""
    given = relay.dependencies
    operation = AddShipment(
        shipment=IndexedShipment(account=account, order_id="v1-01", invoice_number="1", tracking_numbers=("A1",)),
        resolve=given.resolve,
        members=given.members,
        ids=given.store.ids,
        now=given.now(),
    )
    relay.on_the_loop(given.store.write(operation))


def test_an_admin_erases_what_is_left_and_that_is_audited(relay: Relay) -> None:
    leave(relay)

    first = relay.ops("POST", "/accounts/gone/erase", token="admin", json=WHY)
    again = relay.ops("POST", "/accounts/gone/erase", token="admin", json=WHY)

    assert {"account": "gone", "done": True, "rows": {"shipments": 1, "numbers": 1}} == first.json()
    assert 404 == again.status_code
    (entry,) = relay.on_the_loop(relay.store.read(lambda connection: connection.execute(select(audit)).all()))
    assert ("admin", "account.erased", "account:gone", "they left") == (
        entry.actor,
        entry.action,
        entry.target,
        entry.reason,
    )


@pytest.mark.parametrize("name", ["mystore", "brands"])
def test_what_is_configured_is_not_erased(relay: Relay, name: str) -> None:
    leave(relay, name)

    answer = relay.ops("POST", f"/accounts/{name}/erase", token="admin", json=WHY)

    assert (409, "/problems/account-state") == (answer.status_code, answer.json()["type"])
    assert "is still configured: take it out of the settings" in answer.json()["detail"]


def test_nobody_else_erases(relay: Relay) -> None:
    leave(relay)

    assert 401 == relay.http.post("/ops/v1/accounts/gone/erase", json=WHY).status_code
    for token in ("viewer", "support", "operator", "mystore-operator"):
        assert 403 == relay.ops("POST", "/accounts/gone/erase", token=token, json=WHY).status_code
    assert 422 == relay.ops("POST", "/accounts/gone/erase", token="admin", json={}).status_code


def test_an_admin_of_one_account_does_not_see_another(start: Start, relay: Relay) -> None:
    leave(relay)
    limited = tuple(replace(token, accounts=frozenset({"mystore"})) for token in relay.dependencies.tokens)

    assert 404 == start(tokens=limited).ops("POST", "/accounts/gone/erase", token="admin", json=WHY).status_code


def test_an_account_with_held_orders_is_not_erased_and_they_are_named(relay: Relay) -> None:
    leave(relay)
    given = relay.dependencies
    who = {"account": "gone", "order_id": "v1-01", "actor": "ana", "reason": "disputed"}
    relay.on_the_loop(given.store.write(HoldOrder(**who, ids=given.store.ids, now=given.now())))

    refused = relay.ops("POST", "/accounts/gone/erase", token="admin", json=WHY)

    assert (409, "/problems/held") == (refused.status_code, refused.json()["type"])
    assert "Orders of gone are held: v1-01." in refused.json()["detail"]
