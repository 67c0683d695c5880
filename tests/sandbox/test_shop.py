"""A shop of many orders: every kind, the same for the same seed, and its staff's work."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

import pytest

from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Order
from app.sandbox.shop import SHOP_KINDS
from app.sandbox.shop_admin import fill_shop
from app.sandbox.state import Sandbox
from tests.sandbox.conftest import ORDERS, Clock, Oms


def filled(count: int, seed: int = 1) -> list[Order]:
    sandbox = Sandbox(SandboxOptions(), Clock())
    counted = asyncio.run(fill_shop(sandbox, count, seed, account="demo"))
    orders = list(sandbox.orders())
    assert counted == Counter(order.kind for order in orders)
    return orders


@pytest.fixture(scope="module")
def shop() -> list[Order]:
    return filled(1500)


def of(shop: list[Order], kind: str) -> list[Order]:
    return [order for order in shop if order.kind == kind]


def numbers(order: Order) -> list[str]:
    return [number for each in order.output_packages for number in (each.tracking_number or "").split(",") if number]


def test_the_same_seed_gives_the_same_shop_and_a_smaller_one_is_its_beginning(shop: list[Order]) -> None:
    assert shop == filled(1500)
    assert shop[:200] == filled(200)
    assert shop != filled(1500, seed=2)


def test_every_kind_is_there_and_every_id_and_sequence_once(shop: list[Order]) -> None:
    assert set(SHOP_KINDS) == {order.kind for order in shop}
    assert 1500 == len({order.order_id for order in shop}) == len({order.sequence for order in shop})


def test_each_kind_is_what_it_is_called(shop: list[Order]) -> None:
    assert {2} == {len(order.output_packages) for order in of(shop, "two-packages")}
    assert {3} == {len(order.output_packages) for order in of(shop, "three-packages")}
    assert {2, 3} == {len(numbers(order)) for order in of(shop, "several-numbers")}
    assert {("Output", "Input")} == {tuple(each.type for each in order.packages) for order in of(shop, "return")}
    assert {"Fulfillment"} == {
        order.identity.origin for kind in ("seller", "external", "fulfillment") for order in of(shop, kind)
    }
    assert {0} == {len(numbers(order)) for order in (*of(shop, "late-number"), *of(shop, "not-invoiced"))}
    assert {True} == {order.awaits_invoice for order in of(shop, "not-invoiced")}
    assert {"canceled"} == {order.status for order in of(shop, "canceled")}
    for order in of(shop, "delivered"):
        assert order.packages[0].courier_status is not None
        assert order.packages[0].courier_status.finished


def test_a_split_order_has_two_parts_of_one_group_and_a_number_is_shared_only_when_recycled(shop: list[Order]) -> None:
    parts = defaultdict(set)
    for order in of(shop, "split"):
        parts[order.identity.order_group].add(order.order_id[-3:])
    holders = defaultdict(list)
    for order in shop:
        for number in numbers(order):
            holders[number].append(order)
    shared = [orders for orders in holders.values() if len(orders) > 1]

    assert {"-01", "-02"} in parts.values()
    assert {2} == {len(orders) for orders in shared}
    assert {("recycled-number", "recycled-number")} == {tuple(str(each.kind) for each in orders) for orders in shared}
    for older, newer in shared:
        assert (newer.created_at - older.created_at).days >= 89


def test_every_order_is_in_the_order_in_which_things_happen(shop: list[Order]) -> None:
    for order in shop:
        for package in order.packages:
            assert order.created_at < package.issuance_date <= Clock().time
            assert package.invoice_key is not None
            assert (44, True) == (len(package.invoice_key), package.invoice_key.isdecimal())


def test_a_shop_is_made_by_the_api_and_read_as_any_order_is(oms: Oms) -> None:
    made = oms.http.post("/sandbox/api/shop", json={"orders": 300, "seed": 3})
    again = oms.http.post("/sandbox/api/shop", json={"orders": 300, "seed": 3})
    page = oms.http.get(ORDERS, params={"per_page": 100, "page": 6}).json()

    assert (201, 201) == (made.status_code, again.status_code)
    assert (300, made.json()["kinds"]) == (made.json()["orders"], again.json()["kinds"])
    assert (600, 6, 100) == (page["paging"]["total"], page["paging"]["pages"], len(page["list"]))
    for row in page["list"]:
        assert row["orderId"] == oms.order(row["orderId"])["orderId"]


@pytest.mark.parametrize("body", [{"orders": 0}, {"orders": 200_001}, {"order": 1}, {"orders": 1, "account": ""}])
def test_a_shop_that_cannot_be_is_refused(oms: Oms, body: dict[str, Any]) -> None:
    assert 422 == oms.http.post("/sandbox/api/shop", json=body).status_code


def test_its_staff_adds_tracking_numbers_and_invoices_and_the_feed_hears_of_it(oms: Oms) -> None:
    queue = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}
    shipped = "$count(packageAttachment.packages[trackingNumber != null]) > 0"
    filter_ = {"type": "FromOrders", "expression": shipped}
    oms.http.post("/api/orders/feed/config", json={"filter": filter_, "queue": queue})
    oms.seed(order_id="v527103anml-01", items=[{"id": "1", "name": "Copo"}, {"id": "2", "name": "Prato"}])

    invoiced = oms.http.post("/sandbox/api/shop/invoices", json={"count": 5}).json()["items"]
    silent = oms.http.get("/api/orders/feed?maxlot=10").json()
    numbered = oms.http.post("/sandbox/api/shop/tracking-numbers", json={}).json()["items"]

    (package,) = oms.order("v527103anml-01")["packageAttachment"]["packages"]
    assert (["000527103"], ["QX000527103BR"]) == (invoiced, numbered)
    assert ("000527103", "QX000527103BR", 2) == (
        package["invoiceNumber"],
        package["trackingNumber"],
        len(package["items"]),
    )
    assert "invoiced" == oms.order("v527103anml-01")["status"]
    heard = oms.http.get("/api/orders/feed?maxlot=10").json()
    assert ([], ["v527103anml-01"]) == (silent, [item["orderId"] for item in heard])
    assert [] == oms.http.post("/sandbox/api/shop/tracking-numbers", json={}).json()["items"]


def test_a_shop_is_announced_only_when_asked_for(oms: Oms) -> None:
    queue = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}
    config = {"filter": {"type": "FromWorkflow", "status": ["invoiced"]}, "queue": queue}
    oms.http.post("/api/orders/feed/config", json=config)

    oms.http.post("/sandbox/api/shop", json={"orders": 50})
    silent = oms.http.get("/api/orders/feed/config").json()["quantity"]
    made = oms.http.post("/sandbox/api/shop", json={"orders": 50, "announce": True}).json()["kinds"]
    announced = oms.http.get("/api/orders/feed/config").json()["quantity"]

    assert (0, 50 - made.get("not-invoiced", 0) - made.get("canceled", 0)) == (silent, announced)
