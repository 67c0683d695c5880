"""The list of orders: filters, order, pages."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote

from app.sandbox.answers import Answer, problem, success
from app.sandbox.documents import SALES_CHANNEL, list_row
from app.sandbox.fields import Problems
from app.sandbox.orders import Order
from app.sandbox.timestamps import read_sent_date

__all__ = ["MAX_PAGE", "MAX_PER_PAGE", "invoiced_between", "list_orders"]

MAX_PAGE = 30
MAX_PER_PAGE = 100
_DEFAULT_PER_PAGE = 15

_Times = Mapping[str, Callable[[Order], datetime | None]]
_RANGES: _Times = {
    "creationDate": lambda order: order.created_at,
    "authorizedDate": lambda order: order.authorized_at,
    "invoicedDate": lambda order: order.invoiced_at,
}
_VALUES: Mapping[str, Callable[[Order], str]] = {
    "f_status": lambda order: order.status,
    "f_affiliateId": lambda order: order.identity.affiliate_id,
    # A store of one seller and one sales channel.
    "f_sellerNames": lambda order: order.account,
    "f_salesChannel": lambda _: SALES_CHANNEL,
    "salesChannelId": lambda _: SALES_CHANNEL,
}
_SORT_KEYS: Mapping[str, Callable[[Order], tuple[object, str]]] = {
    "creationDate": lambda order: (order.created_at, order.order_id),
    "orderId": lambda order: (order.order_id, ""),
    "items": lambda order: (_quantity(order), order.order_id),
    "totalValue": lambda order: (order.value, order.order_id),
    "origin": lambda order: (order.identity.origin, order.order_id),
}


def invoiced_between(query: Mapping[str, str]) -> tuple[datetime, datetime] | None:
    """Read between which times an order must have been invoiced, None where that is not said in a way that counts."""
    try:
        return _span("invoicedDate", query.get("f_invoicedDate") or "")
    except ValueError:
        return None


def list_orders(orders: Iterable[Order], query: Mapping[str, str], raw_query: str) -> Answer:
    """Answer a search; what VTEX does not filter by is ignored, as VTEX ignores it."""
    problems: Problems = {}
    if _has_plus(raw_query):
        problems["q"] = ["must not contain +"]
    found = list(orders)
    for name in _RANGES:
        found = _in_range(found, name, query.get(f"f_{name}"), problems)
    found = [order for order in found if _matches(order, query)]
    key, descending = _sorting(query.get("orderBy", "creationDate,desc"), problems)
    page = _number(query, "page", 1, problems)
    per_page = min(_number(query, "per_page", _DEFAULT_PER_PAGE, problems), MAX_PER_PAGE)
    if problems:
        return problem(400, problems)
    found.sort(key=key, reverse=descending)
    start = (page - 1) * per_page
    shown = found[start : start + per_page] if page <= MAX_PAGE else []
    return success(_envelope(found, shown, page, per_page))


def _matches(order: Order, query: Mapping[str, str]) -> bool:
    return _is_of(order, query) and _is_found(order, query)


def _is_of(order: Order, query: Mapping[str, str]) -> bool:
    """Apply the filters that name what an order must have: any of several values."""
    for name, value_of in _VALUES.items():
        wanted = query.get(name)
        if wanted and value_of(order) not in wanted.split(","):
            return False
    return True


def _is_found(order: Order, query: Mapping[str, str]) -> bool:
    returned = any(package.type == "Input" for package in order.packages)
    shopper, text = order.shopper, query.get("q", "").casefold()
    searched = (order.order_id, shopper.email, shopper.document, shopper.name)
    return (query.get("f_hasInputInvoice", "").lower() != "true" or returned) and any(
        text in value.casefold() for value in searched
    )


def _in_range(orders: list[Order], name: str, text: str | None, problems: Problems) -> list[Order]:
    """Apply ``f_creationDate=creationDate:[FROM TO UNTIL]`` and its siblings."""
    if not text:
        return orders
    try:
        span = _span(name, text)
    except ValueError as error:
        problems[f"f_{name}"] = [str(error)]
        return orders
    if span is None:
        problems[f"f_{name}"] = [f"must read {name}:[FROM TO UNTIL], both ISO 8601"]
        return orders
    first, last = span
    time_of = _RANGES[name]
    return [order for order in orders if (time := time_of(order)) and first <= time <= last]


def _span(name: str, text: str) -> tuple[datetime, datetime] | None:
    match = re.fullmatch(rf"{name}:\[(\S+) TO (\S+)\]", text)
    return (read_sent_date(match[1]), read_sent_date(match[2])) if match else None


def _sorting(text: str, problems: Problems) -> tuple[Callable[[Order], tuple[object, str]], bool]:
    name, _, direction = text.partition(",")
    if name not in _SORT_KEYS or direction not in {"asc", "desc"}:
        problems["orderBy"] = [f"must be one of {', '.join(_SORT_KEYS)}, then ,asc or ,desc"]
        return _SORT_KEYS["creationDate"], True
    return _SORT_KEYS[name], direction == "desc"


def _number(query: Mapping[str, str], name: str, default: int, problems: Problems) -> int:
    text = query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return int(text)
    problems[name] = ["must be a whole number above 0"]
    return default


def _has_plus(raw_query: str) -> bool:
    # Looked at before + becomes a space, since either spelling is refused.
    pairs = (pair.partition("=") for pair in raw_query.split("&"))
    return any(name == "q" and "+" in unquote(value) for name, _, value in pairs)


def _envelope(found: Sequence[Order], shown: Sequence[Order], page: int, per_page: int) -> dict[str, object]:
    return {
        "list": [list_row(order) for order in shown],
        "facets": [],
        "paging": {
            "total": len(found),
            "pages": math.ceil(len(found) / per_page),
            "currentPage": page,
            "perPage": per_page,
        },
        "stats": {
            "stats": {
                "totalValue": _stats([order.value for order in found]),
                "totalItems": _stats([_quantity(order) for order in found]),
            }
        },
    }


def _quantity(order: Order) -> int:
    return sum(item.quantity for item in order.items)


def _stats(values: Sequence[int]) -> dict[str, object]:
    return {
        "Count": len(values),
        "Max": max(values, default=0),
        "Mean": sum(values) / len(values) if values else 0,
        "Min": min(values, default=0),
        "Missing": 0,
        "Sum": sum(values),
        "Facets": {},
    }
