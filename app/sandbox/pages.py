"""What a shopper would see of an order, and what the sandbox saw happen to it."""

import json
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from app.sandbox.orders import CourierStatus, Order
from app.sandbox.state import Sandbox
from app.sandbox.words import WORDS, Language, moment, money

__all__ = ["STATIC_PATH", "page_router", "progress"]

STATIC_PATH = "/sandbox/static"
_JOURNAL_SHOWN = 200
# Everything comes from this server; there is no script, and no style inside a page.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_HANDLED = frozenset({"ready-for-handling", "handling", "invoiced"})
_PAID = _HANDLED | {"payment-approved"}

StepState = Literal["done", "current", "todo"]


class View:
    """What a reader chose for a page: language, live or not, account."""

    def __init__(self, lang: str = "en", live: str = "", account: str | None = None) -> None:
        """Take the choices from the query; a language that is not known is English."""
        self.language: Language = "pt" if lang == "pt" else "en"
        self.live = live == "1"
        self.account = account

    def link(self, path: str, **changes: str | None) -> str:
        """Link to a page with the same choices, except those that are changed."""
        choices = {
            "account": self.account,
            "lang": self.language if self.language != "en" else None,
            "live": "1" if self.live else None,
            **changes,
        }
        query = urlencode({name: value for name, value in choices.items() if value})
        return quote(path) + (f"?{query}" if query else "")


ViewChoice = Annotated[View, Depends(View)]


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
        steps.append((name, "done" if done else "current" if index == furthest else "todo"))
    return steps


def page_router(sandbox: Sandbox) -> APIRouter:
    """Make the pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    templates = _environment()

    def show(template: str, view: View, path: str, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        text = templates.get_template(template).render(
            w=WORDS[view.language], view=view, path=path, static=STATIC_PATH, **values
        )
        return HTMLResponse(text, status_code=status, headers=_HEADERS)

    @router.get("/")
    async def orders_page(view: ViewChoice) -> HTMLResponse:
        """List the orders, those that changed last first."""
        orders = sorted(sandbox.orders(view.account), key=lambda order: order.last_change, reverse=True)
        return show("orders.html", view, "/", orders=orders)

    @router.get("/orders/{order_id}")
    async def order_page(order_id: str, view: ViewChoice) -> HTMLResponse:
        """Show one order as its shopper would see it."""
        path = f"/orders/{order_id}"
        found = (each for each in sandbox.orders(view.account) if each.order_id == order_id)
        order = next(found, None)
        if order is None:
            return show("missing.html", view, path, HTTPStatus.NOT_FOUND, order_id=order_id)
        ids = (order.order_id, order.identity.seller_order_id, order.sequence)
        return show(
            "order.html",
            view,
            path,
            order=order,
            steps=progress(order),
            entries=sandbox.journal.of_order(order.account, ids),
        )

    @router.get("/journal")
    async def journal_page(view: ViewChoice) -> HTMLResponse:
        """Show the latest calls."""
        entries = [entry for entry in reversed(list(sandbox.journal)) if view.account in {None, entry.account}]
        shown = entries[:_JOURNAL_SHOWN]
        return show("journal.html", view, "/journal", entries=shown, total=len(entries))

    return router


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.sandbox"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    environment.filters["exact"] = _exact
    environment.filters["money"] = money
    environment.filters["indented"] = _indented
    environment.tests["web_address"] = _is_web_address
    return environment


def _moves(status: CourierStatus) -> bool:
    return bool(status.rows) or status.finished


def _exact(time: datetime) -> str:
    """Print the time of day of a call, to the millisecond."""
    return time.strftime("%H:%M:%S.%f")[:-3]


def _indented(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)


def _is_web_address(text: str | None) -> bool:
    return bool(text) and str(text).startswith(("https://", "http://"))
