"""The list of orders: what is asked of it, and what of an answer can be relied on.

VTEX serves it from an index that is minutes late, and gives at most 30 pages of 100 orders to one question; more orders
than that are found by asking for shorter times. A row says which order there is, not what was shipped.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from app.errors import MalformedPayload
from app.payload import Node
from app.vtex.notifications import MAX_ORDER_ID

__all__ = ["MAX_PAGE", "PER_PAGE", "ListedOrder", "OrderPage", "OrderQuery", "Span", "read_page"]

MAX_PAGE: Final = 30
PER_PAGE: Final = 100

_MOST: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time with both its ends, as VTEX's filters take it: to the millisecond."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Write the span as a filter holds it."""
        return f"[{_stamp(self.since)} TO {_stamp(self.until)}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery:
    """Which orders are asked for.

    No status is asked for: an order that changes it while pages are read would move the others between them.

    Args:
        invoiced: When they were invoiced.
        created: When they were created; None for any time.

    """

    invoiced: Span
    created: Span | None = None

    def path(self, page: int) -> str:
        """Write the path and query of one page, the first of which is 1."""
        filters = [("f_invoicedDate", f"invoicedDate:{self.invoiced}")]
        if self.created is not None:
            filters.append(("f_creationDate", f"creationDate:{self.created}"))
        asked = [*filters, ("orderBy", "creationDate,asc"), ("page", str(page)), ("per_page", str(PER_PAGE))]
        return "/api/oms/pvt/orders?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOrder:
    """A row of the list."""

    order_id: str
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page: its rows, and how many there are in all."""

    orders: tuple[ListedOrder, ...]
    total: int


def read_page(document: Node) -> OrderPage:
    """Read a page.

    Raises:
        MalformedPayload: It is not one; nothing may be concluded from it.

    """
    orders = tuple(order for row in document["list"].items() for order in _order(row))
    total = document["paging"]["total"].text()
    if not (total.isascii() and total.isdecimal()):
        raise MalformedPayload("$.paging.total", "is not a count")
    return OrderPage(orders=orders, total=min(int(total[:12]), _MOST))


def _order(row: Node) -> Iterator[ListedOrder]:
    order_id = row.get("orderId").text() if row.is_object else None
    # Something that is no id cannot be asked for; the others of its page can.
    if order_id is not None and len(order_id) <= MAX_ORDER_ID:
        yield ListedOrder(order_id=str(order_id), status=row.get("status").text())


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
