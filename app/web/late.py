"""An application that is made when it is first asked for something.

The ordinary routes need a web framework, templates and a module for each page: more than half of what a start would
import. A relay that only takes webhooks in and answers probes starts, and stays, without them.
"""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.body import send_whole
from app.web.catalogue import CATALOGUE
from app.web.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, document, refuse_unexpected
from app.web.strict import STRICT_HEADERS

__all__ = ["Late"]


class Late:
    """Stand in the place of an application until it is needed."""

    def __init__(self, make: Callable[[], Awaitable[ASGIApp]]) -> None:
        """Have it made by ``make``, once."""
        self._make = make
        self._made: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        try:
            app = self._made or await self.ready()
        except Exception as error:
            if scope["type"] != "http":
                raise
            await _fail(send, error, scope["path"])
            return
        await app(scope, receive, send)

    async def ready(self) -> ASGIApp:
        """Make the application, unless it is there."""
        async with self._lock:
            if self._made is None:
                self._made = await self._make()
                # It stays until the end, as what the start made: nothing in it is ever garbage.
                gc.freeze()
            return self._made


async def _fail(send: Send, error: Exception, path: str) -> None:
    id_, detail = refuse_unexpected(error, path=path)
    body = json.dumps(document("unexpected", detail, id=id_)).encode()
    headers = [
        *STRICT_HEADERS,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"%d" % RETRY_AFTER_SECONDS),
    ]
    await send_whole(send, CATALOGUE["unexpected"].status, headers, body)
