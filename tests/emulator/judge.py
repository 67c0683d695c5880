"""The emulator itself: orders in, calls answered or failed, questions about them answered."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from tests.emulator.calls import Call, Fault, FaultDraw, Faults, Reply, oms_error
from tests.emulator.feed import Feed
from tests.emulator.hook import Hooks
from tests.emulator.listing import OrderList
from tests.emulator.schema import readable, violations
from tests.emulator.server import Server
from tests.emulator.shipments import Mode, Row, Shipment, Versions, as_of, new_row, order_document, stamp


class VtexEmulator:
    """Give it orders and faults, point the relay at ``url``, then ask what happened."""

    def __init__(
        self,
        *,
        port: int = 0,
        mode: Mode = "merge",
        faults: Faults | None = None,
        latency_seconds: float = 0.0,
        read_lag_seconds: float = 0.0,
        list_lag_seconds: float = 0.0,
    ) -> None:
        self.mode: Mode = mode
        self.latency_seconds = latency_seconds
        self.read_lag_seconds = read_lag_seconds
        self.list_lag_seconds = list_lag_seconds
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._draw = FaultDraw(faults or Faults())
        self._orders: dict[tuple[str, str], dict[str, Versions]] = {}
        self._lists: dict[str, OrderList] = {}
        self._feeds: dict[str, Feed] = {}
        self.hooks = Hooks()
        self.server = Server(port, self._serve, self._ask, self._stopping)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()

    def set_faults(self, faults: Faults) -> None:
        """Start anew with other faults."""
        with self._lock:
            self._draw = FaultDraw(faults)

    def fail_next(self, *faults: Fault) -> None:
        """Inject these into the next calls, one each, before any that is left to chance."""
        with self._lock:
            self._draw.scripted.extend(faults)

    def add_order(
        self,
        order: str,
        invoices: Iterable[Mapping[str, Any]] = ({"invoiceNumber": "1"},),
        account: str = "demo",
        invoiced: str = "2026-03-03T10:10:20.0000000+00:00",
        created: str | None = None,
    ) -> None:
        """Add an order; each invoice is given by VTEX's own names, of which ``invoiceNumber`` is needed."""
        with self._lock:
            self._orders[account, order] = {
                str(invoice["invoiceNumber"]): [Shipment(invoice=invoice, written=time.monotonic())]
                for invoice in invoices
            }
            self._lists.setdefault(account, OrderList()).add(order, invoiced, created)
            self.feed(account).notify(order, "invoiced", workflow=True)
        self.hooks.tell(account, order)

    def add_orders(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Add many orders, each as `add_order` takes it."""
        for order in orders:
            self.add_order(**order)

    def patch_invoice(self, order: str, invoice: str, account: str = "demo", **fields: Any) -> None:
        """Change a package as a merchant does: its number comes after the invoice."""
        with self._lock:
            versions = self._orders[account, order][invoice]
            patched = {**versions[-1].invoice, **fields}
            versions.append(replace(versions[-1], invoice=patched, written=time.monotonic()))
            self.feed(account).notify(order, "invoiced", workflow=False)
        self.hooks.tell(account, order, patched=True)

    def feed(self, account: str = "demo") -> Feed:
        """Give the feed of an account's key."""
        return self._feeds.setdefault(account, Feed())

    def add_row(self, order: str, invoice: str, event: Mapping[str, str], account: str = "demo") -> None:
        """Write a row as somebody else would, whatever the mode."""
        with self._lock:
            versions = self._orders[account, order][invoice]
            rows = (*versions[-1].rows, new_row(event))
            versions.append(replace(versions[-1], rows=rows, written=time.monotonic()))

    def shipment(self, order: str, invoice: str, account: str = "demo") -> Shipment:
        """Give what VTEX holds now, whatever readers see."""
        with self._lock:
            return self._orders[account, order][invoice][-1]

    def timeline(self, order: str, invoice: str, account: str = "demo") -> list[Row]:
        """Give the rows by their time, oldest first; a row that is there twice is there twice."""
        return sorted(self.shipment(order, invoice, account).rows, key=lambda row: row.last_change)

    def puts(self, order: str | None = None) -> list[Call]:
        """Give the PUTs, of one order or all, as they began."""
        with self._lock:
            return [call for call in self.calls if call.method == "PUT" and order in {None, call.order}]

    def overlaps(self) -> list[tuple[Call, Call]]:
        """Give the pairs of PUTs to one shipment of which the second began before the first had ended."""
        running: dict[tuple[str, str, str | None], Call] = {}
        found = []
        for call in sorted(self.puts(), key=lambda call: call.started):
            before = running.get(call.shipment)
            if before and _end(before) > call.started:
                found.append((before, call))
            if before is None or _end(call) > _end(before):
                running[call.shipment] = call
        return found

    def undeliveries(self) -> list[Call]:
        """Give the applied PUTs that said "not delivered" of what an earlier one had delivered."""
        delivered: set[tuple[str, str, str | None]] = set()
        found = []
        for call in (call for call in self.puts() if call.applied):
            if call.body.get("isDelivered") is True:
                delivered.add(call.shipment)
            elif call.shipment in delivered:
                found.append(call)
        return found

    def reset(self) -> None:
        """Forget orders, calls and violations, and start the faults anew."""
        with self._lock:
            for kept in (self.calls, self.violations, self._orders, self._lists, self._feeds):
                kept.clear()
            self.hooks = Hooks()
            self.set_faults(self._draw.faults)

    def _serve(self, call: Call, headers: Mapping[str, str]) -> Reply:
        return self._faulted(call, lambda: self._applied(call, headers))

    def _ask(self, call: Call, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        return self._faulted(call, lambda: self._answered(call, path, query, headers))

    def _faulted(self, call: Call, answer: Callable[[], Reply]) -> Reply:
        with self._lock:
            self.calls.append(call)
            call.fault = self._draw.draw(call.method)
            retry_after = self._draw.faults.retry_after
        if self.latency_seconds:
            self._stopping.wait(self.latency_seconds)
        match call.fault:
            case None:
                return answer()
            case "401":
                return oms_error(401, "1", "Unauthorized access")
            case "429":
                return Reply(429, headers=(("Retry-After", retry_after),) if retry_after else ())
            case "500":
                return oms_error(500, "1", "An error has occurred")
            case "drop-after" | "hang-after":
                answer()
                return Reply(None)
            case "drop-before" | "hang-before":
                return Reply(None)

    def _answered(self, call: Call, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Answer what is about no single order: the list, the feed and the hook."""
        if not (headers.get("x-vtex-api-appkey") and headers.get("x-vtex-api-apptoken")):
            return oms_error(401, "1", "Unauthorized access")
        if path.endswith("/hook/config"):
            # Its ping may lead to a call of whoever is pinged.
            return self.hooks.answer(call.account, headers["x-vtex-api-appkey"], call.method, call.body)
        with self._lock:
            if path.startswith("/api/orders/feed"):
                return self.feed(call.account).answer(
                    call.method, path.removeprefix("/api/orders/feed"), query, call.body
                )
            found, wrong = self._lists.setdefault(call.account, OrderList()).answer(query, self.list_lag_seconds)
            self.violations += [f"list: {each}" for each in wrong]
            return Reply(200, found)

    def _applied(self, call: Call, headers: Mapping[str, str]) -> Reply:
        with self._lock:
            if call.method == "PUT":
                found = violations(call.body, headers)
                self.violations += [f"{call.order}/{call.invoice}: {violation}" for violation in found]
            if not (headers.get("x-vtex-api-appkey") and headers.get("x-vtex-api-apptoken")):
                return oms_error(401, "1", "Unauthorized access")
            packages = self._orders.get((call.account, call.order))
            if packages is None:
                return oms_error(404, "OMS007", "Order Not Found")
            if call.method == "GET":
                moment = time.monotonic() - self.read_lag_seconds
                seen = [as_of(versions, moment) for versions in packages.values()]
                return Reply(200, order_document(call.account, call.order, seen))
            return self._written(call, packages)

    def _written(self, call: Call, packages: dict[str, Versions]) -> Reply:
        versions = packages.get(call.invoice or "")
        if versions is None:
            return oms_error(404, "OMS014", "Invoice Not Found")
        if call.method == "PATCH":
            if not isinstance(call.body, dict) or not call.body.get("trackingNumber"):
                return oms_error(400, "1", "Bad Request")
            versions.append(versions[-1].patched(call.body))
        elif not readable(call.body):
            return oms_error(400, "1", "Bad Request")
        else:
            versions.append(versions[-1].updated(call.body, self.mode))
        call.applied = True
        self.feed(call.account).notify(call.order, "invoiced", workflow=False)
        return Reply(200, {"date": stamp(datetime.now(UTC)), "orderId": call.order, "receipt": secrets.token_hex(16)})


def _end(call: Call) -> float:
    return float("inf") if call.ended is None else call.ended
