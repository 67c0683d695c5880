"""The sandbox's own API: seeding, options, journal, another writer's rows, reset."""

from typing import Any

import pytest

from app.sandbox import SandboxOptions
from tests.sandbox.conftest import COLLECTED, COLLECTED_ROW, LEFT, LEFT_ROW, ORDERS, Oms, Start

ROWS = "/sandbox/api/orders/1527103869572-01/invoices/000045781/rows"


@pytest.mark.parametrize(
    ("kind", "order_id"),
    [
        ("numeric", "1500001869572-01"),
        ("alphanumeric", "v500001demo-01"),
        ("seller", "SLR-v500001demo-01"),
        ("external", "MLB-20001500001"),
        ("fulfillment", "00-v500001demo-01"),
    ],
)
def test_an_order_without_an_id_gets_one_of_the_wanted_form(oms: Oms, kind: str, order_id: str) -> None:
    assert order_id == oms.seed(kind=kind)
    assert "500001" == oms.order(order_id)["sequence"]


def test_a_seeded_order_answers_with_its_document_and_its_page(oms: Oms) -> None:
    answer = oms.http.post("/sandbox/api/orders", json={"account": "mystore", "order_id": "v527103anml-01"}).json()

    assert ("mystore", "v527103anml-01") == (answer["account"], answer["order_id"])
    assert oms.http.get(f"/mystore{ORDERS}/v527103anml-01").json() == answer["document"]
    assert 200 == oms.http.get(answer["page"]).status_code


def test_a_seed_decides_what_it_names(oms: Oms) -> None:
    oms.seed(
        order_id="1527103869572-01",
        sequence="612345",
        origin="Chain",
        value=20000,
        created_at="2026-03-01T09:00:00-03:00",
        items=[{"id": "1", "name": "Copo"}, {"id": "2", "name": "Prato", "quantity": 6, "price": 2500}],
        invoices=[
            {
                "invoice_number": "7",
                "invoice_key": "35260300000000000000550010000457811000000017",
                "item_ids": ["2"],
                "courier": "Transportes Exemplo",
                "tracking_number": "QX1",
                "invoiced_at": "2026-03-02T09:00:00-03:00",
                "volumes": 2,
            }
        ],
    )

    order = oms.order("612345")
    assert ("Chain", 20000, "2026-03-01T12:00:00.0000000+00:00", "2026-03-02T12:00:00.0000000+00:00") == (
        order["origin"],
        order["value"],
        order["creationDate"],
        order["invoicedDate"],
    )
    (package,) = order["packageAttachment"]["packages"]
    assert ([(1, "2", 6)], 15000, 2, "https://track.example/QX1") == (
        [(item["itemIndex"], item["id"], item["quantity"]) for item in package["items"]],
        package["invoiceValue"],
        package["volumes"],
        package["trackingUrl"],
    )


@pytest.mark.parametrize(
    ("seed", "status", "text"),
    [
        ({"order_id": "1527103869572-01"}, 409, "account demo already has an order 1527103869572-01"),
        ({"oder_id": "1"}, 422, "oder_id"),
        ({"order_id": "a/b"}, 422, "order_id"),
        ({"items": []}, 422, "items"),
        ({"invoices": [{"invoice_number": ""}]}, 422, "invoice_number"),
        ({"invoices": [{"invoice_number": "1"}, {"invoice_number": "1"}]}, 422, "must not share their number"),
        ({"created_at": "2026-03-01T09:00:00"}, 422, "created_at"),
    ],
)
def test_a_seed_that_makes_no_sense_is_refused(oms: Oms, seed: dict[str, Any], status: int, text: str) -> None:
    oms.seed(order_id="1527103869572-01")

    answer = oms.http.post("/sandbox/api/orders", json=seed)

    assert status == answer.status_code
    assert text in answer.text


def test_orders_can_be_listed_by_account(oms: Oms) -> None:
    oms.seed(account="mystore", order_id="1")
    oms.seed(order_id="2")

    items = oms.http.get("/sandbox/api/orders").json()["items"]
    of_mystore = oms.http.get("/sandbox/api/orders", params={"account": "mystore"}).json()["items"]

    assert (["1", "2"], ["1"]) == ([each["order_id"] for each in items], [each["order_id"] for each in of_mystore])


