"""Which e-mails VTEX would send to the shopper, and which it is known to leave out."""

from dataclasses import replace
from datetime import datetime

from app.sandbox.orders import Mail, Order, Package, TrackingUpdate

__all__ = ["after_tracking_number", "after_tracking_update"]

_SHIPPED = "vtexcommerce-order-shipped"
_UPDATE = "vtexcommerce-order-shipping-update"
_FINISHED = "vtexcommerce-order-shipping-finished"


def after_tracking_number(order: Order, before: Package | None, after: Package) -> Order:
    """Log the "shipped" e-mail once a package has both its tracking number and its link."""
    had_them = before is not None and _has_link(before)
    if had_them or not _has_link(after):
        return order
    return _log(order, _SHIPPED, after, after.last_change)


def after_tracking_update(order: Order, before: Package, update: TrackingUpdate, now: datetime) -> Order:
    """Log what a PUT makes VTEX send.

    Nothing for the first update and for one equal to the last; one e-mail when the package
    becomes delivered; one for each other change.
    """
    was_finished = before.courier_status is not None and before.courier_status.finished
    if not _has_link(before) or update == before.last_update:
        return order
    if update.is_delivered:
        return order if was_finished else _log(order, _FINISHED, before, now)
    if before.last_update is None:
        return order
    return _log(order, _UPDATE, before, now)


def _has_link(package: Package) -> bool:
    return bool(package.tracking_number and package.tracking_url)


def _log(order: Order, template: str, package: Package, now: datetime) -> Order:
    if order.identity.origin == "Fulfillment":
        # The marketplace side writes to its shopper; the seller's side stays silent.
        return order
    mail = Mail(sent_at=now, template=template, invoice_number=package.invoice_number)
    return replace(order, mails=(*order.mails, mail))
