"""VTEX's list of orders: late, filtered by times, and never more than 30 pages of 100."""

import math
import re
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_PAGE = 30
MAX_PER_PAGE = 100
_RANGE = re.compile(r"(?P<name>[A-Za-z]+):\[(?P<since>\S+) TO (?P<until>\S+)\]")


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """An order as the index holds it."""

    invoiced: datetime
    order: str
    created: datetime = field(compare=False)
    added: float = field(compare=False)


class OrderList:
    """The orders of one account, by when they were invoiced."""

    def __init__(self) -> None:
        self._orders: list[Listed] = []

    def add(self, order: str, invoiced: str, created: str | None) -> None:
        at = moment(invoiced)
        insort(self._orders, Listed(at, order, moment(created) if created else at, time.monotonic()))

    def answer(self, query: Mapping[str, str], lag_seconds: float) -> tuple[dict[str, Any], list[str]]:
        """Answer a question, and name what VTEX would not have been asked by somebody who read its documentation."""
        found = self._in_range(query)
        shown_until = time.monotonic() - lag_seconds
        found = [order for order in found if order.added <= shown_until]
        page, per_page = int(query.get("page", 1)), int(query.get("per_page", 15))
        name, _, direction = query.get("orderBy", "creationDate,desc").partition(",")
        wrong = [f"page {page} is beyond {MAX_PAGE}"] if page > MAX_PAGE else []
        wrong += [f"per_page {per_page} is beyond {MAX_PER_PAGE}"] if per_page > MAX_PER_PAGE else []
        wrong += [f"orderBy {name},{direction}"] if name != "creationDate" or direction not in {"asc", "desc"} else []
        per_page = min(per_page, MAX_PER_PAGE)
        found.sort(key=lambda order: (order.created, order.order), reverse=direction == "desc")
        shown = found[(page - 1) * per_page : page * per_page] if page <= MAX_PAGE else []
        paging = {
            "total": len(found),
            "pages": math.ceil(len(found) / per_page),
            "currentPage": page,
            "perPage": per_page,
        }
        rows = [_row(order) for order in shown]
        return {"list": rows, "facets": [], "paging": paging, "stats": {"stats": {}}}, wrong

    def _in_range(self, query: Mapping[str, str]) -> list[Listed]:
        since, until = _range(query.get("f_invoicedDate"))
        first = bisect_left(self._orders, since, key=lambda order: order.invoiced)
        last = bisect_right(self._orders, until, key=lambda order: order.invoiced)
        found = self._orders[first:last]
        if "f_creationDate" in query:
            since, until = _range(query["f_creationDate"])
            found = [order for order in found if since <= order.created <= until]
        return found


def moment(text: str) -> datetime:
    """Read a time as VTEX writes it: Python reads six digits of its seven."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)


def _range(text: str | None) -> tuple[datetime, datetime]:
    match = _RANGE.fullmatch(text or "")
    if match is None:
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return moment(match["since"]), moment(match["until"])


def _row(order: Listed) -> dict[str, Any]:
    return {
        "orderId": order.order,
        "creationDate": order.created.isoformat(),
        "clientName": "Fulana de Exemplo",
        "items": None,
        "totalValue": 15990,
        "status": "invoiced",
        "statusDescription": "Faturado",
        "sequence": "500001",
    }
