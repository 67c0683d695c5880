"""Keep workers at work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

__all__ = ["supervise"]

logger = logging.getLogger(__name__)

_RESTART_SECONDS: Final = 1.0


async def supervise(work: Callable[[], Awaitable[None]]) -> None:
    """Start a worker again when it fails for a reason that nobody foresaw: its work is all in the store."""
    while True:
        try:
            return await work()
        except Exception:
            logger.exception("a worker failed and is started again")
            await asyncio.sleep(_RESTART_SECONDS)
