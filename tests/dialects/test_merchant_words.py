"""What merchants write into free fields."""

import pytest

from app.dialects.merchant_words import merchant_references
from app.model import References
from app.payload import Node, Text, json_document

KEY = "35260500000000000100550010000008121000000177"


def tag(text: str) -> Text:
    return Text(text, f"$.{text}")


def found(references: References) -> tuple[str | None, tuple[str, ...], str | None, str | None]:
    return (
        references.order_id,
        references.alternative_order_ids,
        references.invoice_number,
        references.invoice_key,
    )


@pytest.mark.parametrize(
    ("text", "order", "invoice", "key"),
    [
        ("1450090500012-01", "1450090500012-01", None, None),
        ("order 1450090500012-01 / NF 000812", "1450090500012-01", "000812", None),
        ("SLR-1450090500012-01", "SLR-1450090500012-01", None, None),
        ("NF-000812", None, "000812", None),
        ("Nota fiscal nº 812", None, "812", None),
        ("invoice #000812", None, "000812", None),
        (KEY, None, "812", KEY),
        (f"NFe{KEY}", None, "812", f"NFe{KEY}"),
        ("NF-e 3526 0500 0000 0000 0100 5500 1000 0008 1210 0000 0177", None, "812", None),
        ("A-17", "A-17", None, None),
        ("a gift for 2026-05-06", None, None, None),
    ],
)
def test_a_short_text_is_an_order_unless_it_looks_like_an_invoice(
    text: str, order: str | None, invoice: str | None, key: str | None
) -> None:
    references = merchant_references(tags=[tag(text)])

    assert (order, invoice) == (references.order_id, references.invoice_number)
    assert key is None or key == references.invoice_key


def test_remarks_yield_only_what_looks_like_a_reference() -> None:
    remarks = [tag("A-17"), tag("Pedido 1450090500012-01"), None]

    assert ("1450090500012-01", (), None, None) == found(merchant_references(remarks=remarks))


def test_named_fields_go_first_and_nothing_counts_twice() -> None:
    references = merchant_references(
        tag("900017"), None, tags=[tag("1450090500012-01"), tag("900017")], invoices=[tag("000812")]
    )

    assert ("900017", ("1450090500012-01",), "000812", None) == found(references)


def fields(document: str) -> Node:
    return json_document(document)


def test_the_names_of_a_merchants_fields_say_what_they_hold() -> None:
    document = fields(
        f'{{"order_date": "2026-05-01", "pedido": "1450090500012-01", "nf": 812, "nfe_key": "{KEY}", '
        '"invoice_note": "NF 000813", "colour": "red", "gift": true, "list": ["SLR-1450090500013-01"]}'
    )

    assert ("1450090500012-01", ("SLR-1450090500013-01",), "812", KEY) == found(
        merchant_references(fields=[document.allowed()])
    )


def test_a_text_in_the_place_of_fields_is_a_remark() -> None:
    document = fields('{"metadata": "pedido 1450090500012-01"}')

    assert ("1450090500012-01", (), None, None) == found(merchant_references(fields=[document.get("metadata")]))


def test_nothing_leads_nowhere() -> None:
    assert References() == merchant_references(None, tags=[None], fields=[fields("{}").get("x")], invoices=[None])
