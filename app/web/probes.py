"""Probes: is this process alive, can it do its role, and its metrics; answered without a web framework."""

import asyncio
import json
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.telemetry import Metrics
from app.web.body import send_whole
from app.web.catalogue import CATALOGUE
from app.web.problems import MEDIA_TYPE, document, refuse_unexpected
from app.web.readiness import OK, Readiness
from app.web.strict import STRICT_HEADERS

__all__ = ["Probes"]

_JSON: Final = "application/json"
_READING: Final = frozenset({"GET", "HEAD"})


class Probes:
    """Answer probes and scrapers, and let another application answer the rest."""

    def __init__(self, readiness: Readiness, metrics: Metrics | None, otherwise: ASGIApp) -> None:
        """Show ``metrics`` unless another listener does."""
        self._readiness = readiness
        self._metrics = metrics
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        asked = (scope["method"], scope["path"]) if scope["type"] == "http" else ("", "")
        try:
            if asked[1] == "/livez" and asked[0] in _READING:
                status, type_, body = 200, _JSON, _json({"status": OK})
            elif asked[1] == "/readyz" and asked[0] in _READING:
                status, found = await self._readiness.answer()
                type_, body = _JSON, _json(found)
            elif asked == ("GET", "/metrics") and self._metrics is not None:
                status = 200
                body, type_ = await asyncio.to_thread(self._metrics.exposition)
            else:
                await self._otherwise(scope, receive, send)
                return
        except Exception as error:  # noqa: BLE001 - the edge: whoever probes is told that this process is not well
            id_, detail = refuse_unexpected(error, path=asked[1])
            status, type_ = CATALOGUE["unexpected"].status, MEDIA_TYPE
            body = _json(document("unexpected", detail, id=id_))
        headers = [(b"content-type", type_.encode()), (b"content-length", b"%d" % len(body)), *STRICT_HEADERS]
        await send_whole(send, status, headers, b"" if asked[0] == "HEAD" else body)


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
