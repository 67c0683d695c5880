"""The pages: what a shopper would see, and what the sandbox saw."""

import re
from html import unescape
from typing import Any

import pytest

from app.sandbox.shop_words import SHOP_WORDS
from app.sandbox.words import WORDS, money
from tests.sandbox.conftest import COLLECTED, LEFT, ON_ROUTE, ORDERS, Clock, Oms, Start

PAGE = "/orders/1527103869572-01"
TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>[^>]*)>")
ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
VOID = {"meta", "link", "img", "br", "input"}


class Page:
    """The tags of a page and its text. Tags must be closed in order; Jinja escapes > in values."""

    def __init__(self, html: str) -> None:
        html = html.removeprefix("<!doctype html>")
        self.text = " ".join(unescape(TAG.sub(" ", html)).split())
        self.tags: list[tuple[str, dict[str, str]]] = []
        open_tags: list[str] = []
        for match in TAG.finditer(html):
            name = match["name"]
            if match["end"]:
                assert name == open_tags.pop()
                continue
            attributes = ATTRIBUTE.findall(match["attributes"])
            self.tags.append((name, {key: unescape(value) for key, value in attributes}))
            if name not in VOID:
                open_tags.append(name)
        assert [] == open_tags

    def hrefs(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


def page(oms: Oms, path: str, **query: str) -> Page:
    answer = oms.http.get(path, params=query)
    assert 200 == answer.status_code
    return Page(answer.text)


def steps(oms: Oms) -> list[str]:
    return [attributes["class"] for tag, attributes in page(oms, PAGE).tags if tag == "li"]


def test_an_order_shows_its_package_and_its_timeline_newest_first_in_utc(oms: Oms) -> None:
    oms.seed_invoiced(courier="Transportes Exemplo")
    oms.put(COLLECTED, ON_ROUTE, LEFT)

    text = page(oms, PAGE).text

    assert "Package 1 of 1 On its way" in text
    assert "Tracking number QX004512345BR Carrier Transportes Exemplo Invoice 000045781" in text
    assert (
        "4 Mar 2026, 11:00 Campinas, SP Saiu para entrega "
        "3 Mar 2026, 12:30 Jundiaí, SP Em trânsito "
        "2 Mar 2026, 13:00 Campinas, SP Coletado "
        "Times are printed in UTC, as the account page of a VTEX store prints them."
    ) in text


def test_a_delivered_package_says_so_with_its_date(oms: Oms) -> None:
    oms.seed_invoiced()
    oms.put(ON_ROUTE, isDelivered=True, deliveredDate="2026-03-04 15:10")

    assert "✓ Delivered on 4 Mar 2026, 15:10 UTC" in page(oms, PAGE).text
    assert "✓ Entregue em 04/03/2026 15:10 UTC" in page(oms, PAGE, lang="pt").text


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("payment-pending", ["ahead", "ahead", "ahead", "ahead"]),
        ("payment-approved", ["current", "ahead", "ahead", "ahead"]),
        ("ready-for-handling", ["done", "current", "ahead", "ahead"]),
        ("handling", ["done", "current", "ahead", "ahead"]),
        ("canceled", []),
    ],
)
def test_the_steps_follow_the_status_before_the_invoice(oms: Oms, status: str, states: list[str]) -> None:
    oms.seed(order_id="1527103869572-01", status=status)

    assert states == steps(oms)
    assert ("This order was canceled." in page(oms, PAGE).text) == (status == "canceled")


def test_one_package_holds_the_whole_order_back_and_a_return_does_not(oms: Oms) -> None:
    invoices: list[dict[str, Any]] = [{"invoice_number": "1"}, {"invoice_number": "2"}]
    oms.seed(order_id="1527103869572-01", invoices=[*invoices, {"invoice_number": "3", "type": "Input"}])

    seen = [steps(oms)]
    for invoice, delivered in (("1", True), ("2", False), ("2", True)):
        oms.put(COLLECTED, invoice=invoice, isDelivered=delivered)
        seen.append(steps(oms))

    assert [
        ["done", "current", "ahead", "ahead"],
        ["done", "current", "ahead", "ahead"],
        ["done", "done", "current", "ahead"],
        ["done", "done", "done", "done"],
    ] == seen
    assert "Return 3 of 3 Waiting for the carrier" in page(oms, PAGE).text


def test_an_order_says_what_it_lacks(start: Start) -> None:
    oms = start(initial_courier_status="absent")
    empty = page(oms, "/").text
    oms.seed(order_id="1527103869572-01")
    bare = page(oms, PAGE).text
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])

    assert "No orders yet" in empty
    assert "Nothing has been invoiced yet" in bare
    assert "Tracking number not given Carrier not given" in page(oms, "/orders/v527103anml-01").text
    assert "No tracking events yet." in page(oms, "/orders/v527103anml-01").text


def test_below_the_order_stand_its_e_mails_and_its_calls(oms: Oms) -> None:
    oms.seed_invoiced()
    oms.seed(order_id="v527103anml-01")
    oms.put(COLLECTED)
    oms.put({"date": "yesterday"})
    oms.http.get(f"{ORDERS}/v527103anml-01")

    text = page(oms, PAGE).text

    assert "Sent (UTC) Template Invoice 4 Mar 2026, 18:04 vtexcommerce-order-shipped 000045781" in text
    assert text.index("400") < text.index("200"), "the newest call stands first"
    assert re.search(r'18:04:31\.052 PUT put-tracking Invoice 000045781 200 [\d.]+ ms show Body #1 { "isDeliv', text)
    assert "'yesterday' is not a date" in text
    assert "get-order" not in text


