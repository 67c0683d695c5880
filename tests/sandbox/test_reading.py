"""GET order, order-group and the list, with their delays."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import COLLECTED, ORDERS, Clock, Oms, Start


def listed(oms: Oms, **query: object) -> list[str]:
    answer = oms.http.get(ORDERS, params={name: str(value) for name, value in query.items()})
    assert 200 == answer.status_code, answer.text
    return [row["orderId"] for row in answer.json()["list"]]


def test_an_order_is_found_by_its_id_and_by_its_sequence(oms: Oms) -> None:
    oms.seed(order_id="v527103anml-01")

    assert "v527103anml-01" == oms.order("527103")["orderId"]
    assert oms.order("v527103anml-01") == oms.order("527103")


def test_an_order_that_is_not_there_is_not_found(oms: Oms) -> None:
    answer = oms.http.get(f"{ORDERS}/1527103869572-01")

    assert (404, "OMS007") == (answer.status_code, answer.json()["error"]["code"])


def test_an_order_of_two_years_can_be_read_and_an_older_one_not(oms: Oms, clock: Clock) -> None:
    order_id = oms.seed()

    clock.advance(days=730)
    young = oms.http.get(f"{ORDERS}/{order_id}").status_code
    clock.advance(seconds=1)

    assert (200, 404) == (young, oms.http.get(f"{ORDERS}/{order_id}").status_code)


@pytest.mark.parametrize(
    ("order_id", "group", "sequence", "origin", "affiliate", "marketplace_id", "seller_id"),
    [
        ("1527103869572-01", "1527103869572", None, "Marketplace", "", "1527103869572-01", "00-1527103869572-01"),
        ("v527103anml-02", "v527103anml", "527103", "Marketplace", "", "v527103anml-02", "00-v527103anml-02"),
        ("SLR-v527103anml-01", "v527103anml", "527103", "Fulfillment", "SLR", "v527103anml-01", "SLR-v527103anml-01"),
        ("MLB-20001234567", "20001234567", None, "Fulfillment", "MLB", "20001234567", "MLB-20001234567"),
        ("00-v527103anml-01", "v527103anml", "527103", "Fulfillment", "", "v527103anml-01", "00-v527103anml-01"),
        ("v527103anml", "v527103anml", "527103", "Marketplace", "", "v527103anml", "00-v527103anml"),
    ],
)
def test_the_form_of_an_id_tells_the_sides_of_the_sale(
    oms: Oms,
    order_id: str,
    group: str,
    sequence: str | None,
    origin: str,
    affiliate: str,
    marketplace_id: str,
    seller_id: str,
) -> None:
    oms.seed(order_id=order_id)

    order = oms.order(order_id)
    assert (order_id, group, sequence or "500001", origin, affiliate, marketplace_id, seller_id) == tuple(
        order[name]
        for name in (
            "orderId",
            "orderGroup",
            "sequence",
            "origin",
            "affiliateId",
            "marketplaceOrderId",
            "sellerOrderId",
        )
    )


def test_the_fulfillment_id_is_an_alias_only_when_switched_on(start: Start) -> None:
    oms = start()
    oms.seed_invoiced()
    unknown = oms.http.get(f"{ORDERS}/00-1527103869572-01").status_code
    oms.http.put("/sandbox/api/options", json={"fulfillment_alias": True})

    by_alias, by_id = oms.order("00-1527103869572-01"), oms.order()

    assert 404 == unknown
    assert ("00-1527103869572-01", "Fulfillment") == (by_alias["orderId"], by_alias["origin"])
    assert ("1527103869572-01", "Marketplace") == (by_id["orderId"], by_id["origin"])
    assert "00-1527103869572-01" == oms.put(COLLECTED).json()["orderId"]


def test_a_group_gives_all_parts_of_a_split_order(oms: Oms) -> None:
    for order_id in ("v527103anml-01", "v527103anml-02", "v527104anml-01"):
        oms.seed(order_id=order_id)

    group = oms.http.get(f"{ORDERS}/order-group/v527103anml")
    unknown = oms.http.get(f"{ORDERS}/order-group/v1")

    assert ["v527103anml-01", "v527103anml-02"] == [order["orderId"] for order in group.json()]
    assert (404, "OMS007") == (unknown.status_code, unknown.json()["error"]["code"])


def test_a_write_is_seen_only_after_the_read_delay_and_no_write_is_lost_meanwhile(start: Start, clock: Clock) -> None:
    oms = start(read_after_write_delay_seconds=5)
    oms.seed_invoiced()
    oms.put(COLLECTED)
    clock.advance(seconds=3)
    oms.put({**COLLECTED, "description": "Em trânsito"})
    at_three = len(oms.rows())
    clock.advance(seconds=2)
    at_five = len(oms.rows())
    clock.advance(seconds=3)

    assert (0, 1, 2) == (at_three, at_five, len(oms.rows()))


def test_a_new_order_can_be_read_at_once_but_is_listed_late(start: Start, clock: Clock) -> None:
    oms = start(list_lag_seconds=240, read_after_write_delay_seconds=5)
    order_id = oms.seed()
    clock.advance(seconds=239)
    before = listed(oms)
    clock.advance(seconds=1)

    assert order_id == oms.order(order_id)["orderId"]
    assert ([], [order_id]) == (before, listed(oms))


def test_an_order_seeded_with_a_past_is_listed_at_once(start: Start) -> None:
    oms = start(list_lag_seconds=240)

    order_id = oms.seed(invoices=[{"invoice_number": "1", "invoiced_at": "2026-03-03T10:00:00Z"}])

    assert [order_id] == listed(oms)


def test_a_row_of_the_list_has_no_items_and_no_packages(oms: Oms) -> None:
    oms.seed_invoiced()

    (row,) = oms.http.get(ORDERS).json()["list"]

    assert {
        "orderId": "1527103869572-01",
        "creationDate": "2026-03-04T17:04:31+00:00",
        "clientName": "Marina Exemplo",
        "items": None,
        "totalValue": 15990,
        "paymentNames": "Boleto Bancário",
        "status": "invoiced",
        "statusDescription": "Faturado",
        "marketPlaceOrderId": None,
        "sequence": "500001",
        "salesChannel": "1",
        "affiliateId": "",
        "origin": "Marketplace",
        "workflowInErrorState": False,
        "workflowInRetry": False,
        "lastMessageUnread": None,
        "ShippingEstimatedDate": None,
        "ShippingEstimatedDateMax": None,
        "ShippingEstimatedDateMin": None,
        "orderIsComplete": True,
        "listId": None,
        "listType": None,
        "authorizedDate": "2026-03-04T17:04:31+00:00",
        "callCenterOperatorName": None,
        "totalItems": 1,
        "currencyCode": "BRL",
    } == row


def test_the_list_is_paged_and_ends_at_page_thirty(oms: Oms) -> None:
    for number in range(35):
        oms.seed(order_id=f"o-{number:02}", created_at=f"2026-03-01T00:{number:02}:00Z")

    first = oms.http.get(ORDERS).json()
    assert {"total": 35, "pages": 3, "currentPage": 1, "perPage": 15} == first["paging"]
    assert ("o-34", "o-20") == (first["list"][0]["orderId"], first["list"][-1]["orderId"])
    assert ["o-04", "o-03", "o-02", "o-01", "o-00"] == listed(oms, page=3)
    assert ["o-05"] == listed(oms, page=30, per_page=1)
    assert [] == listed(oms, page=31, per_page=1)
    assert 100 == oms.http.get(ORDERS, params={"per_page": 500}).json()["paging"]["perPage"]
    assert 35 == first["stats"]["stats"]["totalValue"]["Count"]


@pytest.fixture
def four(oms: Oms) -> Oms:
    oms.seed(order_id="a-01", status="handling", created_at="2026-02-01T00:00:00Z", value=1, client_name="Ana Um")
    oms.seed(order_id="b-01", status="canceled", created_at="2026-02-03T00:00:00Z", value=4, client_document="11111")
    returned: list[dict[str, Any]] = [{"invoice_number": "1"}, {"invoice_number": "2", "type": "Input"}]
    for invoice in returned:
        invoice["invoiced_at"] = "2026-03-02T12:00:00Z"
    oms.seed(order_id="c-01", created_at="2026-02-02T00:00:00Z", value=3, invoices=returned, client_email="c@c.example")
    oms.seed(order_id="SLR-d-01", created_at="2026-02-04T00:00:00Z", value=2, invoices=[{"invoice_number": "3"}])
    return oms


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["SLR-d-01", "b-01", "c-01", "a-01"]),
        ({"f_status": "handling,canceled"}, ["b-01", "a-01"]),
        ({"f_hasInputInvoice": "true"}, ["c-01"]),
        ({"f_hasInputInvoice": "false"}, ["SLR-d-01", "b-01", "c-01", "a-01"]),
        ({"f_affiliateId": "SLR,MLB"}, ["SLR-d-01"]),
        ({"f_sellerNames": "demo", "f_salesChannel": "1,2"}, ["SLR-d-01", "b-01", "c-01", "a-01"]),
        ({"salesChannelId": "2"}, []),
        ({"f_creationDate": "creationDate:[2026-02-02T00:00:00.000Z TO 2026-02-03T00:00:00.000Z]"}, ["b-01", "c-01"]),
        ({"f_invoicedDate": "invoicedDate:[2026-03-02T00:00:00Z TO 2026-03-02T23:59:59Z]"}, ["c-01"]),
        ({"f_authorizedDate": "authorizedDate:[2026-02-01 TO 2026-02-01]"}, ["a-01"]),
        ({"q": "ana"}, ["a-01"]),
        ({"q": "11111"}, ["b-01"]),
        ({"q": "c@c.example"}, ["c-01"]),
        ({"q": "slr-"}, ["SLR-d-01"]),
        ({"q": "QX004512345BR"}, []),
        ({"orderBy": "creationDate,asc"}, ["a-01", "c-01", "b-01", "SLR-d-01"]),
        ({"orderBy": "totalValue,desc"}, ["b-01", "c-01", "SLR-d-01", "a-01"]),
        ({"orderBy": "orderId,asc"}, ["SLR-d-01", "a-01", "b-01", "c-01"]),
        ({"orderBy": "origin,asc"}, ["SLR-d-01", "a-01", "b-01", "c-01"]),
        ({"orderBy": "items,asc"}, ["SLR-d-01", "a-01", "b-01", "c-01"]),
    ],
)
def test_the_list_filters_and_sorts_by_what_vtex_documents(four: Oms, query: dict[str, str], found: list[str]) -> None:
    assert found == listed(four, **query)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("q=marina+exemplo", "q"),
        ("q=marina%2Bexemplo", "q"),
        ("page=0", "page"),
        ("per_page=many", "per_page"),
        ("orderBy=creationDate", "orderBy"),
        ("f_creationDate=[2026-02-01%20TO%202026-02-02]", "f_creationDate"),
        ("f_invoicedDate=invoicedDate:[then%20TO%20now]", "f_invoicedDate"),
    ],
)
def test_a_search_that_cannot_be_read_is_refused(oms: Oms, query: str, place: str) -> None:
    answer: httpx.Response = oms.http.get(f"{ORDERS}?{query}")

    assert (400, [place]) == (answer.status_code, list(answer.json()["errors"]))


def test_an_order_is_listed_by_when_it_is_invoiced_now_whatever_else_was_said_before(oms: Oms, clock: Clock) -> None:
    oms.http.put("/sandbox/api/options", json={"list_lag_seconds": 60})
    oms.seed(order_id="a-01", value=2)
    waiting = {"f_invoicedDate": "invoicedDate:[2000-01-01T00:00:00Z TO 2100-01-01T00:00:00Z]"}
    clock.advance(seconds=61)
    before = listed(oms, **waiting)

    oms.http.post(
        f"{ORDERS}/a-01/invoice",
        json={
            "type": "Output",
            "invoiceNumber": "7",
            "issuanceDate": clock().isoformat(),
            "invoiceValue": 2,
            "items": [],
        },
    )
    at_once = listed(oms, **waiting)
    clock.advance(seconds=61)

    assert ([], [], ["a-01"]) == (before, at_once, listed(oms, **waiting))
    assert [] == listed(oms, f_invoicedDate="invoicedDate:[2000-01-01T00:00:00Z TO 2000-01-02T00:00:00Z]")
