"""Webhooks come in: as a bare ASGI application that hands every other request on, or directly from the parser.

Directly where a request is there whole and nothing has to be waited for but its transaction: then it needs no task and
no messages. The rules are `app.web.taking`'s in both cases.
"""

import asyncio
from functools import partial
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import KeyNeeded
from app.intake import Submitted
from app.web.addresses import PREFIXES
from app.web.body import WHOLE, Disconnected, TooLarge, TooSlow, Write, read, send_and_close, send_whole
from app.web.front import Front
from app.web.outcome import Outcome
from app.web.plain import Refusal
from app.web.refusals import EXCERPT_BYTES
from app.web.taking import Request, Taking, too_large

__all__ = ["Webhooks"]

_DIRECT: Final = "POST"


class Webhooks:
    """Answer webhooks, and let another application answer the rest."""

    def __init__(self, taking: Taking, front: Front, otherwise: ASGIApp) -> None:
        """Take webhooks in by the rules of ``taking``."""
        self._taking = taking
        self._limits = front.limits
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http" or not scope["raw_path"].startswith(PREFIXES):
            await self._otherwise(scope, receive, send)
            return
        request = self._taking.begin(scope)
        try:
            self._taking.admit(request)
            outcome = await self._taking.take(request, await self._read(receive))
        except Disconnected:
            self._taking.tell_gone(request)
            return
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, there is an answer
            outcome = self._taking.refused(request, error)
        self._taking.note(request.address, outcome)
        await self._send(scope, receive, send, outcome)
        self._taking.tell(request, outcome)

    def take(self, scope: Scope, body: bytes, write: Write) -> bool:
        """Take a request that is there whole and have it answered by ``write``; False leaves it to `__call__`."""
        if scope["method"] != _DIRECT or not scope["raw_path"].startswith(PREFIXES):
            return False
        request = self._taking.begin(scope)
        try:
            self._taking.admit(request)
            if len(body) > self._limits.body_bytes:
                return False
            begun = self._taking.submit(request, body)
        except KeyNeeded:
            return False
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, there is an answer
            if isinstance(error, Refusal) and error.unread:
                return False
            begun = self._taking.refused(request, error)
        if isinstance(begun, Submitted):
            begun.ticket.outcome.add_done_callback(partial(self._settle, request, begun, write))
            return True
        if begun is None:
            return False
        self._answer(request, begun, write)
        return True

    def _settle(self, request: Request, submitted: Submitted, write: Write, _outcome: asyncio.Future[Any]) -> None:
        try:
            outcome = self._taking.settle(request, submitted)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the carrier must come back
            outcome = self._taking.refused(request, error)
        self._answer(request, outcome, write)

    def _answer(self, request: Request, outcome: Outcome, write: Write) -> None:
        self._taking.note(request.address, outcome)
        write(outcome.status, outcome.head(), outcome.sent_body(_DIRECT))
        self._taking.tell(request, outcome)

    async def _read(self, receive: Receive) -> bytes:
        limit, seconds = self._limits.body_bytes, self._limits.body_seconds
        try:
            return await read(receive, limit=limit, seconds=seconds, excerpt=EXCERPT_BYTES)
        except TooLarge as error:
            raise too_large(limit, error.size, error.start) from None
        except TooSlow:
            detail = f"The body was not complete after {seconds:g} s. Send the request again."
            raise Refusal(slug="request-timeout", detail=detail, unread=True) from None

    async def _send(self, scope: Scope, receive: Receive, send: Send, outcome: Outcome) -> None:
        headers, body = outcome.head(), outcome.sent_body(scope["method"])
        at_once = scope.pop(WHOLE, None)
        if outcome.unread:
            await send_and_close(receive, send, outcome.status, headers, body, limit=self._limits.body_bytes)
        else:
            await send_whole(send, outcome.status, headers, body, at_once=at_once)
