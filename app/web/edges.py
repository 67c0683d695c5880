"""What surrounds the ordinary routes: a limit for bodies, strict headers, and an answer when everything else failed."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.telemetry import log_event
from app.web.body import declared_size
from app.web.budgets import Budgets
from app.web.peer import Network, peer_address
from app.web.problem_answers import response
from app.web.strict import STRICT_HEADERS

__all__ = ["LOGGED", "Edges"]

LOGGED: Final = "relay.logged"
"""Set in the scope of a request whose unexpected error is in the log already."""

_LOGGER: Final = logging.getLogger(__name__)
_MAX_BODY_BYTES: Final = 1024 * 1024
_STREAMED: Final = frozenset({"/ops/v1/shipments/import"})
"""Paths whose bodies are taken as they arrive, however long they are; only silence ends them."""
_GUARDED: Final = ("/oauth/", "/ops/", "/vtex/")
"""Where a secret could be guessed; the console counts its wrong guesses itself, and probes know none."""
_UNPROVEN: Final = 401
_TOO_LARGE: Final = 413
_TOO_SLOW: Final = 408


class Edges:
    """Wrap an application; routes may set a header themselves to replace the strict one."""

    def __init__(self, app: ASGIApp, budgets: Budgets, trusted: Sequence[Network], *, body_seconds: float) -> None:
        """Wrap ``app``; a body may take ``body_seconds`` to arrive, and who is refused too often is turned away."""
        self._app = app
        self._budgets = budgets
        self._trusted = trusted
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        peer = peer_address(scope["client"], scope["headers"], self._trusted)

        async def send_strictly(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if message["status"] == _UNPROVEN and scope["path"].startswith(_GUARDED):
                    self._budgets.charge(peer)
                own = list(message.get("headers", ()))
                names = {name.lower() for name, _ in own}
                message["headers"] = own + [pair for pair in STRICT_HEADERS if pair[0] not in names]
            await send(message)

        wait = self._budgets.wait_seconds(peer) if scope["path"].startswith(_GUARDED) else None
        if wait is not None:
            detail = f"Too many requests from this address were refused; come back in {wait} s."
            turned_away = response("too-many-requests", detail, headers={"Retry-After": str(wait)})
            await turned_away(scope, receive, send_strictly)
            return
        streamed = scope["path"] in _STREAMED
        declared = declared_size(scope["headers"])
        if not streamed and declared is not None and declared > _MAX_BODY_BYTES:
            detail = f"The body is longer than {_MAX_BODY_BYTES} bytes."
            refused = response("too-large", detail, headers={"Connection": "close"})
            await refused(scope, receive, send_strictly)
            return
        try:
            limited = _talking if streamed else _limited
            await self._app(scope, limited(receive, self._body_seconds), send_strictly)
        except Exception as error:
            # The framework has answered by now, unless the answer itself broke off.
            if not scope.get(LOGGED):
                log_event(_LOGGER, "web.unexpected", level=logging.ERROR, error=error, path=scope["path"])
            if not started:
                raise


def _limited(receive: Receive, seconds: float) -> Receive:
    """Stop a body that does not say how long it is, and one that does not arrive."""
    taken = 0
    deadline: float | None = asyncio.get_running_loop().time() + seconds

    async def receive_some() -> Message:
        nonlocal taken, deadline
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            detail = f"The body was not complete after {seconds:g} s"
            raise HTTPException(_TOO_SLOW, detail, {"Connection": "close"}) from None
        if not message.get("more_body"):
            deadline = None
        taken += len(message.get("body", b""))
        if taken > _MAX_BODY_BYTES:
            detail = f"The body is longer than {_MAX_BODY_BYTES} bytes"
            raise HTTPException(_TOO_LARGE, detail, {"Connection": "close"})
        return message

    return receive_some


def _talking(receive: Receive, seconds: float) -> Receive:
    """Stop a body of which nothing more arrives, while something waits for it."""

    async def receive_some() -> Message:
        try:
            async with asyncio.timeout(seconds):
                return await receive()
        except TimeoutError:
            raise HTTPException(_TOO_SLOW, f"Nothing more of the body came for {seconds:g} s") from None

    return receive_some
