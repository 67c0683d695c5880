"""Parcels that are known by the key of an NF-e alone, or that wait in a group, are erased too, and stay erased."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from app.model import References
from app.store import Store
from app.store.backups import erased_left
from app.store.holding import HoldOrder
from app.store.order_erasing import Held
from app.store.schema import shipments
from tests.store.making import adding, event, shipment
from tests.store.test_order_erasing import LATER, PERSON, erased, erasing, everything, received

pytestmark = pytest.mark.anyio

KEY = "35261111222333000181550010000482131704150017"
BY_KEY: Mapping[str, Any] = {"order_id": None, "key": KEY}


async def keyed(store: Store) -> None:
    """Tell of a parcel by the key alone, of another one beside it, and of the key in bytes that nobody read."""
    body = b'{"nfe": "%s", "receiver": "%s"}' % (KEY.encode(), PERSON)
    await received(store, "first", body, event(None, "01", references=References(invoice_key=KEY)))
    await received(store, "other", b'{"number": "OTHER000001"}', event("OTHER000001", "01"))
    grouped = b" ".join(KEY[at : at + 4].encode() for at in range(0, 44, 4))
    await received(store, "unread", b'{"chave": "NFe %s", "receiver": "%s"}' % (grouped, PERSON))


async def test_it_is_in_no_table_and_comes_back_by_no_webhook(store: Store) -> None:
    await keyed(store)

    counts = await erased(store, **BY_KEY)
    again = await received(store, "again", b"once more", event(None, "02", references=References(invoice_key=KEY)))

    left = await everything(store)
    assert [counts[name] for name in ("subjects", "events", "bodies")] == [1, 1, 2]
    assert [KEY in str(left), PERSON.decode() in str(left), "OTHER000001" in str(left)] == [False, False, True]
    assert {"ignored"} == {row["state"] for row in left["webhooks"] if row["id"] == again.id}


async def test_an_order_that_had_the_key_comes_back_without_it(store: Store) -> None:
    await store.write(adding(store, shipment("v1-01", "48213", "QX1", invoice_key=KEY)))

    await erased(store, **BY_KEY)
    await store.write(adding(store, shipment("v1-01", "48213", "QX1", invoice_key=KEY), now=LATER))

    assert [(None,)] == await store.read(lambda c: [tuple(r) for r in c.execute(select(shipments.c.invoice_key))])


async def test_a_held_orders_key_is_not_erased(store: Store) -> None:
    await store.write(adding(store, shipment("v1-01", "48213", "QX1", invoice_key=KEY)))
    who: dict[str, Any] = {"account": "demo", "order_id": "v1-01", "actor": "ana", "reason": "x", "ids": store.ids}
    await store.write(HoldOrder(**who, now=LATER))

    refused = await store.write(erasing(store, **BY_KEY))

    assert isinstance(refused, Held)
    assert "v1-01" == refused.order_id


async def test_what_a_copy_brings_back_is_found_whatever_it_is_known_by(store: Store) -> None:
    """The parcels waited in a group: of which account they are only their keys say."""
    by_key = event(None, "01", references=References(invoice_key=KEY))
    for owner, identity in (("demo", "own"), ("brands", "group")):
        await received(store, identity, b"{}", by_key, event("QX7000001", "01"), owner=owner)
    before = await store.read(lambda c: erased_left(c, LATER))
    await store.write(erasing(store, **BY_KEY))
    await store.write(erasing(store, order_id=None, number="QX7000001"))

    assert set() == before
    # Of the group nothing was searched here: its webhooks are another owner's.
    assert {("key", "demo", KEY), ("number", "demo", "QX7000001")} == await store.read(lambda c: erased_left(c, LATER))
