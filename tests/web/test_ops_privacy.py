"""An order is held, exported and erased by those who may, and that is written down."""

import hashlib
import json
from typing import Any

from sqlalchemy import select

from app.store.schema import audit, shipments, webhooks
from tests.web.stage import Relay

ORDER = {"account": "mystore", "order_id": "v1527103-01", "reason": "asked for"}
NUMBER = "QX904512345BR"


def lived(relay: Relay) -> None:
    """Index an order, and let its carrier tell of it."""
    wanted = {"account": "mystore", "order_id": ORDER["order_id"], "invoice_number": "45781"}
    assert (
        201
        == relay.ops("POST", "/shipments", token="operator", json=wanted | {"tracking_numbers": [NUMBER]}).status_code
    )


def audited(relay: Relay) -> list[Any]:
    return list(relay.on_the_loop(relay.store.read(lambda c: c.execute(select(audit).order_by(audit.c.id)).all())))


def test_a_held_order_is_listed_and_cannot_be_erased_until_it_is_released(relay: Relay) -> None:
    lived(relay)

    assert 204 == relay.ops("POST", "/orders/hold", token="operator", json=ORDER).status_code
    listed = relay.ops("GET", "/orders/held", token="viewer").json()["items"]
    refused = relay.ops("POST", "/orders/erase", token="admin", json=ORDER)

    assert [("mystore", ORDER["order_id"], "operator")] == [(i["account"], i["order_id"], i["actor"]) for i in listed]
    assert (409, "/problems/held") == (refused.status_code, refused.json()["type"])
    assert f"Nothing was erased: the order {ORDER['order_id']} is held" in refused.json()["detail"]
    assert 204 == relay.ops("POST", "/orders/release", token="operator", json=ORDER).status_code
    assert 404 == relay.ops("POST", "/orders/release", token="operator", json=ORDER).status_code
    assert ["order.held", "order.released"] == [entry.action for entry in audited(relay)][-2:]


def test_an_export_holds_every_table_and_its_digest_is_written_down(relay: Relay) -> None:
    lived(relay)

    answer = relay.ops("POST", "/orders/export", token="support", json=ORDER)

    known = json.loads(answer.content)["known"]
    assert [NUMBER] == [each["shown"] for each in known["numbers"]]
    assert known["shipments"][0]["id"].startswith("sh_")
    assert ["shipment.added"] == [each["action"] for each in known["audit"]]
    last = audited(relay)[-1]
    assert ("order.exported", hashlib.sha256(answer.content).hexdigest()) == (last.action, last.detail["sha256"])
    unknown = ORDER | {"order_id": "v9-99"}
    assert 404 == relay.ops("POST", "/orders/export", token="support", json=unknown).status_code


def test_an_erased_order_is_gone_and_stays_away(relay: Relay) -> None:
    lived(relay)

    answer = relay.ops("POST", "/orders/erase", token="admin", json=ORDER)
    again = relay.ops("POST", "/orders/erase", token="admin", json=ORDER)
    wanted = {"account": "mystore", "order_id": ORDER["order_id"], "invoice_number": "45781"}
    added = relay.ops("POST", "/shipments", token="operator", json=wanted)

    assert (True, {"shipments": 1, "numbers": 1, "audit": 1}) == (answer.json()["done"], answer.json()["rows"])
    assert {} == again.json()["rows"]
    assert (409, "/problems/erased") == (added.status_code, added.json()["type"])
    assert [] == relay.on_the_loop(relay.store.read(lambda c: c.execute(select(shipments.c.id)).all()))
    assert [] == relay.on_the_loop(relay.store.read(lambda c: c.execute(select(webhooks.c.id)).all()))
    assert ORDER["order_id"] not in str(audited(relay))


def test_exactly_one_thing_is_named_for_erasure(relay: Relay) -> None:
    both = ORDER | {"tracking_number": NUMBER}
    for body in (both, ORDER | {"invoice_key": "3" * 44}, {"account": "mystore", "reason": "x"}):
        assert 422 == relay.ops("POST", "/orders/erase", token="admin", json=body).status_code
