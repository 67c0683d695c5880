"""The calls that the relay makes to VTEX, and how their answers are classed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from re import fullmatch
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from app.account import Account
from app.egress import Egress, Reply
from app.errors import CallFailed, EgressRefused, MalformedPayload
from app.payload import Node, json_document, read_moment
from app.vtex.feed import FEED_PATH, LOT, FeedConfig, FeedItem, feed_request, read_feed_config, read_lot
from app.vtex.hook import HOOK_PATH, OrderHook, hook_request, read_hook
from app.vtex.listing import OrderPage, OrderQuery, read_page
from app.vtex.orders import Order, read_order
from app.vtex.schema import UpdateTrackingStatusResponse

__all__ = ["Answered", "Client", "Outcome", "Read"]

T = TypeVar("T")
_EXCERPT: Final = 2048
_ORDER_BYTES: Final = 8 * 1024 * 1024
_LONGEST_WAIT: Final = 3600.0


class Outcome(StrEnum):
    """What an answer says about a call; whether and when it is repeated hangs on this."""

    APPLIED = "applied"
    UNKNOWN = "unknown"  # No answer, or an error after which VTEX may have applied the call.
    NOT_APPLIED = "not-applied"  # Refused for now, certainly not applied.
    UNAUTHORISED = "unauthorised"  # The account's credentials are refused.
    FORBIDDEN = "forbidden"  # This call is refused; the account's too if it happens to others.
    MISSING = "missing"  # The order or invoice is not there, yet or at all.
    REFUSED = "refused"  # This request will never be accepted.


_BY_STATUS: Final = {
    200: Outcome.APPLIED,
    401: Outcome.UNAUTHORISED,
    403: Outcome.FORBIDDEN,
    404: Outcome.MISSING,
    408: Outcome.UNKNOWN,
    425: Outcome.NOT_APPLIED,
    429: Outcome.NOT_APPLIED,
}
_SERVER_ERROR: Final = 500
_STRAYS: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a call ended.

    Args:
        outcome: Its class.
        status: VTEX's status, None when there was no answer.
        detail: VTEX's words or ours, cut.
        receipt: The receipt of an accepted call.
        receipted_at: The receipt's date, by VTEX's clock.
        retry_after: Seconds that VTEX asked to wait, None when it did not.
        order: The order that a read found.

    """

    outcome: Outcome
    status: int | None = None
    detail: str | None = None
    receipt: str | None = None
    receipted_at: datetime | None = None
    retry_after: float | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[T]):
    """How a call that reads something ended; ``found`` is None when nothing was read."""

    answered: Answered
    found: T | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Call VTEX for one account."""

    def __init__(self, account: Account, egress: Egress, now: Callable[[], datetime] = _utc_now) -> None:
        """Call through ``egress``."""
        self._account = account
        self._egress = egress
        self._now = now

    async def put_tracking(self, order_id: str, invoice_number: str, body: dict[str, Any]) -> Answered:
        """Update a package's timeline; never raises for what VTEX or the network does."""
        return await self._write("PUT", f"{_invoice_path(order_id, invoice_number)}/tracking", body)

    async def patch_invoice(self, order_id: str, invoice_number: str, body: dict[str, Any]) -> Answered:
        """Change a package's tracking number and courier; never raises for what VTEX or the network does."""
        return await self._write("PATCH", _invoice_path(order_id, invoice_number), body)

    async def _write(self, method: str, path: str, body: dict[str, Any]) -> Answered:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        reply = await self._call(method, path, content)
        if isinstance(reply, Answered):
            return reply
        answered = classify(reply, self._now())
        if answered.outcome is not Outcome.APPLIED:
            return answered
        try:
            response = UpdateTrackingStatusResponse.model_validate_json(reply.body)
        except ValueError:
            # VTEX said 200, which a receipt of another form does not undo. But what is no JSON did not come from VTEX:
            # gateways and pages for logging in say 200 as well.
            return answered if _may_be_vtex(reply) else replace(answered, outcome=Outcome.UNKNOWN, detail=_words(reply))
        dated = read_moment(response.date)
        return Answered(
            outcome=Outcome.APPLIED,
            status=reply.status,
            receipt=response.receipt,
            receipted_at=dated.at if dated else None,
        )

    async def get_order(self, order_id: str) -> Answered:
        """Read an order; `Outcome.APPLIED` with the order, or why there is none."""
        reply = await self._call("GET", f"/api/oms/pvt/orders/{quote(order_id, safe='')}", None)
        if isinstance(reply, Answered):
            return reply
        answered = classify(reply, self._now())
        if answered.outcome is not Outcome.APPLIED:
            return answered
        if reply.cut:
            return Answered(outcome=Outcome.UNKNOWN, status=reply.status, detail="the order is larger than 8 MiB")
        try:
            return Answered(outcome=Outcome.APPLIED, status=reply.status, order=read_order(reply.body))
        except MalformedPayload as error:
            return Answered(outcome=Outcome.UNKNOWN, status=reply.status, detail=f"the order cannot be read: {error}")

    async def list_orders(self, query: OrderQuery, page: int) -> Read[OrderPage]:
        """Read a page of the list of orders."""
        return await self._read("GET", query.path(page), read_page)

    async def receive_feed(self) -> Read[tuple[FeedItem, ...]]:
        """Receive what the key's feed has next; `Outcome.MISSING` when it is not configured."""
        return await self._read("GET", f"{FEED_PATH}?maxlot={LOT}", read_lot)

    async def commit_feed(self, handles: Sequence[str]) -> Answered:
        """Tell the feed that these need not be given again."""
        return (await self._read("POST", FEED_PATH, _nothing, {"handles": list(handles)})).answered

    async def feed_config(self) -> Read[FeedConfig]:
        """Read how the key's feed is configured; `Outcome.MISSING` when it is not."""
        return await self._read("GET", f"{FEED_PATH}/config", read_feed_config)

    async def configure_feed(self) -> Answered:
        """Configure the key's feed as this relay needs it, in the place of whatever it was."""
        return (await self._read("POST", f"{FEED_PATH}/config", _nothing, feed_request())).answered

    async def remove_feed(self) -> Answered:
        """Delete the key's feed with all that waits in it."""
        return (await self._read("DELETE", f"{FEED_PATH}/config", _nothing)).answered

    async def order_hook(self) -> Read[OrderHook]:
        """Read the key's order hook; `Outcome.MISSING` when there is none."""
        return await self._read("GET", HOOK_PATH, read_hook)

    async def configure_hook(self, url: str, key: str) -> Answered:
        """Put this relay's hook in the place of whatever there was; VTEX pings ``url`` before it answers."""
        return (await self._read("POST", HOOK_PATH, _nothing, hook_request(url, key))).answered

    async def remove_hook(self) -> Answered:
        """Delete the key's order hook, whosever it is."""
        return (await self._read("DELETE", HOOK_PATH, _nothing)).answered

    async def _read(
        self, method: str, path: str, reader: Callable[[Node], T], body: Mapping[str, Any] | None = None
    ) -> Read[T]:
        """Make a call and read its answer; what cannot be read is as unknown as no answer."""
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        reply = await self._call(method, path, content)
        if isinstance(reply, Answered):
            return Read(answered=reply)
        answered = classify(reply, self._now())
        if not 200 <= reply.status < 300:  # noqa: PLR2004 - the good answers
            return Read(answered=answered)
        answered = Answered(outcome=Outcome.APPLIED, status=reply.status)
        if reader is _nothing:
            return Read(answered=answered)
        try:
            return Read(answered=answered, found=reader(json_document(reply.body.decode())))
        except (MalformedPayload, UnicodeDecodeError) as error:
            detail = "the answer is larger than 8 MiB" if reply.cut else f"the answer cannot be read: {error}"
            return Read(answered=Answered(outcome=Outcome.UNKNOWN, status=reply.status, detail=detail))

    async def _call(self, method: str, path: str, content: bytes | None) -> Reply | Answered:
        if _STRAYS & set(path.partition("?")[0].split("/")[1:]):
            # These survive being encoded: a path would be shortened by them on its way.
            return Answered(outcome=Outcome.REFUSED, detail=f"{path} is no path of an order or invoice of VTEX's")
        account = self._account
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            "x-vtex-api-appkey": account.app_key,
            "x-vtex-api-apptoken": account.app_token,
        }
        try:
            return await self._egress.call(
                method,
                account.base_url + path,
                headers=headers,
                content=content,
                total_seconds=account.request_timeout.total_seconds(),
                max_bytes=_ORDER_BYTES if method == "GET" else 65_536,
            )
        except CallFailed as error:
            return Answered(outcome=Outcome.UNKNOWN, detail=str(error))
        except EgressRefused as error:
            return Answered(outcome=Outcome.REFUSED, detail=str(error))


