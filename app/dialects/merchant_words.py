"""What merchants write into a carrier's free fields to find their order again: order ids, invoice numbers, keys.

Free text yields only what looks like one of these; a field that is named for orders is taken whole.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.dialects.nfe import AccessKey, invoice_references
from app.model import References
from app.payload import Maybe, Text

__all__ = ["merchant_references"]

_ORDER_ID: Final = re.compile(r"(?<![\w-])(?:\w+-)*\w*\d{5}\w*-\d{2}(?![\w-])")
"""VTEX's own: a number or a seller's prefix and a number, and the two digits of the order's part."""
_INVOICE: Final = re.compile(
    r"(?<![a-z])(?:nf-?e?|nota(?: fiscal)?|invoice|fatura|factura)(?: n\w*)?[\s:#.\u00ba\u00b0-]*(\d{1,9})(?![\d-])",
    re.IGNORECASE,
)
_KEY: Final = re.compile(r"(?<!\w)(?:nfe)?(?:[0-9a-z]{4}[ .-]?){11}(?!\w)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{1,9}")
_INVOICE_FIELD: Final = re.compile(r"invoice|nfe?(?![a-z])|nota|fatura|factura|chave", re.IGNORECASE)
_ORDER_FIELD: Final = re.compile(r"order(?!.?(?:date|time|status|total))|pedido|reference", re.IGNORECASE)


class _Found(NamedTuple):
    orders: list[Text]
    numbers: list[Text]
    keys: list[Text]


def merchant_references(
    *orders: Text | None,
    tags: Iterable[Text | None] = (),
    remarks: Iterable[Text | None] = (),
    fields: Iterable[Maybe] = (),
    invoices: Iterable[Text | None] = (),
) -> References:
    """Collect what leads to the order, the best first.

    Args:
        orders: Fields named for the order's id: taken as they are.
        tags: Short free texts meant to identify: a single word counts as an order id where it looks like nothing else.
        remarks: Free texts that may say anything.
        fields: Objects whose members' names are the merchant's.
        invoices: Fields named for the invoice.

    """
    found = _Found([order for order in orders if order], [], [])
    for place in fields:
        _read_fields(place, found)
    for tag in filter(None, tags):
        _read_text(tag, found)
        if not re.search(r"\s", tag) and not any(tag.path == text.path for texts in found for text in texts):
            found.orders.append(tag)
    for remark in filter(None, remarks):
        _read_text(remark, found)
    for invoice in filter(None, invoices):
        _read_invoice(invoice, found)
    order, *others = dict.fromkeys(found.orders) or (None,)
    about_invoice, _ = invoice_references(
        key=next(iter(found.keys), None),
        number=next(iter(found.numbers), None),
    )
    return References(
        order_id=order,
        alternative_order_ids=tuple(filter(None, others)),
        invoice_number=about_invoice.invoice_number,
        invoice_series=about_invoice.invoice_series,
        invoice_key=about_invoice.invoice_key,
        issuer=about_invoice.issuer,
    )


def _read_fields(place: Maybe, found: _Found) -> None:
    """Read an object of the merchant's; the names say what is what, else the looks of the values."""
    if (whole := place.text()) is not None:
        _read_text(whole, found)
    for name, value in place.members():
        for text in value.texts():
            if _INVOICE_FIELD.search(name):
                _read_invoice(text, found)
            elif _ORDER_FIELD.search(name):
                found.orders.append(text)
            else:
                _read_text(text, found)


def _read_invoice(text: Text, found: _Found) -> None:
    if AccessKey.read(text):
        found.keys.append(text)
    elif _NUMBER.fullmatch(text):
        found.numbers.append(text)
    else:
        _read_text(text, found)


def _read_text(text: Text, found: _Found) -> None:
    keys = [key for key in _all(_KEY, text) if AccessKey.read(key)]
    found.keys.extend(keys)
    # A key in groups of four would look like a number after its "NF-e".
    rest = Text(_KEY.sub(" ", text), text.path) if keys else text
    found.orders.extend(_all(_ORDER_ID, rest))
    found.numbers.extend(_all(_INVOICE, rest))


def _all(pattern: re.Pattern[str], text: Text) -> Iterator[Text]:
    return (Text(match[match.lastindex or 0].strip(), text.path) for match in pattern.finditer(text))
