"""HTTP calls of commands, which are over when they are answered."""

import asyncio
from collections.abc import Mapping

from app.egress import Egress, Reply

__all__ = ["call"]

_SECONDS = 30.0


def call(method: str, url: str, headers: Mapping[str, str], content: bytes | None = None) -> Reply:
    """Make one call.

    Raises:
        CallFailed: Nothing answered.
        EgressRefused: The address is none.

    """

    async def calling() -> Reply:
        async with Egress() as egress:
            return await egress.call(
                method, url, headers=headers, total_seconds=_SECONDS, content=content, max_bytes=1024 * 1024
            )

    return asyncio.run(calling())
