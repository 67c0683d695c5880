"""What a declared carrier's documents are read as."""

from typing import Any

import pytest

from app.declared import declare
from app.errors import MalformedPayload
from app.model import Milestone, Place, TimeQuality
from app.reading import trace
from tests.declared.documents import PARCEL, acme, event, parcel, reading


def test_an_event_is_read_with_its_parcel() -> None:
    found = event(parcel(text="Em trânsito", where="CDD - PALMAS/TO"))

    assert ("AB17",) == found.tracking_numbers
    assert "100-01" == found.references.order_id
    assert ("moving", Milestone.IN_TRANSIT, None) == (found.code, found.milestone, found.unknown_code)
    assert "Em trânsito" == found.description
    assert Place(city="PALMAS", state="TO") == found.place
    assert found.occurred_at
    assert "2026-11-20T08:00:00-03:00" == found.occurred_at.at.isoformat()
    assert found.occurred_at.quality is TimeQuality.LOCAL


def test_the_mapping_trace_names_the_expressions() -> None:
    where = trace(event(parcel(text="Em trânsito"), events__code="status || code"))

    assert "status || code" == where["code"]
    assert "number" == where["tracking_number"]
    assert "at" == where["occurred_at"]


def test_a_single_object_counts_as_a_list_of_one() -> None:
    document = {"packages": {**PARCEL, "history": PARCEL["history"][0]}}

    assert "moving" == event(document).code


def test_without_expressions_the_document_is_the_parcel_and_the_parcel_the_event() -> None:
    found = event({"number": "AB17", "status": "delivered"}, parcels=None, events__each=None)

    assert Milestone.DELIVERED is found.milestone


def test_an_event_sees_its_parcel_and_the_document() -> None:
    document = {
        "sent": "2026-11-20T09:00:00Z",
        "packages": [{"number": "AB17", "city": "Palmas", "history": ["moving"]}],
    }
    found = event(
        {**document, "packages": [{**document["packages"][0], "history": [{"status": "moving"}]}]},  # type: ignore[dict-item]  # its values differ in type
        events__city="_parcel.city",
        events__time="_parcel._document.sent",
    )

    assert "Palmas" == found.place.city
    assert found.occurred_at
    assert found.occurred_at.quality is TimeQuality.UTC


def test_events_may_be_texts() -> None:
    assert "moving" == event({"packages": [{"number": "AB17", "history": ["moving"]}]}, events__code="@").code


def test_numbers_keep_the_digits_that_were_sent() -> None:
    found = event(
        {"packages": [{"number": 12345678901234567890, "history": [{"status": 1.50}]}]}, statuses={"1.5": "EXCEPTION"}
    )

    assert ("12345678901234567890",) == found.tracking_numbers
    assert Milestone.EXCEPTION is found.milestone


def test_several_numbers_and_orders_are_kept_in_order() -> None:
    document = {
        "packages": [{"number": ["A1", "A2"], "order": "1", "shop": ["2", "1"], "history": [{"status": "moving"}]}]
    }
    found = event(document, parcel__order_id=["order", "shop"])

    assert ("A1", "A2") == found.tracking_numbers
    assert ("1", ("2",)) == (found.references.order_id, found.references.alternative_order_ids)


def test_an_invoice_key_leads_to_its_invoice() -> None:
    key = "35261111222333000181550010000482131704159269"
    found = event(
        {"packages": [{"nfe": key, "history": [{"status": "moving"}]}]},
        parcel__tracking_number=None,
        parcel__invoice_key="nfe",
    )

    assert (key, "48213", "1") == (
        found.references.invoice_key,
        found.references.invoice_number,
        found.references.invoice_series,
    )


# --- what is no event ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "changes", "reason"),
    [
        ({"packages": []}, {}, "a document without parcels"),
        ({"packages": [{**PARCEL, "history": []}]}, {}, "a parcel without events"),
        (parcel(status="ping"), {}, "a sign of life"),
        ({"type": "invoice"}, {"when": "type == 'tracking'"}, "a document that `when` passes over"),
        ({"packages": [PARCEL]}, {"parcel__when": "kind == 'parcel'"}, "a parcel that `parcel.when` passes over"),
    ],
)
def test_what_is_no_event_is_ignored_with_the_reason(document: Any, changes: dict[str, Any], reason: str) -> None:
    found = reading(document, **changes)

    assert ((), (reason,)) == (found.events, found.ignored)


def test_a_parcel_that_cannot_be_read_does_not_hold_back_the_others() -> None:
    found = reading({"packages": [PARCEL, {"number": "AB18"}, {"history": [{"status": "moving"}]}]})

    assert 1 == len(found.events)
    assert (
        "could not be read: $ packages[1] holds nothing at history",
        "could not be read: $ packages[2] names no tracking number, invoice or order",
    ) == found.ignored


