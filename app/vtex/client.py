"""The calls that the relay makes to VTEX, and how their answers are classed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from re import fullmatch
from typing import Any, Final
from urllib.parse import quote

from app.account import Account
from app.egress import Egress, Reply
from app.errors import CallFailed, EgressRefused, MalformedPayload
from app.payload import json_document
from app.vtex.orders import Order, read_order
from app.vtex.schema import UpdateTrackingStatusResponse

__all__ = ["Answered", "Client", "Outcome"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a call ended.

    Args:
        outcome: Its class.
        status: VTEX's status, None when there was no answer.
        detail: VTEX's words or ours, cut.
        receipt: The receipt of an accepted call.
        retry_after: Seconds that VTEX asked to wait, None when it did not.
        order: The order that a read found.

    """

    outcome: Outcome
    status: int | None = None
    detail: str | None = None
    receipt: str | None = None
    retry_after: float | None = None
    order: Order | None = None


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
            return answered  # VTEX said 200; a receipt that cannot be read does not undo that.
        return Answered(outcome=Outcome.APPLIED, status=reply.status, receipt=response.receipt)

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

    async def _call(self, method: str, path: str, content: bytes | None) -> Reply | Answered:
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
