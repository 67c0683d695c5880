"""How far an order is, as its shopper would see it, and the calls that the sandbox saw."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from app.sandbox.orders import CourierStatus, Order
from app.sandbox.rendering import Pages, ViewChoice
from app.sandbox.state import Sandbox

__all__ = ["page_router", "progress"]

_JOURNAL_SHOWN = 200
_HANDLED = frozenset({"ready-for-handling", "handling", "invoiced"})
_PAID = _HANDLED | {"payment-approved"}

StepState = Literal["done", "current", "ahead"]


def progress(order: Order) -> list[tuple[str, StepState]]:
    """Tell how far an order is: what lies before the furthest step it reached is done.

    As on the page of a store, one package without events holds the whole order back.
    """
    statuses = [package.courier_status for package in order.output_packages]
    shipped = bool(statuses) and all(status and _moves(status) for status in statuses)
    reached = {
        "paid": order.status in _PAID,
        "handling": order.status in _HANDLED,
        "shipped": order.status == "invoiced" and shipped,
        "delivered": order.status == "invoiced" and shipped and all(status and status.finished for status in statuses),
    }
    furthest = max((index for index, name in enumerate(reached) if reached[name]), default=-1)
    steps: list[tuple[str, StepState]] = []
    for index, name in enumerate(reached):
        done = index < furthest or reached["delivered"]
        steps.append((name, "done" if done else "current" if index == furthest else "ahead"))
    return steps


def page_router(sandbox: Sandbox, pages: Pages) -> APIRouter:
    """Make the pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/journal")
    async def journal_page(view: ViewChoice) -> HTMLResponse:
        """Show the latest calls."""
        entries = [entry for entry in reversed(list(sandbox.journal)) if view.account in {None, entry.account}]
        shown = entries[:_JOURNAL_SHOWN]
        return pages.show("journal.html", view, "/journal", entries=shown, total=len(entries))

    return router


def _moves(status: CourierStatus) -> bool:
    return bool(status.rows) or status.finished