def test_the_journal_page_shows_the_latest_calls_and_leads_to_their_orders(oms: Oms) -> None:
    for number in range(201):
        oms.http.get(f"/mystore{ORDERS}/n-{number}")
    oms.http.get(ORDERS)

    all_calls, one_account = page(oms, "/journal"), page(oms, "/journal", account="mystore")

    assert "200 shown, of 202." in all_calls.text
    assert "200 shown, of 201." in one_account.text
    assert "/orders/n-200?account=mystore" in all_calls.hrefs()
    assert "/orders/n-2?account=mystore" in all_calls.hrefs()
    assert "/orders/n-1?account=mystore" not in all_calls.hrefs()


def test_the_list_of_orders_shows_the_last_changed_first_and_links_to_each(oms: Oms, clock: Clock) -> None:
    oms.seed(order_id="1527103869572-01", account="mystore")
    clock.advance(hours=1)
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1", "tracking_number": "QX1"}])

    parsed = page(oms, "/", lang="pt")

    links = [href for href in parsed.hrefs() if href.startswith("/orders")]
    assert [
        "/orders/v527103anml-01?account=demo&lang=pt",
        "/orders/1527103869572-01?account=mystore&lang=pt",
    ] == links
    assert "v527103anml-01 demo Marina Exemplo Faturado QX1 : Aguardando a transportadora" in parsed.text
    assert "v527103anml-01" not in page(oms, "/", account="mystore").text


def test_orders_of_one_id_in_two_accounts_are_told_apart(oms: Oms) -> None:
    for account in ("demo", "mystore"):
        oms.seed(account=account, order_id="1527103869572-01", client_name=f"Fulana {account}")

    assert "Fulana mystore" in page(oms, PAGE, account="mystore").text


def test_a_page_refreshes_itself_only_when_live(oms: Oms) -> None:
    oms.seed_invoiced()

    still, live = page(oms, PAGE), page(oms, PAGE, live="1", lang="pt")

    assert [] == [attributes for tag, attributes in still.tags if attributes.get("http-equiv")]
    assert [{"http-equiv": "refresh", "content": "2"}] == [
        attributes for tag, attributes in live.tags if attributes.get("http-equiv")
    ]
    assert f"{PAGE}?live=1" in still.hrefs()
    assert {f"{PAGE}?lang=pt", f"{PAGE}?lang=en&live=1"} <= set(live.hrefs())


def test_an_unknown_order_has_a_page_that_says_so(oms: Oms) -> None:
    answer = oms.http.get("/orders/%3Cb%3E?lang=pt")

    assert 404 == answer.status_code
    assert "Pedido não encontrado" in answer.text
    assert "&lt;b&gt;" in answer.text


def test_text_of_carriers_and_shoppers_is_shown_as_text(oms: Oms) -> None:
    oms.seed(
        order_id="1527103869572-01",
        client_name="<script>alert(1)</script>",
        invoices=[{"invoice_number": "000045781", "tracking_number": "X", "tracking_url": "javascript:alert(1)"}],
    )
    oms.put({**COLLECTED, "description": "<img src=x onerror=alert(1)>"})

    for path in (PAGE, "/", "/journal"):
        parsed = page(oms, path)
        assert [] == [tag for tag, _ in parsed.tags if tag == "script"]
        assert [] == [href for href in parsed.hrefs() if "javascript" in href]
        assert {f"{STATIC}/icon.svg"} == {attributes["src"] for tag, attributes in parsed.tags if tag == "img"}
    assert "<img src=x onerror=alert(1)>" in page(oms, PAGE).text


STATIC = "/sandbox/static"


@pytest.mark.parametrize("path", ["/", "/journal", PAGE, "/orders/none"])
def test_pages_run_no_script_and_carry_no_style_of_their_own(oms: Oms, path: str) -> None:
    oms.seed_invoiced()
    oms.put(COLLECTED)

    answer = oms.http.get(path)

    target = "'self'" if path in {"/", PAGE} else "'none'"
    assert (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action {target}; frame-ancestors 'none'"
    ) == answer.headers["content-security-policy"]
    tags = Page(answer.text).tags
    assert not {"script", "style"} & {tag for tag, _ in tags}
    assert not {"style", "onclick", "onload"} & {name for _, attributes in tags for name in attributes}
    for kind in ("sandbox.css", "icon.svg"):
        assert f"{STATIC}/{kind}" in answer.text
        assert 200 == oms.http.get(f"{STATIC}/{kind}").status_code


def test_both_languages_have_every_word(oms: Oms) -> None:
    assert WORDS["en"].keys() == WORDS["pt"].keys()
    assert SHOP_WORDS["en"].keys() == SHOP_WORDS["pt"].keys()
    assert ("R$ 1,234.50", "R$ 1.234,50") == (money(123450, "en"), money(123450, "pt"))
    assert ["en", "pt-BR", "en"] == [
        page(oms, "/", lang=language).tags[0][1]["lang"] for language in ("en", "pt", "xx")
    ]
