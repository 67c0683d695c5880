"""The sandbox's own API: seed orders, change options, inject faults, read the journal. No key is asked for."""

from dataclasses import replace
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Query
from pydantic import JsonValue

from app.sandbox.announcing_admin import announcing_router
from app.sandbox.documents import order_document
from app.sandbox.fault_schemas import FaultSeed, UnknownRoute, fault_document, with_known_route
from app.sandbox.orders import Order
from app.sandbox.schemas import ForeignRow, OrderSeed, changed_options, options_document
from app.sandbox.shop_admin import shop_router
from app.sandbox.state import Sandbox
from app.sandbox.timestamps import vtex_timestamp
from app.sandbox.tracking import with_rows

__all__ = ["admin_router"]


def admin_router(sandbox: Sandbox) -> APIRouter:
    """Make the routes under ``/sandbox/api``."""
    router = APIRouter(prefix="/sandbox/api", tags=["sandbox"])
    router.include_router(_order_routes(sandbox))
    router.include_router(shop_router(sandbox))
    router.include_router(announcing_router(sandbox))
    router.include_router(_fault_routes(sandbox))
    router.include_router(_journal_routes(sandbox))

    @router.get("/options")
    async def show_options() -> dict[str, JsonValue]:
        """Show what is switched how."""
        return options_document(sandbox.options)

    @router.put("/options")
    async def change_options(
        changes: Annotated[dict[str, JsonValue], Body()],
    ) -> dict[str, JsonValue]:
        """Set the options that are named; the others stay."""
        try:
            sandbox.options = changed_options(sandbox.options, changes)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return options_document(sandbox.options)

    @router.post("/reset", status_code=204)
    async def reset() -> None:
        """Forget orders, hooks, feeds, faults and journal, and take back the options the sandbox was started with."""
        sandbox.reset()

    return router


def _order_routes(sandbox: Sandbox) -> APIRouter:
    router = APIRouter()

    @router.post("/orders", status_code=201)
    async def seed_order(seed: OrderSeed) -> dict[str, object]:
        """Create an order with its packages."""
        order = seed.order(sandbox)
        if sandbox.find(order.account, order.order_id) is not None:
            raise HTTPException(409, f"account {order.account} already has an order {order.order_id}")
        numbers = [package.invoice_number for package in order.packages]
        if len(set(numbers)) < len(numbers):
            raise HTTPException(422, "two invoices of one order must not share their number")
        sandbox.save(order, written_at=min(order.last_change, sandbox.now()))
        return _shown(sandbox, order)

    @router.get("/orders")
    async def show_orders(
        account: str | None = None,
        order_id: str | None = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    ) -> dict[str, object]:
        """Show orders as they are now, without any delay; by id, or so many from a place on."""
        found = (order for order in sandbox.orders(account) if order_id in {None, order.order_id})
        return {"items": [_shown(sandbox, order) for order in islice(found, offset, offset + limit)]}

    @router.post("/orders/{order_id}/invoices/{invoice_number}/rows", status_code=201)
    async def add_foreign_row(
        order_id: str, invoice_number: str, row: ForeignRow, account: str | None = None
    ) -> dict[str, object]:
        """Add a row to a timeline as another writer would."""
        account = account or sandbox.options.default_account
        order = sandbox.find(account, order_id)
        package = order.package(invoice_number) if order else None
        if order is None or package is None:
            raise HTTPException(404, f"account {account} has no order {order_id} with an invoice {invoice_number}")
        now = sandbox.now()
        changed = order.with_package(with_rows(package, [row.row()], now))
        sandbox.save(replace(changed, last_change=now))
        return _shown(sandbox, changed)

    return router


def _fault_routes(sandbox: Sandbox) -> APIRouter:
    router = APIRouter(prefix="/faults")

    @router.get("")
    async def show_faults() -> dict[str, list[dict[str, JsonValue]]]:
        """Show the faults at work, and how often each has hit."""
        return {"items": [fault_document(active) for active in sandbox.faults]}

    @router.post("", status_code=201)
    async def add_fault(fault: FaultSeed) -> dict[str, JsonValue]:
        """Let calls go wrong from now on."""
        try:
            return fault_document(sandbox.faults.add(with_known_route(fault)))
        except UnknownRoute as error:
            raise HTTPException(422, str(error)) from error

    @router.delete("", status_code=204)
    async def clear_faults() -> None:
        """Take all faults back."""
        sandbox.faults.clear()

    @router.delete("/{fault_id}", status_code=204)
    async def remove_fault(fault_id: int) -> None:
        """Take one fault back."""
        if not sandbox.faults.remove(fault_id):
            raise HTTPException(404, f"there is no fault {fault_id}")

    return router


def _journal_routes(sandbox: Sandbox) -> APIRouter:
    router = APIRouter()

    @router.get("/journal")
    async def show_journal(
        account: str | None = None,
        route: str | None = None,
        order_id: str | None = None,
        after: int = 0,
        limit: Annotated[int, Query(ge=1, le=20_000)] = 1000,
    ) -> dict[str, object]:
        """Show the requests to the emulated API, oldest first, those above the id ``after``."""
        found = [
            entry.document()
            for entry in sandbox.journal
            if entry.id > after
            and account in {None, entry.account}
            and route in {None, entry.route}
            and order_id in {None, entry.order_id}
        ]
        return {"items": found[:limit]}

    @router.delete("/journal", status_code=204)
    async def clear_journal() -> None:
        """Forget the requests so far."""
        sandbox.journal.clear()

    return router


def _shown(sandbox: Sandbox, order: Order) -> dict[str, object]:
    return {
        "account": order.account,
        "order_id": order.order_id,
        "kind": order.kind,
        "page": f"/orders/{order.order_id}?account={order.account}",
        "document": order_document(order, order.order_id, sandbox.options),
        "mails": [
            {
                "sent_at": vtex_timestamp(mail.sent_at),
                "template": mail.template,
                "invoice_number": mail.invoice_number,
            }
            for mail in order.mails
        ],
    }
