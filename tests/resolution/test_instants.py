"""The trap of two sides that come in one instant: an event is parked while its shipment is indexed."""

import asyncio
from typing import Any

import pytest

from app.store import Store
from tests.resolution.test_traps import shown
from tests.store.making import adding, event, recording, shipment

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("is_parked_first", [True, False])
async def test_parked_and_indexed_in_the_same_instant(store: Store, is_parked_first: bool) -> None:
    numbers = [f"A{number}" for number in range(20)]
    said = [recording(store, event(number), webhook=place) for place, number in enumerate(numbers, 1)]
    known = [adding(store, shipment(f"v{number}-01", "1", number)) for number in numbers]

    # All of them queue before any runs, so that both sides meet within transactions, not between them.
    both: list[Any] = [*said, *known] if is_parked_first else [*known, *said]
    await asyncio.gather(*(store.write(operation) for operation in both))

    assert {f"demo/v{number}-01/1" for number in numbers} == await shown(store)