@pytest.mark.parametrize(
    ("document", "changes", "problem"),
    [
        ({"parcels": []}, {}, r"\$ holds nothing at packages"),
        ({"packages": [{"number": "AB17"}]}, {}, r"\$ packages\[0\] holds nothing at history"),
        (7, {}, r"\$ holds nothing at packages"),
        ({"payload": "{"}, {"document": "from_json(payload)"}, r"\$ holds nothing at from_json\(payload\)"),
    ],
)
def test_a_document_of_another_shape_is_malformed(document: Any, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(MalformedPayload, match=problem):
        reading(document, **changes)


# --- what codes mean -----------------------------------------------------------------------------


def test_the_most_specific_known_code_decides() -> None:
    found = event(parcel(sub="locker"), events__code=["sub", "status"])

    assert ("moving", Milestone.IN_TRANSIT, "locker") == (found.code, found.milestone, found.unknown_code)


def test_an_unknown_code_is_unknown() -> None:
    found = event(parcel(status="orbiting", text="Entregue"))

    assert ("orbiting", Milestone.UNKNOWN, "orbiting") == (found.code, found.milestone, found.unknown_code)


def test_words_are_read_where_they_are_asked_for_and_no_code_is_known() -> None:
    assert Milestone.DELIVERED is event(parcel(status="x", text="Entregue"), events__words="text").milestone
    assert Milestone.DELIVERED is event(parcel(status=None, text="Entregue"), events__words="text").milestone
    assert Milestone.IN_TRANSIT is event(parcel(text="Entregue"), events__words="text").milestone


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"text": "Entregue ao remetente"}, {"events__words": "text"}),
        ({"back": True}, {"events__returned": "back"}),
        ({"back": "true"}, {"events__returned": "back"}),
        ({"leg": "return"}, {"events__returned": "leg == 'return'"}),
        ({"status": "done", "text": "Entregue", "back": True}, {"events__returned": "back", "events__words": "text"}),
    ],
)
def test_a_delivery_to_the_sender_is_a_return(changes: dict[str, Any], settings: dict[str, Any]) -> None:
    found = event(parcel(**{"status": "delivered", **changes}), **settings)

    assert Milestone.RETURNED is found.milestone


@pytest.mark.parametrize("back", [False, "false", "", None, "no", 0, []])
def test_a_delivery_that_is_said_to_be_none_to_the_sender_is_one(back: Any) -> None:
    assert Milestone.DELIVERED is event(parcel(status="delivered", back=back), events__returned="back").milestone


def test_a_table_of_codes_may_be_borrowed_and_overridden() -> None:
    borrowed = {"code_table": "ocoren", "statuses": {"02": "FAILED_ATTEMPT"}}

    assert Milestone.DELIVERED is event(parcel(status="001"), **borrowed).milestone
    assert Milestone.FAILED_ATTEMPT is event(parcel(status=2), **borrowed).milestone
    assert Milestone.UNKNOWN is event(parcel(status="105"), **borrowed).milestone


# --- times, fingerprints --------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "changes", "time"),
    [
        ("20/11/2026 08:00", {"events__time_formats": ["%d/%m/%Y %H:%M"]}, "2026-11-20T08:00:00-03:00"),
        ("2026-11-20T08:00:00Z", {}, "2026-11-20T08:00:00+00:00"),
        ("2026-11-20T08:00:00Z", {"events__ignore_offset": True}, "2026-11-20T08:00:00-03:00"),
        ("2026-11-20 08:00:00", {"events__offset": "'-05:00'"}, "2026-11-20T08:00:00-05:00"),
        (1795176000, {}, "2026-11-20T12:00:00+00:00"),
        ("2026-11-20 08:00:00", {"zone": None}, "2026-11-20T08:00:00+00:00"),
        ("never", {"events__time": ["at", "'2026-11-20'"]}, "2026-11-20T00:00:00-03:00"),
    ],
)
def test_times_are_read_as_declared(at: Any, changes: dict[str, Any], time: str) -> None:
    moment = event(parcel(at=at), **changes).occurred_at

    assert moment
    assert time == moment.at.isoformat()


def test_a_fingerprint_is_made_of_what_was_sent() -> None:
    document = parcel(text="Em trânsito", where="PALMAS/TO", n=1.50)

    assert ("moving", "2026-11-20 08:00:00", "Em trânsito", "PALMAS/TO") == event(document).raw
    assert ("1.5", None, '["a"]') == event(document, events__fingerprint=["n", "nothing", "['a']"]).raw


def test_histories_and_timeless_events_are_known_as_such() -> None:
    assert event(parcel(), events__full_history=True).full_history
    assert not event(parcel()).full_history
    assert declare("acme", acme(events__time=None)).timeless
    assert not declare("acme", acme()).timeless
