"""The pages of a shop: searching its orders, its staff's buttons, and the state of hooks and feeds."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.conftest import Oms, Start
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.test_pages import Page, page

ORDER = "/orders/v527103anml-01"
SHIPPED = {
    "type": "FromOrders",
    "expression": "$count(packageAttachment.packages[trackingNumber != null]) > 0",
    "disableSingleFire": True,
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def hooked(start: Start, receiver: Receiver) -> Oms:
    oms = start(hook_delivery="by_hand")
    config = {"filter": SHIPPED, "hook": {"url": receiver.url, "headers": {"key": "a-shared-secret"}}}
    assert 200 == oms.http.post("/api/orders/hook/config", json=config).status_code
    return oms


def token(oms: Oms, path: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', oms.http.get(path).text)
    assert found
    return found[1]


def send(oms: Oms, path: str, **fields: str) -> httpx.Response:
    return oms.http.post(path, data={"token": token(oms, path), **fields})


def found(oms: Oms, **query: str) -> list[str]:
    links = [href for href in page(oms, "/", **query).hrefs() if href.startswith("/orders/")]
    return sorted(link.removeprefix("/orders/").partition("?")[0] for link in links)


@pytest.mark.parametrize("text", ["527103ANML", "marina ex", "marina@", "000045781", "qx0045", " QX004512345BR "])
def test_an_order_is_found_by_what_people_know_of_it(oms: Oms, text: str) -> None:
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "000045781", "tracking_number": "QX004512345BR"}])
    oms.seed(order_id="1527104869572-01", client_name="Otávio", client_email="otavio@shopper.example")

    assert ["v527103anml-01"] == found(oms, q=text)
    assert "No order is like that." in page(oms, "/", q="nobody").text


def test_a_shop_is_shown_kind_by_kind_and_fifty_orders_a_page(oms: Oms) -> None:
    kinds = oms.http.post("/sandbox/api/shop", json={"orders": 120}).json()["kinds"]

    pages = [found(oms, page=number) for number in ("1", "2", "3", "4")]

    assert [50, 50, 20, 0] == [len(each) for each in pages]
    assert 120 == len({order_id for each in pages for order_id in each})
    assert kinds["split"] == len(found(oms, kind="split"))
    assert [] == found(oms, kind="none")
    second = page(oms, "/", page="2", lang="pt", kind="")
    assert "120 encontrados · Página 2 de 3" in second.text
    assert {"/?lang=pt&page=1", "/?lang=pt&page=3"} <= set(second.hrefs())
    assert [422, 422] == [oms.http.get(f"/?page={each}").status_code for each in ("0", "x")]


def test_the_staff_invoices_an_order_and_then_adds_its_number(hooked: Oms, receiver: Receiver) -> None:
    hooked.seed(order_id="v527103anml-01")

    invoiced = send(hooked, ORDER, work="invoice")
    numbered = send(hooked, ORDER, work="number", invoice="000527103", number=" QX9 ")
    hooked.http.post("/sandbox/api/notifications/send")

    assert [(303, ORDER)] * 2 == [(each.status_code, each.headers["location"]) for each in (invoiced, numbered)]
    (package,) = hooked.order("v527103anml-01")["packageAttachment"]["packages"]
    assert ("000527103", "QX9", "https://track.example/QX9") == (
        package["invoiceNumber"],
        package["trackingNumber"],
        package["trackingUrl"],
    )
    assert [("v527103anml-01", "invoiced")] == receiver.states()


@pytest.mark.parametrize(
    "fields",
    [
        {"work": "invoice"},
        {"work": "number", "invoice": "000045781", "number": "QX9"},
        {"work": "number", "invoice": "none", "number": "QX9"},
        {"work": "burn"},
        {},
    ],
)
def test_what_an_order_does_not_let_is_refused_in_words(oms: Oms, fields: dict[str, str]) -> None:
    oms.seed_invoiced()
    path = "/orders/1527103869572-01"
    before = oms.order()

    answer = send(oms, path, **fields)

    assert (422, before) == (answer.status_code, oms.order())
    assert "Nothing was done" in Page(answer.text).text
    assert 404 == oms.http.post("/orders/none").status_code


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "elsewhere.example"}],
)
@pytest.mark.parametrize("path", [ORDER, "/notifications"])
def test_a_form_of_another_site_does_nothing(
    hooked: Oms, receiver: Receiver, path: str, headers: dict[str, str]
) -> None:
    hooked.seed(order_id="v527103anml-01")
    hooked.seed(order_id="o-1", invoices=[{"invoice_number": "1", "tracking_number": "QX1"}])
    fields = {"token": token(hooked, path), "work": "invoice", "id": "all"}
    if "Host" in headers:
        headers, fields = {}, {**fields, "token": "guessed"}

    answer = hooked.http.post(path, data=fields, headers=headers)

    assert (403, []) == (answer.status_code, receiver.notifications)
    assert "ready-for-handling" == hooked.order("v527103anml-01")["status"]


def test_what_waits_is_shown_with_its_tries_and_sent_at_a_press(hooked: Oms, receiver: Receiver) -> None:
    receiver.status = 503
    for number in (1, 2):
        hooked.seed(order_id=f"o-{number}", invoices=[{"invoice_number": "1", "tracking_number": f"QX{number}"}])
    hooked.http.post("/sandbox/api/notifications/send")
    shown = page(hooked, "/notifications").text
    receiver.status = 200

    one = send(hooked, "/notifications", id="1")
    after_one = page(hooked, "/notifications").text
    send(hooked, "/notifications", id="all")
    after_all = page(hooked, "/notifications").text

    assert "1 o-1 invoiced Fulfillment 1 503 18:04:32.052 Send now #1" in shown
    assert "Hook and feed 2" in shown, "every page says how many failed"
    assert (303, "/notifications") == (one.status_code, one.headers["location"])
    assert "1 o-1 invoiced Fulfillment delivered 2 200" in after_one
    assert "Hook and feed 1" in after_one
    assert "Nothing waits." in after_all
    sent = [each["OrderId"] for each in receiver.notifications]
    assert ({"o-1", "o-2"}, ["o-1", "o-2"]) == (set(sent[:2]), sent[2:])


def test_the_page_tells_each_hook_and_feed_without_its_credentials(hooked: Oms) -> None:
    queue = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}
    hooked.http.post(
        "/api/orders/feed/config", json={"filter": {"type": "FromOrders", "expression": "$sum(a)"}, "queue": queue}
    )

    shown = page(hooked, "/notifications", lang="pt")

    assert str(SHIPPED["expression"]) in shown.text
    assert "$sum(a) não entendido: nunca vale" in shown.text
    assert "a-shared-secret" not in shown.text
    assert "07/03/2026 18:04" in shown.text, "three days after it was configured"


def test_a_live_page_has_no_field_that_its_next_renewal_would_empty(oms: Oms) -> None:
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])

    for path in ("/", ORDER):
        fields = [a for tag, a in page(oms, path, live="1").tags if tag == "input" and a.get("type") != "hidden"]
        assert [] == fields
        assert [a for tag, a in page(oms, path).tags if tag == "input" and a.get("type") != "hidden"]
