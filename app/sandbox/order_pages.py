"""The list of orders, searched and paged, and one order as its shopper would see it, with what its staff can do."""

from http import HTTPStatus
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.sandbox.orders import Order
from app.sandbox.page_forms import PageForms
from app.sandbox.pages import progress
from app.sandbox.rendering import Pages, View, ViewChoice
from app.sandbox.shop import SHOP_KINDS, spare_number
from app.sandbox.shop_admin import give_invoice, give_number
from app.sandbox.state import Sandbox

__all__ = ["order_page_router"]

_ON_A_PAGE = 50
_LONGEST_NUMBER = 100


class _Search:
    """What a reader looks for among the orders."""

    def __init__(self, q: str = "", kind: str = "", page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> None:
        """Take it from the query; a kind that is not known finds nothing."""
        self.text = q.strip()
        self.kind = kind
        self.page = page

    def finds(self, order: Order) -> bool:
        """Tell whether an order is looked for: by its ids, its shopper, its invoices or its tracking numbers."""
        if self.kind and order.kind != self.kind:
            return False
        text = self.text.casefold()
        if not text:
            return True
        identity, shopper = order.identity, order.shopper
        said = [identity.order_id, identity.marketplace_order_id, order.sequence, shopper.name, shopper.email]
        for package in order.packages:
            said += [package.invoice_number, package.tracking_number or ""]
        return any(text in each.casefold() for each in said)


def order_page_router(sandbox: Sandbox, pages: Pages, forms: PageForms) -> APIRouter:
    """Make the pages, and what the forms of an order are sent to."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    async def orders_page(view: ViewChoice, search: Annotated[_Search, Depends(_Search)]) -> HTMLResponse:
        """List the orders that are looked for, those that changed last first."""
        found = [order for order in sandbox.orders(view.account) if search.finds(order)]
        found.sort(key=lambda order: order.last_change, reverse=True)
        first = (search.page - 1) * _ON_A_PAGE
        return pages.show(
            "orders.html",
            view,
            "/",
            forms=True,
            orders=list(islice(found, first, first + _ON_A_PAGE)),
            total=len(found),
            first=first,
            search=search,
            last_page=max(1, -(-len(found) // _ON_A_PAGE)),
            kinds=SHOP_KINDS,
            empty=not sandbox.accounts,
        )

    _add_order_pages(router, sandbox, pages, forms)
    return router


def _add_order_pages(router: APIRouter, sandbox: Sandbox, pages: Pages, forms: PageForms) -> None:
    def show(view: View, order_id: str, status: int = HTTPStatus.OK, refused: str = "") -> HTMLResponse:
        path = f"/orders/{order_id}"
        order = _find(sandbox, view, order_id)
        if order is None:
            return pages.show("missing.html", view, path, HTTPStatus.NOT_FOUND, order_id=order_id)
        ids = (order.order_id, order.identity.seller_order_id, order.sequence)
        return pages.show(
            "order.html",
            view,
            path,
            status,
            forms=True,
            order=order,
            steps=progress(order),
            entries=sandbox.journal.of_order(order.account, ids),
            token=forms.token,
            refused=refused,
            spare={each.invoice_number: spare_number(order, each) for each in order.packages},
        )

    @router.get("/orders/{order_id}")
    async def order_page(order_id: str, view: ViewChoice) -> HTMLResponse:
        """Show one order as its shopper would see it."""
        return show(view, order_id)

    @router.post("/orders/{order_id}")
    async def work_on_order(order_id: str, request: Request, view: ViewChoice) -> Response:
        """Invoice an order, give a package its tracking number, or announce the order again."""
        form = await forms.read(request)
        order = _find(sandbox, view, order_id)
        if order is None:
            return show(view, order_id)
        if not forms.is_ours(request, form):
            return show(view, order_id, HTTPStatus.FORBIDDEN, "refused_token")
        if not _worked(sandbox, order, form):
            return show(view, order_id, HTTPStatus.UNPROCESSABLE_ENTITY, "refused_work")
        return RedirectResponse(view.link(f"/orders/{order_id}"), HTTPStatus.SEE_OTHER)


def _find(sandbox: Sandbox, view: View, order_id: str) -> Order | None:
    if view.account:
        order = sandbox.find(view.account, order_id)
        # An alias is for the API; a page has one address.
        return order if order and order.order_id == order_id else None
    return next((each for each in sandbox.orders() if each.order_id == order_id), None)


def _worked(sandbox: Sandbox, order: Order, form: dict[str, str]) -> bool:
    """Do what a button asks for; tell whether the order let it."""
    package = order.package(form.get("invoice", ""))
    number = form.get("number", "").strip()
    match form.get("work"):
        case "invoice" if order.awaits_invoice:
            give_invoice(sandbox, order)
        case "number" if package and not package.tracking_number and len(number) <= _LONGEST_NUMBER:
            give_number(sandbox, order, package, number)
        case "announce":
            sandbox.announcements.note(None, order, again=True)
        case _:
            return False
    return True
