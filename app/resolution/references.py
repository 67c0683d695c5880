"""Compare what carriers say of orders and invoices with what VTEX has."""

from app.model import normalise_number
from app.numbering import Invoice
from app.store import Candidate, Facts

__all__ = ["named_invoices", "named_orders", "same_invoice", "same_issuer"]

_SERIES = slice(22, 25)
_ISSUER = slice(6, 20)


def named_orders(facts: Facts) -> tuple[str, ...]:
    """List the orders that are named, those that rules made last."""
    references = facts.references
    named = (references.order_id, *references.alternative_order_ids, *facts.derived.order_ids)
    return tuple(str(order) for order in named if order)


def named_invoices(facts: Facts) -> tuple[Invoice, ...]:
    """List the invoices that are named: the carrier's own word, else what rules made of its numbers."""
    references = facts.references
    if not references.invoice_number:
        return facts.derived.invoices
    return (Invoice(number=references.invoice_number, series=references.invoice_series, issuer=references.issuer),)


def same_invoice(left: str, right: str) -> bool:
    """Compare invoice numbers; zeros before them do not matter."""
    return left.strip().lstrip("0") == right.strip().lstrip("0")


def same_issuer(candidate: Candidate, invoice: Invoice) -> bool:
    """Compare issuer and series with those that the shipment's NF-e key encodes, where both sides have them."""
    key = candidate.invoice_key
    if not key:
        return invoice.issuer is None and invoice.series is None
    same = invoice.issuer is None or key[_ISSUER] == normalise_number(invoice.issuer)
    return same and (invoice.series is None or key[_SERIES].lstrip("0") == invoice.series.strip().lstrip("0"))
