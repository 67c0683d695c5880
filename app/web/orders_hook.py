"""VTEX's order hook: what it tells is durable before it is answered, and read afterwards."""

import asyncio
import hmac
import logging
from collections.abc import Sequence
from time import perf_counter
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from app.errors import MalformedPayload, StoreUnavailable
from app.store import TellOrders, ToldOrder
from app.telemetry import log_event
from app.vtex import Notification, concerns_packages, is_other_side, read_notification
from app.web.dependencies import Dependencies
from app.web.problem_answers import response
from app.web.space import Space

__all__ = ["orders_hook_router"]

orders_hook_router = APIRouter(tags=["vtex"])

_LOGGER: Final = logging.getLogger(__name__)
_MAX_BYTES: Final = 64 * 1024
_ANSWER_SECONDS: Final = 4.0
"""VTEX waits for 5 seconds, and then tells again."""
_EXAMPLE: Final = {
    "Domain": "Fulfillment",
    "OrderId": "v700123abcd-01",
    "State": "invoiced",
    "LastState": "invoice",
    "LastChange": "2026-03-03T10:10:19.1340570Z",
    "CurrentChange": "2026-03-03T10:10:21.7153839Z",
    "Origin": {"Account": "mystore", "Key": "vtexappkey-mystore-EXAMPLE"},
}


@orders_hook_router.post(
    "/vtex/{account}/orders-hook",
    summary="VTEX tells that an order changed",
    response_class=JSONResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object"},
                    "examples": {
                        "notification": {"value": _EXAMPLE},
                        "ping": {"summary": "Sent when the hook is saved", "value": {"hookConfig": "ping"}},
                    },
                }
            },
        }
    },
    responses={
        200: {
            "description": "It is durable, or there is nothing to do about it; `status` says which.",
            "content": {"application/json": {"example": {"status": "due"}}},
        },
        400: {"description": "The body is no notification."},
        401: {"description": "The header `key` is missing, or it is none of the account's keys."},
        404: {"description": "No such account, or it has no `hook_key`."},
        413: {"description": "The body is too large for a notification."},
        503: {"description": "The store cannot be used now; VTEX tells again."},
    },
)
async def hear_of_order(request: Request, account: str, key: Annotated[str | None, Header()] = None) -> Response:
    """Take a notification of VTEX's order hook, whose header `key` must be the account's `hook_key`."""
    given: Dependencies = request.app.state.dependencies
    keys = given.hook_keys.get(account, ())
    if not keys:
        return response("not-found", "No order hook is received at this address.")
    started = perf_counter()
    if not _is_one_of(key, keys):
        slug = "wrong-credential" if key else "missing-credential"
        given.metrics.refusal(slug)
        return _refused(given, account, slug, "The header key is not the account's hook_key.", started)
    space: Space = request.app.state.space
    try:
        space.demand()
        async with asyncio.timeout(_ANSWER_SECONDS):
            body = await _body(request)
            if body is None:
                given.metrics.refusal("too-large")
                return _refused(given, account, "too-large", f"A notification has at most {_MAX_BYTES} bytes.", started)
            notification = read_notification(body)
            outcome = await _hear(given, account, notification)
    except MalformedPayload as error:
        return _refused(given, account, "malformed-notification", f"{error}.", started)
    except (StoreUnavailable, TimeoutError) as error:
        given.metrics.notification(account, "failed")
        words = str(error) or f"nothing was committed within {_ANSWER_SECONDS:g} s"
        log_event(_LOGGER, "order.told", level=logging.ERROR, account=account, outcome="failed", reason=words)
        return response("store-unavailable", "The notification could not be kept; send it again.")
    given.metrics.notification(account, outcome)
    _log(account, outcome, started, notification)
    return JSONResponse({"status": outcome})


def _is_one_of(key: str | None, keys: Sequence[str]) -> bool:
    """Compare with every key, each in constant time."""
    sent = (key or "").encode("latin-1", "replace")
    found = [hmac.compare_digest(sent, live.encode()) for live in keys]
    return bool(key) and any(found)


async def _body(request: Request) -> bytes | None:
    """Read the body, None when it is too long."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > _MAX_BYTES:
            return None
    return bytes(taken)


async def _hear(given: Dependencies, account: str, notification: Notification) -> str:
    """Do what a notification asks for, and say what that was."""
    if notification.is_ping:
        return "ping"
    if not await _is_own(given, account, notification.account) or is_other_side(notification.domain):
        return "foreign"
    if not concerns_packages(notification.state):
        return "no-package"
    told = ToldOrder(order_id=notification.order_id, changed_at=notification.changed_at, state=notification.state)
    telling = await given.store.write(TellOrders(account=account, told=(told,), source="hook", now=given.now()))
    if telling.due:
        given.told()
        return "due"
    return "echo" if telling.echoes else "known"


async def _is_own(given: Dependencies, account: str, name: str | None) -> bool:
    """Tell whether a notification about ``name`` is the account's, which VTEX may know by another name."""
    keeper = given.hooks.get(account)
    if keeper is None:
        return name is None or name.lower() == account
    return await keeper.strangers.is_own(name)


def _refused(given: Dependencies, account: str, slug: str, detail: str, started: float) -> Response:
    given.metrics.notification(account, "refused")
    log_event(
        _LOGGER,
        "order.told",
        level=logging.WARNING,
        account=account,
        outcome="refused",
        reason=slug,
        seconds=round(perf_counter() - started, 4),
    )
    return response(slug, detail)


def _log(account: str, outcome: str, started: float, notification: Notification) -> None:
    log_event(
        _LOGGER,
        "order.told",
        account=account,
        outcome=outcome,
        order_id=notification.order_id or None,
        state=notification.state,
        domain=notification.domain,
        changed_at=notification.changed_at,
        seconds=round(perf_counter() - started, 4),
    )