@pytest.mark.parametrize("mode", ["append", "merge", "replace"])
def test_another_writers_row_is_added_in_every_mode(start: Start, mode: str) -> None:
    oms = start(mode=mode, initial_courier_status="absent")
    oms.seed_invoiced()

    first = oms.http.post(ROWS, json=COLLECTED)
    oms.http.post(ROWS, json=LEFT)

    assert 201 == first.status_code
    assert [LEFT_ROW, COLLECTED_ROW] == oms.rows()
    assert [] == [entry for entry in oms.journal() if entry["method"] != "GET"]


def test_another_writers_row_needs_an_invoice_that_is_there(oms: Oms) -> None:
    missing_order = oms.http.post(ROWS, json=COLLECTED)
    oms.seed_invoiced()
    missing_invoice = oms.http.post(ROWS.replace("000045781", "1"), json=COLLECTED)

    assert [404, 404] == [missing_order.status_code, missing_invoice.status_code]
    assert "account demo has no order 1527103869572-01 with an invoice 1" in missing_invoice.text


def test_options_are_changed_by_name_and_take_effect_at_once(start: Start) -> None:
    oms = start(strict=True)
    oms.seed_invoiced()

    changed = oms.http.put("/sandbox/api/options", json={"mode": "replace", "account_modes": {"other": "append"}})
    oms.put(COLLECTED)
    oms.put(LEFT)

    assert changed.json() == oms.http.get("/sandbox/api/options").json()
    assert ("replace", {"other": "append"}, True) == tuple(
        changed.json()[name] for name in ("mode", "account_modes", "strict")
    )
    assert [LEFT_ROW] == oms.rows()


def test_keys_can_be_configured_at_run_time_and_their_tokens_are_not_shown(oms: Oms) -> None:
    credential = {"account": "demo", "app_key": "key", "app_token": "secret-half", "resources": ["list-orders"]}

    shown = oms.http.put("/sandbox/api/options", json={"credentials": [credential]})

    assert [{"account": "demo", "app_key": "key", "resources": ["list-orders"]}] == shown.json()["credentials"]
    assert "secret-half" not in repr(SandboxOptions()) + shown.text
    assert 401 == oms.http.get(ORDERS).status_code


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"mod": "append"}, "unknown options: mod; known are mode"),
        ({"mode": "upsert"}, "'append', 'replace' or 'merge'"),
        ({"list_lag_seconds": -1}, "list_lag_seconds must lie between 0 and"),
        ({"default_account": ""}, "default_account is empty; name an account"),
    ],
)
def test_an_option_that_is_none_changes_nothing(oms: Oms, changes: dict[str, Any], text: str) -> None:
    before = oms.http.get("/sandbox/api/options").json()

    answer = oms.http.put("/sandbox/api/options", json={"strict": True, **changes})

    assert 422 == answer.status_code
    assert text in answer.json()["detail"]
    assert before == oms.http.get("/sandbox/api/options").json()


def test_the_journal_can_be_narrowed_and_cleared(oms: Oms) -> None:
    oms.seed_invoiced()
    oms.put(COLLECTED)
    oms.order()
    oms.http.get(f"/mystore{ORDERS}")

    def ids(**query: object) -> list[int]:
        answer = oms.http.get("/sandbox/api/journal", params={name: str(value) for name, value in query.items()})
        return [entry["id"] for entry in answer.json()["items"]]

    narrowed = [ids(), ids(route="get-order"), ids(account="mystore"), ids(order_id="1527103869572-01"), ids(after=2)]
    assert [[1, 2, 3], [2], [3], [1, 2], [3]] == narrowed
    assert [1] == ids(limit=1)
    assert 204 == oms.http.delete("/sandbox/api/journal").status_code
    oms.order()
    assert [4] == ids()


def test_a_reset_forgets_everything_and_takes_back_the_first_options(start: Start) -> None:
    oms = start(mode="append")
    oms.seed_invoiced()
    oms.put(COLLECTED)
    oms.http.put("/sandbox/api/options", json={"mode": "replace"})

    assert 204 == oms.http.post("/sandbox/api/reset").status_code
    assert ([], [], "append") == (
        oms.http.get("/sandbox/api/orders").json()["items"],
        oms.journal(),
        oms.http.get("/sandbox/api/options").json()["mode"],
    )
    assert "500001" == oms.order(oms.seed())["sequence"]
