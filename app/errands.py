"""The calls that a webhook asks for: a handshake to answer, or the document that it only points to."""

from typing import Final
from urllib.parse import urlsplit

from app.adapter import Call
from app.egress import Egress
from app.errors import EgressRefused, LookupFailed
from app.source import Source

__all__ = ["Errands"]

_TOTAL_SECONDS: Final = 15.0
_MAX_BYTES: Final = 10 * 1024 * 1024


class Errands:
    """Make the calls, to the carrier's own hosts only."""

    def __init__(self, egress: Egress) -> None:
        """Call through ``egress``."""
        self._egress = egress

    async def make(self, source: Source, call: Call) -> bytes:
        """Make a call and return the body of its answer.

        Raises:
            EgressRefused: The address, which came with the webhook, is not one of the carrier's.
            LookupFailed: There was no answer, or not a good one; it may be tried again.
            CallFailed: Likewise.

        """
        parts = urlsplit(call.url)
        if parts.scheme != "https" or parts.hostname not in source.adapter.hosts:
            raise EgressRefused(f"{parts.scheme}://{parts.hostname} is no address of {source.adapter.name}")
        headers = {"accept": "application/json"}
        if call.body:
            headers["content-type"] = call.content_type
        if call.secret_header is not None:
            secret = next(iter(source.credentials.secrets), None)
            if secret is None:
                raise LookupFailed(f"{source.name} has no secret to call {parts.hostname} with")
            headers[call.secret_header] = call.secret_prefix + secret
        reply = await self._egress.call(
            call.method,
            call.url,
            headers=headers,
            content=call.body or None,
            total_seconds=_TOTAL_SECONDS,
            max_bytes=_MAX_BYTES,
        )
        if not 200 <= reply.status < 300 or reply.cut:  # noqa: PLR2004 - the good answers
            raise LookupFailed(f"{parts.hostname} answered {reply.status}")
        return reply.body