def _nothing(_answer: Node) -> None:
    """Read nothing of an answer whose status says it all."""


def _invoice_path(order_id: str, invoice_number: str) -> str:
    return f"/api/oms/pvt/orders/{quote(order_id, safe='')}/invoice/{quote(invoice_number, safe='')}"


def classify(reply: Reply, now: datetime) -> Answered:
    """Class an answer by its status."""
    outcome = _BY_STATUS.get(reply.status)
    if outcome is None:
        is_ours = reply.status >= _SERVER_ERROR or reply.status < 400  # noqa: PLR2004 - a redirect is nobody's answer
        outcome = Outcome.UNKNOWN if is_ours else Outcome.REFUSED
    return Answered(
        outcome=outcome,
        status=reply.status,
        detail=None if outcome is Outcome.APPLIED else _words(reply),
        retry_after=retry_after(reply.headers.get("retry-after"), now),
    )


def _may_be_vtex(reply: Reply) -> bool:
    if reply.cut:
        return False
    try:
        if reply.body.strip():
            json_document(reply.body.decode())
    except (MalformedPayload, UnicodeDecodeError):
        return False
    return True


def _words(reply: Reply) -> str:
    """Take VTEX's words from an error: its own envelope, a problem document, or whatever text came."""
    text = reply.body[: _EXCERPT * 4].decode("utf-8", "replace")
    try:
        error = json_document(text)["error"]
        return f"{error['code'].text()}: {error['message'].text()}"[:_EXCERPT]
    except MalformedPayload:
        return " ".join(text.split())[:_EXCERPT]


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read Retry-After in both its forms, as seconds from now; None when there is none that can be read."""
    if not value:
        return None
    if fullmatch(r"[0-9]+", value.strip()):
        return min(float(value), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()), _LONGEST_WAIT)
