"""HTTP calls of commands, which are over when they are answered."""

import asyncio
from collections.abc import AsyncIterable, Mapping

from app.egress import Egress, Reply

__all__ = ["call"]

_SECONDS = 30.0
_MAX_BYTES = 1024 * 1024


def call(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes | AsyncIterable[bytes] | None = None,
    *,
    seconds: float = _SECONDS,
    max_bytes: int = _MAX_BYTES,
) -> Reply:
    """Make one call.

    Raises:
        CallFailed: Nothing answered.
        EgressRefused: The address is none.

    """

    async def calling() -> Reply:
        async with Egress() as egress:
            return await egress.call(
                method, url, headers=headers, total_seconds=seconds, content=content, max_bytes=max_bytes
            )

    return asyncio.run(calling())
