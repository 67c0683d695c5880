"""An order that VTEX showed is indexed whole, and look-ups for parked events come and go."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.resolution import resolver
from app.store import ClaimLookups, ExpireParked, FinishLookup, IndexedShipment, RelateOrder, Store
from app.store.lookups import next_lookup
from app.store.schema import audit, shipments, subjects
from tests.store.making import NOW, adding, adding_order, event, recording, references, shipment
from tests.store.test_placement import ORDER, placed, subject_states

pytestmark = pytest.mark.anyio


def returned(*numbers: str, invoice: str = "900") -> IndexedShipment:
    return shipment(ORDER, invoice, *numbers, origin="return")


async def test_a_parcel_of_two_packages_shows_on_both_although_it_came_first(store: Store) -> None:
    await store.write(recording(store, event("A1")))

    woken = await store.write(adding_order(store, shipment(ORDER, "1", "A1"), shipment(ORDER, "2", "A1")))

    assert 1 <= woken
    assert {f"demo/{ORDER}/1": ["01"], f"demo/{ORDER}/2": ["01"]} == await placed(store)


async def test_a_package_that_becomes_known_later_gets_what_the_other_shows(store: Store) -> None:
    await store.write(adding(store, shipment(ORDER, "1", "A1")))
    await store.write(recording(store, event("A1")))

    await store.write(adding(store, shipment(ORDER, "2", "A1", "A2")))

    assert {f"demo/{ORDER}/1": ["01"], f"demo/{ORDER}/2": ["01"]} == await placed(store)


async def test_a_parcel_that_named_its_invoice_shows_on_no_other_package_of_its_number(store: Store) -> None:
    named = references(order_id=ORDER, invoice_number="1")
    await store.write(adding(store, shipment(ORDER, "1", "A1")))
    await store.write(recording(store, event("A1", references=named)))

    await store.write(adding(store, shipment(ORDER, "2", "A1")))

    assert {f"demo/{ORDER}/1": ["01"]} == await placed(store)


@pytest.mark.parametrize("why", ["delivered", "a month old"])
async def test_a_number_used_again_does_not_bring_along_the_earlier_parcel_s_events(store: Store, why: str) -> None:
    first = await store.write(adding(store, shipment("v1-01", "1", "A1")))
    await store.write(recording(store, event("A1", "old")))

    class End:
        def run(self, connection: object) -> None:
            values = {"delivered_at": NOW} if why == "delivered" else {"created_at": NOW - timedelta(days=40)}
            ended = update(shipments).where(shipments.c.id == first.shipment_id).values(**values)
            connection.execute(ended)  # type: ignore[attr-defined]

    await store.write(End())
    await store.write(adding(store, shipment("v2-01", "2", "A1")))
    await store.write(recording(store, event("A1", "new", NOW + timedelta(hours=1))))

    assert {"demo/v1-01/1": ["old"], "demo/v2-01/2": ["new"]} == await placed(store)


async def test_an_event_that_names_only_the_order_goes_to_its_only_package(store: Store) -> None:
    await store.write(recording(store, event(None, references=references(order_id=ORDER))))

    await store.write(adding_order(store, shipment(ORDER, "1", "A1")))

    assert {f"demo/{ORDER}/1": ["01"]} == await placed(store)


async def test_of_an_order_of_several_packages_none_is_guessed(store: Store) -> None:
    await store.write(recording(store, event(None, references=references(order_id=ORDER))))

    assert 0 == await store.write(adding_order(store, shipment(ORDER, "1", "A1"), shipment(ORDER, "2", "A2")))

    assert {} == await placed(store)


@pytest.mark.parametrize("known_first", [True, False])
async def test_a_parcel_that_comes_back_is_skipped_whatever_else_it_names(store: Store, known_first: bool) -> None:
    about = event("R1", references=references(order_id=ORDER, invoice_number="1"))
    add = adding_order(store, shipment(ORDER, "1", "A1"), returned("R1"))
    record = recording(store, about)

    await store.write(add if known_first else record)
    await store.write(record if known_first else add)
    await store.write(recording(store, event("R1", "02", NOW + timedelta(hours=1))))

    if known_first:
        assert {} == await placed(store)
        assert [("number:R1", "skipped")] == await subject_states(store)
    else:
        # Found by its references before the return was known, it stays where it is shown; nothing is added.
        assert [("number:R1", "skipped")] == await subject_states(store)


async def test_a_return_with_a_number_of_the_parcel_that_was_sent_hides_nothing(store: Store) -> None:
    await store.write(adding_order(store, shipment(ORDER, "1", "A1"), returned("A1")))
    await store.write(adding_order(store, shipment(ORDER, "1", "A1"), returned("A1", invoice="1")))

    await store.write(recording(store, event("A1")))

    assert {f"demo/{ORDER}/1": ["01"]} == await placed(store)


async def test_what_is_indexed_again_learns_and_forgets_nothing(store: Store) -> None:
    await store.write(adding(store, shipment(ORDER, "1", "a-1", courier="Transportes Exemplo")))
    await store.write(adding_order(store, shipment(ORDER, "1", "A1", "A2", invoice_key="35 26")))
    indexed = await store.write(adding(store, shipment(ORDER, "1", "A3")))

    row = await store.read(lambda connection: connection.execute(select(shipments)).one())
    assert (False, ("a-1", "A2", "A3")) == (indexed.created, indexed.tracking_numbers)
    assert ("Transportes Exemplo", "3526", "order") == (row.courier, row.invoice_key, row.origin)


async def test_who_added_a_shipment_is_in_the_audit_log(store: Store) -> None:
    adding_by_hand = adding(store, shipment(ORDER, "1", "A1"))
    for _ in range(2):
        await store.write(
            type(adding_by_hand)(
                **{name: getattr(adding_by_hand, name) for name in adding_by_hand.__slots__} | {"actor": "ops"}
            )
        )

    query = select(audit.c.actor, audit.c.action, audit.c.detail).order_by(audit.c.id)
    detail = {"tracking_numbers": ["A1"]}
    assert [("ops", "shipment.added", detail), ("ops", "shipment.united", detail)] == [
        tuple(row) for row in await store.read(lambda connection: connection.execute(query).all())
    ]


LOOKUPS = ClaimLookups(limit=10, lease=timedelta(minutes=1), now=NOW)


async def ask(store: Store, **said: str) -> int:
    await store.write(recording(store, event(references=references(**said or {"order_id": ORDER})), lookup=True))
    return await store.read(lambda connection: connection.execute(select(subjects.c.id)).scalar_one())


async def test_a_parked_event_has_its_order_looked_up_once_at_a_time(store: Store) -> None:
    subject = await ask(store)

    assert NOW == await store.read(next_lookup)
    (lookup,) = await store.write(LOOKUPS)
    await store.write(recording(store, event(code="02", references=references(order_id=ORDER)), lookup=True))

    assert (subject, "demo", ORDER, 0) == (
        lookup.subject_id,
        lookup.owner,
        lookup.facts.references.order_id,
        lookup.lookups,
    )
    assert [] == await store.write(LOOKUPS)
    # A look-up whose process vanished comes back by itself.
    after = ClaimLookups(limit=10, lease=timedelta(minutes=1), now=NOW + timedelta(minutes=1))
    assert [subject] == [each.subject_id for each in await store.write(after)]


async def test_a_look_up_that_failed_does_not_count_as_one_that_found_nothing(store: Store) -> None:
    subject = await ask(store)
    counted = []
    for counts in (False, False, True, True):
        (lookup,) = await store.write(LOOKUPS)
        counted.append(lookup.lookups)
        await store.write(FinishLookup(subject_id=subject, again_at=NOW, reason="…", counts=counts))

    await store.write(FinishLookup(subject_id=subject, again_at=None, reason="VTEX shows no package that fits"))

    assert [0, 0, 0, 1] == counted
    assert await store.read(next_lookup) is None
    # It was asked for often enough: a further event does not ask again.
    await store.write(recording(store, event(code="02", references=references(order_id=ORDER)), lookup=True))
    assert await store.read(next_lookup) is None


async def test_what_names_no_order_or_may_not_be_looked_up_is_not_asked_for(store: Store) -> None:
    await store.write(recording(store, event("A1"), lookup=True))
    await store.write(recording(store, event("A2", references=references(order_id=ORDER)), lookup=False))

    assert await store.read(next_lookup) is None


async def test_a_placed_event_is_not_looked_up_any_more(store: Store) -> None:
    subject = await ask(store)
    await store.write(LOOKUPS)

    await store.write(adding_order(store, shipment(ORDER, "1", "A1")))
    await store.write(FinishLookup(subject_id=subject, again_at=NOW, reason="VTEX shows no package that fits"))

    assert await store.read(next_lookup) is None
    query = select(subjects.c.state, subjects.c.strategy)
    assert ("placed", "whole-order") == tuple(await store.read(lambda connection: connection.execute(query).one()))


async def test_an_order_that_vtex_knows_by_another_id_is_remembered_by_both(store: Store) -> None:
    subject = await ask(store, order_id="MLB-20001234567")
    await store.write(adding_order(store, shipment(ORDER, "1", "A1")))
    assert {} == await placed(store)

    relate = RelateOrder(
        subject_id=subject, order_id=ORDER, resolve=resolver(lambda: NOW), members=lambda owner: (owner,), now=NOW
    )

    assert [True, False] == [await store.write(relate), await store.write(relate)]
    assert {f"demo/{ORDER}/1": ["01"]} == await placed(store)


async def test_what_waited_too_long_is_not_ours_until_its_shipment_appears_after_all(store: Store) -> None:
    await store.write(recording(store, event("A1")))
    await store.write(recording(store, event("A2"), now=NOW + timedelta(days=2)))

    expired = await store.write(ExpireParked(before=NOW + timedelta(days=1), now=NOW + timedelta(days=16)))

    assert 1 == expired
    assert [("number:A1", "unmatched"), ("number:A2", "parked")] == await subject_states(store)
    await store.write(adding(store, shipment(ORDER, "1", "A1", "A2"), now=NOW + timedelta(days=17)))
    assert [("number:A1", "placed"), ("number:A2", "placed")] == await subject_states(store)
