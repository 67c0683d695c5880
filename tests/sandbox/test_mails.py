"""The e-mails that VTEX sends, and those it is known not to."""

from tests.sandbox.conftest import COLLECTED, LEFT, ON_ROUTE, ORDERS, Oms


def test_a_package_is_announced_once_it_has_both_number_and_link(oms: Oms) -> None:
    oms.seed_invoiced(tracking_url=None)
    before = oms.mails()
    path = f"{ORDERS}/1527103869572-01/invoice/000045781"

    oms.http.patch(path, json={"trackingUrl": "https://track.example/QX004512345BR"})
    oms.http.patch(path, json={"courier": "Transportes Exemplo"})

    assert ([], ["shipped"]) == (before, oms.mails())


def test_an_invoice_posted_with_number_and_link_announces_its_package(oms: Oms) -> None:
    oms.seed(order_id="1527103869572-01")

    oms.http.post(
        f"{ORDERS}/1527103869572-01/invoice",
        json={"invoiceNumber": "1", "trackingNumber": "QX1", "trackingUrl": "https://track.example/QX1"},
    )

    assert ["shipped"] == oms.mails()


def test_the_first_update_and_an_identical_one_send_nothing_and_a_different_one_does(oms: Oms) -> None:
    oms.seed_invoiced()

    sent = []
    for events in ([COLLECTED], [COLLECTED], [COLLECTED, LEFT], [COLLECTED, LEFT]):
        oms.put(*events)
        sent.append(oms.mails())

    one = ["shipped"]
    assert [one, one, [*one, "shipping-update"], [*one, "shipping-update"]] == sent


def test_the_delivery_is_written_about_once_even_when_it_is_the_first_update(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.put(ON_ROUTE, isDelivered=True)
    oms.put(ON_ROUTE, LEFT, isDelivered=True)

    assert ["shipped", "shipping-finished"] == oms.mails()


def test_a_package_without_a_link_is_never_written_about(oms: Oms) -> None:
    oms.seed_invoiced(tracking_url=None)

    oms.put(COLLECTED)
    oms.put(LEFT)
    oms.put(ON_ROUTE, isDelivered=True)

    assert [] == oms.mails()


def test_the_sellers_side_of_a_sale_is_silent(oms: Oms) -> None:
    oms.seed(
        order_id="1527103869572-01",
        origin="Fulfillment",
        invoices=[{"invoice_number": "000045781", "tracking_number": "QX004512345BR"}],
    )

    oms.put(COLLECTED)
    oms.put(ON_ROUTE, isDelivered=True)

    assert [] == oms.mails()
