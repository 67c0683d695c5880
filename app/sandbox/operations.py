"""The routes of orders, invoices and tracking, each as a value with a function."""

import logging
from dataclasses import replace

from app.sandbox.answers import Answer, oms_error, problem, receipt, success
from app.sandbox.calls import Call, Operation, refused_body
from app.sandbox.documents import order_document
from app.sandbox.fields import Fields
from app.sandbox.invoicing import read_change, read_invoice, with_change, with_invoice
from app.sandbox.listing import invoiced_between, list_orders
from app.sandbox.mail import after_tracking_update
from app.sandbox.orders import Order, Package
from app.sandbox.state import Sandbox
from app.sandbox.tracking import read_update, updated_package

__all__ = ["ORDER_OPERATIONS"]

_log = logging.getLogger(__name__)


def update_tracking(sandbox: Sandbox, call: Call) -> Answer:
    """Add tracking events to a package."""
    target = _target(sandbox, call)
    if isinstance(target, Answer):
        return target
    order, package = target
    fields = _fields(sandbox, call)
    if isinstance(fields, Answer):
        return fields
    update = read_update(fields)
    if not package.tracking_number and sandbox.options.without_tracking_number == "reject":
        fields.complain("invoiceNumber", "has no tracking number; PATCH the invoice first")
    if fields.problems:
        return problem(400, fields.problems)
    if package.type == "Input":
        _log.warning(
            "tracking sent for the return invoice %s of order %s",
            package.invoice_number,
            order.order_id,
        )
    mode, now = sandbox.options.mode_of(call.account), call.received_at
    changed = updated_package(package, update, sandbox.options, mode, now)
    order_then = replace(order.with_package(changed), last_change=now)
    sandbox.save(after_tracking_update(order_then, package, update, now))
    return _receipt(sandbox, order, call)


def change_invoice(sandbox: Sandbox, call: Call) -> Answer:
    """Set the tracking number, the courier and their like of a package."""
    target = _target(sandbox, call)
    if isinstance(target, Answer):
        return target
    order, package = target
    fields = _fields(sandbox, call)
    if isinstance(fields, Answer):
        return fields
    changed = read_change(fields, package, call.received_at)
    if fields.problems:
        return problem(400, fields.problems)
    sandbox.save(with_change(order, package, changed, call.received_at))
    return _receipt(sandbox, order, call)


def add_invoice(sandbox: Sandbox, call: Call) -> Answer:
    """Invoice an order: a package comes to be. A number that exists only renews its receipt."""
    order = _order(sandbox, call)
    if isinstance(order, Answer):
        return order
    fields = _fields(sandbox, call)
    if isinstance(fields, Answer):
        return fields
    package = read_invoice(fields, order.items, sandbox.options, call.received_at)
    if fields.problems:
        return problem(400, fields.problems)
    if order.package(package.invoice_number) is None:
        sandbox.save(with_invoice(order, package, call.received_at))
    return _receipt(sandbox, order, call)


def get_order(sandbox: Sandbox, call: Call) -> Answer:
    """Show one order, by id or sequence."""
    asked_id = call.path_parameters["order_id"]
    order = sandbox.read(call.account, asked_id, call.read_delay_seconds)
    if order is None:
        return _order_not_found()
    return success(order_document(order, asked_id, sandbox.options))


def get_order_group(sandbox: Sandbox, call: Call) -> Answer:
    """Show every part of a split order."""
    group = call.path_parameters["order_group"]
    ids = [each.order_id for each in sandbox.orders(call.account) if _in_group(each, group)]
    delay = call.read_delay_seconds
    parts = [order for each in ids if (order := sandbox.read(call.account, each, delay)) is not None]
    if not parts:
        return _order_not_found()
    return success([order_document(part, part.order_id, sandbox.options) for part in parts])


def get_orders(sandbox: Sandbox, call: Call) -> Answer:
    """Search the index of orders."""
    orders = sandbox.indexed(call.account, invoiced_between(call.query))
    return list_orders(orders, call.query, call.raw_query)


_ORDERS = "/api/oms/pvt/orders"
_INVOICE = _ORDERS + "/{order_id}/invoice"

ORDER_OPERATIONS = (
    Operation(
        name="put-tracking",
        method="PUT",
        path=_INVOICE + "/{invoice_number}/tracking",
        resource="notify-invoice",
        perform=update_tracking,
    ),
    Operation(
        name="patch-invoice",
        method="PATCH",
        path=_INVOICE + "/{invoice_number}",
        resource="notify-invoice",
        perform=change_invoice,
    ),
    Operation(
        name="post-invoice",
        method="POST",
        path=_INVOICE,
        resource="notify-invoice",
        perform=add_invoice,
    ),
    Operation(
        name="get-order-group",
        method="GET",
        path=_ORDERS + "/order-group/{order_group}",
        resource="view-order",
        perform=get_order_group,
    ),
    Operation(
        name="get-order",
        method="GET",
        path=_ORDERS + "/{order_id}",
        resource="view-order",
        perform=get_order,
    ),
    Operation(
        name="list-orders",
        method="GET",
        path=_ORDERS,
        resource="list-orders",
        perform=get_orders,
    ),
)


def _order(sandbox: Sandbox, call: Call) -> Order | Answer:
    order = sandbox.find(call.account, call.path_parameters["order_id"])
    return _order_not_found() if order is None else order


def _target(sandbox: Sandbox, call: Call) -> tuple[Order, Package] | Answer:
    """Find the order and the package of the path, or the answer that says which is missing."""
    number = call.path_parameters["invoice_number"]
    if " " in number and sandbox.options.spaces_fail:
        return oms_error(500, "1", "An error has occurred")
    order = _order(sandbox, call)
    if isinstance(order, Answer):
        return order
    package = order.package(number)
    if package is None:
        return oms_error(404, sandbox.options.unknown_invoice_code, "Invoice Not Found")
    return order, package


def _fields(sandbox: Sandbox, call: Call) -> Fields | Answer:
    """Open the body, or give the answer to one that is not JSON."""
    refusal = refused_body(call)
    if refusal is not None:
        return refusal
    return Fields(call.document, strict=sandbox.options.strict)


def _receipt(sandbox: Sandbox, order: Order, call: Call) -> Answer:
    known_as_fulfillment = sandbox.options.fulfillment_alias
    order_id = order.identity.seller_order_id if known_as_fulfillment else order.order_id
    return receipt(order_id, call.received_at)


def _order_not_found() -> Answer:
    return oms_error(404, "OMS007", "Order Not Found")


def _in_group(order: Order, group: str) -> bool:
    return order.identity.order_group == group
