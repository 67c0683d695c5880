"""What adapters are written with: which code decides, batches, fingerprints."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.adapter import Adapter, Maturity, Result, each, fingerprint, most_specific
from app.carriers import find
from app.errors import MalformedPayload
from app.model import CarrierEvent, Ignored, Milestone, References, normalise_number
from app.payload import Node, json_document
from app.verification import Bearer

TABLE = {
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "moving": Milestone.IN_TRANSIT,
    "neighbour": Milestone.DELIVERED,
}


@pytest.mark.parametrize(
    ("codes", "derived", "expected"),
    [
        (("neighbour", "delivered"), (), ("neighbour", Milestone.DELIVERED, None)),
        (("locker", "delivered"), (), ("delivered", Milestone.DELIVERED, "locker")),
        ((None, "", "delivered"), (), ("delivered", Milestone.DELIVERED, None)),
        (("locker", "arrived"), (), ("locker", Milestone.UNKNOWN, "locker")),
        ((), (), ("", Milestone.UNKNOWN, None)),
        (("delivered",), ("delivered/return",), ("delivered/return", Milestone.RETURNED, None)),
        (("delivered",), (None, "delivered/other"), ("delivered", Milestone.DELIVERED, None)),
        (("locker",), ("locker/return",), ("locker", Milestone.UNKNOWN, "locker")),
    ],
)
def test_the_most_specific_known_code_decides(
    codes: tuple[str | None, ...], derived: tuple[str | None, ...], expected: tuple[str, Milestone, str | None]
) -> None:
    assert expected == most_specific(TABLE, *codes, derived=derived)


def read_parcel(parcel: Node) -> Iterator[Result]:
    yield CarrierEvent(code="moving", milestone=Milestone.IN_TRANSIT, raw=(), tracking_numbers=(parcel["n"].text(),))


def test_an_entry_that_cannot_be_read_does_not_hold_back_the_others() -> None:
    batch = json_document('[{"n":"A1"},{},{"n":"A3"}]')

    first, second, third = each(batch.items(), read_parcel)

    assert ("A1",) == (first.tracking_numbers if isinstance(first, CarrierEvent) else None)
    assert second == Ignored(reason="could not be read: $[1].n is missing", unreadable=True)
    assert ("A3",) == (third.tracking_numbers if isinstance(third, CarrierEvent) else None)


def test_a_batch_of_which_nothing_can_be_read_is_malformed() -> None:
    with pytest.raises(MalformedPayload, match=r"\$\[0\]\.n is missing"):
        list(each(json_document("[{},{}]").items(), read_parcel))
    assert [] == list(each(json_document("[]").items(), read_parcel))


def test_an_entry_about_nothing_cannot_be_read() -> None:
    def read_nothing(parcel: Node) -> Iterator[Result]:
        numbers = tuple(parcel.get("n").texts())
        yield CarrierEvent(code="moving", milestone=Milestone.IN_TRANSIT, raw=(), tracking_numbers=numbers)

    first, second = each(json_document('[{"n":null},{"n":"A2"}]').items(), read_nothing)

    assert first == Ignored(
        reason="could not be read: $[0] names no tracking number, invoice or order", unreadable=True
    )
    assert ("A2",) == (second.tracking_numbers if isinstance(second, CarrierEvent) else None)


def test_a_fingerprint_is_of_raw_values_and_their_places() -> None:
    adapter = find("easypost")
    event = CarrierEvent(code="x", milestone=Milestone.UNKNOWN, raw=("a", None, "b"))
    prints = {
        fingerprint(adapter, event),
        fingerprint(adapter, replace(event, raw=("a", "", "b"))),
        fingerprint(adapter, replace(event, raw=("a", "b", None))),
        fingerprint(adapter, replace(event, raw=("ab", None, ""))),
        fingerprint(adapter, replace(event, raw=("a", "\ud800", "b"))),
        fingerprint(replace(adapter, fingerprint_version=2), event),
        fingerprint(find("mandae"), event),
    }

    assert len(prints) == 7
    assert fingerprint(adapter, event) == fingerprint(adapter, replace(event, milestone=Milestone.DELIVERED, code="y"))


def test_media_types_are_accepted_by_kin() -> None:
    adapter = Adapter(
        slug="x",
        name="X",
        documentation="https://docs.x.example",
        maturity=Maturity.UNCONFIRMED,
        verification=Bearer(),
        milestones={},
        parse=lambda _: (),
    )
    forms = replace(adapter, media_types=frozenset({"application/x-www-form-urlencoded"}))

    assert adapter.accepts("")
    assert adapter.accepts("application/json")
    assert adapter.accepts("application/cloudevents+json")
    assert not adapter.accepts("text/plain")
    assert not forms.accepts("application/cloudevents+json")


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        ({"tracking_numbers": ("ab 12-3/4", "x")}, "number:AB1234"),
        ({"references": References(invoice_key="3526 11", order_id="o")}, "key:352611"),
        ({"references": References(invoice_number="007", issuer="12", invoice_series="1")}, "invoice:12/1/007"),
        ({"references": References(invoice_number="007")}, "invoice://007"),
        ({"references": References(order_id="o-1")}, "order:o-1"),
        ({"references": References(alternative_order_ids=("o-2", "o-3"))}, "order:o-2"),
        ({}, ""),
    ],
)
def test_the_subject_is_the_best_that_is_known(event: dict[str, object], subject: str) -> None:
    values = {"code": "x", "milestone": Milestone.UNKNOWN, "raw": (), **event}

    assert subject == CarrierEvent(**values).subject  # type: ignore[arg-type]


def test_references_are_empty_when_nothing_leads_to_an_order() -> None:
    assert References(invoice_series="1", issuer="12").is_empty
    assert not References(order_id="o").is_empty


def test_numbers_are_compared_without_what_people_put_between() -> None:
    assert normalise_number(" ab.001-2/\uff13\u00a0") == "AB00123"
