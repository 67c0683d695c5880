"""Shipments that are there from the beginning: a database that is larger than what is kept of it in memory."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from tests.chaos.parcels import ACCOUNT
from tests.soak.asking import Asking

__all__ = ["add_stock"]

_BLOCK: Final = 500
_PER_SECOND: Final = 100
_MOST: Final = 60_000
"""SQLite keeps up to 10 MiB of a file in memory, and memory would grow with a file that is smaller."""


async def add_stock(asking: Asking, seconds: float, now: datetime) -> None:
    """Import shipments of orders that nobody tells of, as many as a soak of so many seconds can do with.

    They are not old for as long as it may last.
    """
    count = min(_MOST, int(seconds * _PER_SECOND))
    await asking.import_csv(lambda: _rows(count, now))


async def _rows(count: int, now: datetime) -> AsyncIterator[bytes]:
    yield b"account;order_id;invoice_number;tracking_numbers;courier;invoiced_at\n"
    invoiced = (now + timedelta(days=300)).replace(microsecond=0).isoformat()
    for start in range(0, count, _BLOCK):
        yield "".join(
            f"{ACCOUNT};v{number:09}-01;{number:09};STOCK{number:09}BR;Exemplo;{invoiced}\n"
            for number in range(start, min(count, start + _BLOCK))
        ).encode()
