"""An order is found by whatever a person has in hand, and only by who may see it."""

from typing import Any

import pytest
from sqlalchemy import Connection, update
from typer.testing import CliRunner

from app.cli.application import application
from app.store.schema import shipments
from tests.web.stage import Relay, webhook_body

KEY = "35260312345678000195550010000457811234567890"
KNOWN = (
    ("v527103anml-01", "000045781", "QX004512345BR", KEY),
    ("v527103anml-02", "45782", "QX-2", None),
    ("v5271039anml-01", "45783", "QX-3", None),
    ("1527103869572-01", "45784", "QX-4", None),
)


@pytest.fixture
def ids(relay: Relay) -> dict[str, str]:
    """Add some orders; return their ids by order."""
    found = {}
    for order, invoice, number, key in KNOWN:
        asked = {
            "account": "mystore",
            "order_id": order,
            "invoice_number": invoice,
            "tracking_numbers": [number],
            "invoice_key": key,
        }
        found[order] = relay.ops("POST", "/shipments", json=asked).json()["id"]

    class Told:
        def run(self, connection: Connection) -> None:
            its = shipments.c.order_id == "1527103869572-01"
            connection.execute(update(shipments).where(its).values(sequence="500123"))

    relay.on_the_loop(relay.store.write(Told()))
    return found


def found(relay: Relay, text: str, token: str = "viewer", **more: Any) -> list[tuple[str, str]]:
    answer = relay.ops("GET", "/search", token=token, params={"q": text, **more})
    assert 200 == answer.status_code, answer.text
    return [(item["by"], item["shipment"]["order_id"]) for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qx 0045.12345-br", [("tracking-number", "v527103anml-01")]),
        ("v527103anml-02", [("order-id", "v527103anml-02")]),
        ("v527103anml", [("order-group", "v527103anml-02"), ("order-group", "v527103anml-01")]),
        ("527103", [("sequence", "v527103anml-02"), ("sequence", "v527103anml-01")]),
        ("500123", [("sequence", "1527103869572-01")]),
        ("1527103869572", [("order-group", "1527103869572-01")]),
        ("45781", [("invoice-number", "v527103anml-01")]),
        ("0045784", [("invoice-number", "1527103869572-01")]),
        (KEY, [("invoice-key", "v527103anml-01")]),
        (" " + KEY[:4] + " " + KEY[4:], [("invoice-key", "v527103anml-01")]),
        ("v527103anm", []),
        ("%", []),
    ],
)
def test_whatever_is_known_of_an_order_finds_it(
    relay: Relay, ids: dict[str, str], text: str, expected: list[tuple[str, str]]
) -> None:
    assert len(ids) == len(KNOWN)
    assert expected == found(relay, text)


def test_others_orders_are_not_found_and_not_asked_for(relay: Relay, ids: dict[str, str]) -> None:
    asked = {"account": "other", "order_id": "v527103anml-03", "invoice_number": "45781"}
    other = relay.ops("POST", "/shipments", json=asked).json()["id"]

    assert other not in ids.values()
    assert 3 == len(found(relay, "v527103anml"))
    assert 2 == len(found(relay, "v527103anml", "mystore-operator"))
    assert [("order-group", "v527103anml-03")] == found(relay, "v527103anml", account="other")
    refused = relay.ops("GET", "/search", token="mystore-operator", params={"q": "1", "account": "other"})
    assert 403 == refused.status_code
    assert 422 == relay.ops("GET", "/search", params={"q": ""}).status_code


def test_what_waits_for_its_order_is_found_by_those_who_may_see_it(relay: Relay) -> None:
    for owner in ("mystore", "brands"):
        relay.deliver(webhook_body("QX004512345BR"), path=f"/webhooks/signed/{owner}")
        relay.read()

    def waiting(token: str, **more: str) -> list[str]:
        params = {"q": "QX004512345BR", **more}
        return [item["owner"] for item in relay.ops("GET", "/search", token=token, params=params).json()["waiting"]]

    assert ["brands", "mystore"] == waiting("viewer")
    assert ["mystore"] == waiting("mystore-operator")
    assert ["brands"] == waiting("viewer", account="other")


def test_what_is_left_out_is_said(relay: Relay, ids: dict[str, str]) -> None:
    answer = relay.ops("GET", "/search", params={"q": "v527103anml", "limit": 1}).json()

    assert ([ids["v527103anml-02"]], True) == ([item["shipment"]["id"] for item in answer["items"]], answer["is_more"])


def test_the_command_shows_what_was_found_by_what(
    relay: Relay, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_OPS_URL", relay.stage.url)
    monkeypatch.setenv("RELAY_OPS_TOKEN", "token-of-viewer")

    group = CliRunner().invoke(application, ["find", "v527103anml"])
    nothing = CliRunner().invoke(application, ["find", "NOBODYS"])
    as_json = CliRunner().invoke(application, ["find", "500123", "--json"])

    assert (0, True) == (group.exit_code, ids["v527103anml-02"] in group.output and "order-group" in group.output)
    assert (1, "Nothing fits.\n") == (nothing.exit_code, nothing.output)
    assert '"by":"sequence"' in as_json.output
