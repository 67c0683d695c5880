"""Events find their shipments by whatever they share with them, or wait until a shipment appears that does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from app.store import Plan, Recorded, RemoveNumber, Store
from app.store.schema import events, rows, shipments, subjects, webhooks
from tests.store.making import NOW, adding, claim, event, put, recording, references, shipment

pytestmark = pytest.mark.anyio

KEY = "35260312345678000195550010000457811234567890"
ORDER = "v527103anml-01"


async def placed(store: Store) -> dict[str, list[str]]:
    """Return the codes of the events on each shipment, in order of arrival."""

    def look(connection: Connection) -> list[Row[Any]]:
        found = (
            select(shipments.c.account, shipments.c.order_id, shipments.c.invoice_number, events.c.code)
            .join(rows, rows.c.shipment_id == shipments.c.id)
            .join(events, events.c.id == rows.c.event_id)
            .order_by(shipments.c.id, events.c.id)
        )
        return list(connection.execute(found))

    places: dict[str, list[str]] = {}
    for row in await store.read(look):
        places.setdefault(f"{row.account}/{row.order_id}/{row.invoice_number}", []).append(row.code)
    return places


async def subject_states(store: Store) -> list[tuple[str, str]]:
    query = select(subjects.c.subject, subjects.c.state).order_by(subjects.c.id)
    return [(row.subject, row.state) for row in await store.read(lambda c: c.execute(query).all())]


async def is_due(store: Store) -> bool:
    query = select(shipments.c.due_at)
    return None not in await store.read(lambda connection: connection.execute(query).scalars().all())


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("qx 0045.1234-5 br", {}),
        (None, {"invoice_key": KEY}),
        (None, {"order_id": ORDER, "invoice_number": "00045781"}),
        (None, {"alternative_order_ids": ("x", ORDER), "invoice_number": "45781"}),
        (None, {"invoice_number": "000045781"}),
        (None, {"invoice_number": "45781", "issuer": "12345678000195", "invoice_series": "1"}),
        ("UNKNOWN1", {"invoice_key": KEY}),
    ],
    ids=["number", "key", "order and invoice", "another order id", "invoice", "issuer and series", "unknown number"],
)
@pytest.mark.parametrize("known_first", [True, False], ids=["known shipment", "shipment known later"])
async def test_an_event_finds_its_shipment_by(
    store: Store, number: str | None, said: dict[str, Any], known_first: bool
) -> None:
    add = adding(store, shipment(ORDER, "045781", invoice_key=KEY))
    record = recording(store, event(number, references=references(**said)))

    done = [await store.write(operation) for operation in ((add, record) if known_first else (record, add))]

    assert {f"demo/{ORDER}/045781": ["01"]} == await placed(store)
    assert await is_due(store)
    recorded = done[1] if known_first else done[0]
    assert Recorded(new_events=1, placed=int(known_first), parked=int(not known_first)) == recorded
    assert ["placed"] == [state for _, state in await subject_states(store)]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("OTHER1", {}),
        (None, {"invoice_key": KEY[::-1]}),
        (None, {"order_id": ORDER}),
        (None, {"order_id": "v1-01", "invoice_number": "45781"}),
        (None, {"order_id": ORDER, "invoice_number": "1"}),
        (None, {"invoice_number": "45781", "issuer": "99999999000199"}),
        (None, {"invoice_number": "45781", "issuer": "12345678000195", "invoice_series": "2"}),
        ("OTHER1", {"invoice_number": "45781"}),
    ],
    ids=["number", "key", "order alone", "other order", "other invoice", "issuer", "series", "invoice with a number"],
)
async def test_nothing_is_guessed_from(store: Store, number: str | None, said: dict[str, Any]) -> None:
    await store.write(adding(store, shipment(ORDER, "45781", invoice_key=KEY)))

    await store.write(recording(store, event(number, references=references(**said))))

    assert {} == await placed(store)
    assert ["parked"] == [state for _, state in await subject_states(store)]


async def test_of_two_shipments_that_an_invoice_number_fits_none_is_chosen(store: Store) -> None:
    await store.write(adding(store, shipment("v1-01", "45781", "A1")))
    await store.write(adding(store, shipment("v2-01", "045781", "A2")))

    await store.write(recording(store, event(None, references=references(invoice_number="45781"))))

    query = select(subjects.c.reason)
    reason = await store.read(lambda connection: connection.execute(query).scalar_one())
    assert reason == "nothing tells which of these shipments it is: v1-01/45781, v2-01/045781"


async def test_later_events_follow_and_known_ones_are_not_repeated(store: Store) -> None:
    await store.write(adding(store, shipment()))
    history = [event(code=code, at=NOW + timedelta(hours=hour)) for hour, code in enumerate(("01", "02", "03"))]

    outcomes = [await store.write(recording(store, *history[: n + 1])) for n in (0, 0, 1, 2)]

    assert [1, 0, 1, 1] == [outcome.new_events for outcome in outcomes]
    assert {f"demo/{ORDER}/45781": ["01", "02", "03"]} == await placed(store)


async def test_a_webhook_may_be_about_several_parcels(store: Store) -> None:
    await store.write(adding(store, shipment("v1-01", "1", "A1")))
    await store.write(adding(store, shipment("v2-01", "2", "A2")))
    webhook = await store.write(put(store, "1"))

    recorded = await store.write(
        recording(store, event("A1"), event("A2", "02"), event("A3", "03"), webhook=webhook.webhook_id)
    )

    assert Recorded(new_events=3, placed=2, parked=1) == recorded
    assert {"demo/v1-01/1": ["01"], "demo/v2-01/2": ["02"]} == await placed(store)
    state = select(webhooks.c.state, webhooks.c.adapter_version, webhooks.c.mapped_at)
    assert ("mapped", 1, NOW) == tuple(await store.read(lambda connection: connection.execute(state).one()))


async def test_a_webhook_without_events_is_ignored_with_the_reason(store: Store) -> None:
    webhook = await store.write(put(store, "1"))

    await store.write(recording(store, webhook=webhook.webhook_id, ignored=("an event about a refund",)))

    state = select(webhooks.c.state, webhooks.c.reason)
    expected = ("ignored", "an event about a refund")
    assert expected == tuple(await store.read(lambda connection: connection.execute(state).one()))


async def test_what_one_webhook_said_of_the_order_is_not_forgotten_by_the_next(store: Store) -> None:
    said = references(order_id=ORDER, invoice_number="45781")
    await store.write(recording(store, event("A1", references=said)))
    await store.write(recording(store, event("A1", "02", NOW + timedelta(hours=1))))

    await store.write(adding(store, shipment(ORDER, "45781", "B2")))
    await store.write(recording(store, event("A1", "03", NOW + timedelta(hours=2)), now=NOW + timedelta(hours=2)))

    assert {f"demo/{ORDER}/45781": ["01", "02", "03"]} == await placed(store)


async def test_a_webhook_that_repeats_events_may_still_tell_where_they_belong(store: Store) -> None:
    await store.write(adding(store, shipment(ORDER, "45781", "B2")))
    await store.write(recording(store, event("A1")))
    told = event("A1", references=references(order_id=ORDER, invoice_number="45781"))

    await store.write(recording(store, told))

    assert {f"demo/{ORDER}/45781": ["01"]} == await placed(store)


async def test_a_number_that_came_back_after_a_month_is_another_parcel_s(store: Store) -> None:
    said = references(order_id=ORDER, invoice_number="45781")
    await store.write(adding(store, shipment(ORDER, "45781", "B2")))
    await store.write(recording(store, event("A1", references=said)))
    later = NOW + timedelta(days=40)

    await store.write(recording(store, event("A1", "09", later), now=later))

    assert {f"demo/{ORDER}/45781": ["01"]} == await placed(store)


async def test_what_was_never_ours_does_not_show_on_an_order_that_uses_the_number_again(store: Store) -> None:
    await store.write(recording(store, event("A1", "old")))
    later = NOW + timedelta(days=60)
    await store.write(recording(store, event("A1", "new", later), now=later))

    await store.write(adding(store, shipment(ORDER, "45781", "A1", invoiced_at=later), now=later))

    assert {f"demo/{ORDER}/45781": ["new"]} == await placed(store)


async def test_an_event_of_a_full_history_that_vanished_is_revised_by_its_successor(store: Store) -> None:
    first = event(description="Saiu para entrega em Campnas", full_history=True)
    kept = event(code="02", at=NOW + timedelta(hours=1), full_history=True)
    corrected = replace(first, raw=("corrected",), description="Saiu para entrega em Campinas")
    again = replace(first, raw=("again",), description="Saiu para a entrega em Campinas")
    await store.write(adding(store, shipment()))

    for document in ((first, kept), (corrected, kept), (again, kept), (again, kept)):
        await store.write(recording(store, *document))

    query = select(events.c.id, events.c.description, events.c.revises).order_by(events.c.id)
    found = await store.read(lambda connection: connection.execute(query).all())
    ids = [row.id for row in found]
    assert [first.description, kept.description, corrected.description, again.description] == [
        row.description for row in found
    ]
    assert [None, None, ids[0], ids[2]] == [row.revises for row in found]


async def test_a_partial_history_withdraws_nothing(store: Store) -> None:
    first = event(description="Coletado")
    await store.write(recording(store, first))
    await store.write(recording(store, replace(first, raw=("other",), description="Coletado em Campinas")))

    query = select(events.c.revises)
    assert [None, None] == await store.read(lambda connection: list(connection.execute(query).scalars()))


async def test_an_event_without_a_time_repeats_only_the_latest_of_its_parcel(store: Store) -> None:
    await store.write(adding(store, shipment()))
    out, back = event(code="out", at=None), event(code="back", at=None)

    said = [out, out, back, out, out, back]
    new = [(await store.write(recording(store, e, webhook=n))).new_events for n, e in enumerate(said)]

    assert [1, 0, 1, 1, 0, 1] == new
    assert {f"demo/{ORDER}/45781": ["out", "back", "out", "back"]} == await placed(store)


@pytest.mark.parametrize(("members", "expected"), [(("demo",), "demo"), (("demo", "other"), None)])
async def test_the_accounts_of_a_group_are_tried_together(
    store: Store, members: Sequence[str], expected: str | None
) -> None:
    for account in ("demo", "other", "stranger"):
        await store.write(adding(store, shipment(account=account)))

    await store.write(recording(store, event(), accounts=members, owner="group"))

    assert ({f"{expected}/{ORDER}/45781": ["01"]} if expected else {}) == await placed(store)
    if expected is None:
        query = select(subjects.c.reason)
        reason = await store.read(lambda connection: connection.execute(query).scalar_one())
        assert reason == f"it fits shipments of several accounts: demo {ORDER}/45781, other {ORDER}/45781"


async def test_a_group_s_event_wakes_for_a_shipment_of_any_of_its_accounts(store: Store) -> None:
    await store.write(recording(store, event(), accounts=("one", "two"), owner="group"))

    stranger = await store.write(adding(store, shipment(account="three"), members=("one", "two")))
    indexed = await store.write(adding(store, shipment(account="two"), members=("one", "two")))

    assert (0, 1) == (stranger.woken, indexed.woken)
    assert {f"two/{ORDER}/45781": ["01"]} == await placed(store)


async def test_a_number_taken_away_shows_nothing_further_and_has_the_rest_looked_at(store: Store) -> None:
    indexed = await store.write(adding(store, shipment(ORDER, "45781", "A1", "A2")))
    await store.write(recording(store, event("A1")))
    await store.write(claim(store, plan=lambda _: Plan()))
    remove = RemoveNumber(
        shipment_id=indexed.shipment_id, number="a-1", ids=store.ids, now=NOW + timedelta(days=1), actor="ops"
    )

    assert [True, False] == [await store.write(remove), await store.write(remove)]

    assert await is_due(store)
    await store.write(recording(store, event("A1", "02", NOW + timedelta(hours=1))))
    assert {f"demo/{ORDER}/45781": ["01"]} == await placed(store)
