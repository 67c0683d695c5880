"""How an answer goes out: whole, bit by bit, or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.sandbox.answers import Answer

__all__ = ["note_connection", "response_to"]

_PIECES = 20
_CONNECTION = "app.sandbox.connection"


@runtime_checkable
class _Connection(Protocol):
    """A transport, asyncio's or uvloop's."""

    def abort(self) -> None: ...


def note_connection(scope: Scope, receive: Receive) -> None:
    """Note on which connection a request came, while ``receive`` is still the server's own."""
    # ASGI knows no way to end a connection; uvicorn's `receive` is a method of the object that holds its transport.
    scope[_CONNECTION] = getattr(getattr(receive, "__self__", None), "transport", None)


def response_to(answer: Answer) -> Response:
    """Make the response that sends an answer."""
    if answer.status is None:
        return _DroppedConnection()
    content = answer.content
    if content is None:
        content = b"" if answer.body is None else _encoded(answer.body)
    media_type = answer.media_type if content else None
    if not answer.body_seconds:
        return Response(content, answer.status, dict(answer.headers), media_type)
    headers = {**answer.headers, "Content-Length": str(len(content))}
    pieces = _slowly(content, answer.body_seconds)
    return StreamingResponse(pieces, answer.status, headers, media_type)


class _DroppedConnection(Response):
    """No response: the socket is closed before anything is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - it sends nothing
        """Close the connection under the server, and wait until the server has noticed."""
        connection = scope[_CONNECTION]
        if not isinstance(connection, _Connection):
            raise TypeError("only under uvicorn can the sandbox drop a connection; serve it with uvicorn")
        connection.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def _encoded(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def _slowly(content: bytes, seconds: float) -> AsyncIterator[bytes]:
    """Send pieces of equal size, and wait after each but the last."""
    size = max(1, -(-len(content) // _PIECES))
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    for index, piece in enumerate(pieces):
        if index:
            await asyncio.sleep(seconds / (len(pieces) - 1))
        yield piece
