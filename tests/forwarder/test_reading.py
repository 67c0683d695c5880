"""What a read of the order says about a shipment's rows."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.account import History
from app.forwarder.planning import plan
from app.forwarder.reading import package_of, seen
from app.model import Milestone
from app.store import Frozen, Work
from app.vtex import Package, read_order
from tests.forwarder.making import FULL, NOW, account, row, work

ACCOUNT = account()


def order(
    *rows: dict[str, str], finished: bool = False, delivered_date: str | None = None, kind: str = "Output"
) -> bytes:
    status = {"finished": finished, "deliveredDate": delivered_date, "data": list(rows)}
    packages = [{"invoiceNumber": "45781", "type": kind, "courierStatus": status}]
    return json.dumps({"orderId": "v1-01", "packageAttachment": {"packages": packages}}).encode()


def package(*rows: dict[str, str], finished: bool = False, delivered_date: str | None = None) -> Package:
    found = package_of(read_order(order(*rows, finished=finished, delivered_date=delivered_date)), "45781")
    assert found is not None
    return found


def shown(description: str, at: str, city: str = "Campinas", state: str = "SP") -> dict[str, str]:
    return {"description": description, "city": city, "state": state, "lastChange": at, "createDate": at}


def test_our_rows_are_found_and_those_of_others_are_the_baseline() -> None:
    shipment = work(row(1), row(2, state="sent"), row(3))
    there = package(
        shown("as sent 2", "2026-03-01T02:00:00.0000000+00:00", "", ""),
        shown("event 1", "2026-03-01T01:00:00.0000000+00:00"),
        shown("Nota fiscal emitida", "2026-02-28T12:00:00.0000000+00:00", "", ""),
    )

    found = seen(shipment, there, ACCOUNT, NOW)

    assert {1, 2} == {event_id for event_id, _ in found.matched}
    assert (
        Frozen(city="", state="", description="Nota fiscal emitida", date="2026-02-28T12:00:00.0000000+00:00"),
    ) == found.baseline
    # Never sent, it is frozen as we would have sent it.
    assert "2026-02-28T22:00:00-03:00" == dict(found.matched)[1].date


def test_rows_that_were_refused_or_left_out_claim_nothing_of_others() -> None:
    shipment = work(row(1, state="dead"), row(2, state="skipped"))
    there = package(
        shown("event 1", "2026-03-01T01:00:00.0000000+00:00"), shown("event 2", "2026-03-01T02:00:00.0000000+00:00")
    )

    found = seen(shipment, there, ACCOUNT, NOW)

    assert ((), 2) == (found.matched, len(found.baseline))


def test_where_a_call_replaces_what_is_there_rows_of_others_that_it_took_away_are_put_back() -> None:
    invoice = Frozen(city="", state="", description="Nota fiscal emitida", date="2026-02-28T12:00:00+00:00")
    call = Frozen(city="", state="", description="Por telefone", date="2026-02-28T15:00:00+00:00")
    there = package(
        shown("event 1", "2026-03-01T01:00:00.0000000+00:00"),
        shown("POR TELEFONE", "2026-02-28T15:00:00.0000000+00:00", "", ""),
        shown("Em separação", "2026-02-28T16:00:00.0000000+00:00", "", ""),
    )
    found = seen(work(row(1), baseline=(invoice, call)), there, FULL, NOW)
    kept = seen(work(row(1), baseline=(invoice, call)), there, account(history=History.DELTA), NOW)

    assert ["Nota fiscal emitida", "POR TELEFONE", "Em separação"] == [each.description for each in found.baseline]
    assert ["POR TELEFONE", "Em separação"] == [each.description for each in kept.baseline]


def test_a_row_taken_for_another_writers_that_turns_out_to_be_ours_is_not_sent_twice() -> None:
    early = Frozen(city="Campinas", state="SP", description="event 1", date="2026-03-01T01:00:00.0000000+00:00")
    there = package(shown("event 1", "2026-03-01T01:00:00.0000000+00:00"))

    found = seen(work(row(1), baseline=(early,)), there, FULL, NOW)

    assert ([1], ()) == ([event_id for event_id, _ in found.matched], found.baseline)


def test_an_order_without_the_package_tells_nothing_new() -> None:
    known = work(row(1), baseline=(Frozen(city="", state="", description="x", date="2026-03-01"),))

    assert known.baseline == seen(known, None, ACCOUNT, NOW).baseline
    assert package_of(read_order(order()), "1") is None
    assert package_of(read_order(order(kind="Input")), "45781") is None


@pytest.mark.parametrize(
    ("shown_date", "expected"),
    [
        ("2026-03-05T14:17:40.5322681+00:00", "2026-03-05 11:17"),
        ("2026-03-05 15:10", "2026-03-05 15:10"),
        ("2026-03-05", "2026-03-05 00:00"),
        ("yesterday", None),
        (None, None),
    ],
)
def test_when_others_say_it_was_delivered_is_written_as_vtex_takes_it(
    shown_date: str | None, expected: str | None
) -> None:
    found = seen(work(row(1)), package(finished=True, delivered_date=shown_date), ACCOUNT, NOW)

    assert (True, expected) == (found.finished, found.delivered_date)
    after = work(row(1), delivered=True, delivered_date=found.delivered_date)
    body = plan(after, ACCOUNT, NOW).body
    assert body is not None
    at = datetime.strptime(body["deliveredDate"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert at <= NOW


def test_what_we_know_of_the_delivery_goes_before_what_vtex_shows() -> None:
    shipment = work(row(1, Milestone.DELIVERED, state="sent"))

    found = seen(shipment, package(finished=True, delivered_date="2026-03-01T01:00:00.0000000+00:00"), ACCOUNT, NOW)

    assert "2026-02-28 22:00" == found.delivered_date


def sampled(*there: str, earlier: Work | None = None, history: History = History.AUTO) -> str | None:
    """Read after a second call, which carried the second event; return what that tells."""
    first = row(1, state="applied", sent_at=NOW - timedelta(hours=1))
    second = row(2, state="applied", sent_at=NOW)
    shipment = earlier or work(first, second, accepted_puts=2)
    rows = [shown(words, f"2026-03-01T0{words[-1]}:00:00.0000000+00:00", "", "") for words in there]
    found = seen(shipment, package(*rows), account(history=history), NOW)
    return found.sample.kind if found.sample else None


def test_what_became_of_earlier_rows_tells_what_a_request_does() -> None:
    assert "kept" == sampled("as sent 1", "as sent 2")
    assert "replaced" == sampled("as sent 2")
    assert sampled("as sent 1") is None
    assert sampled("as sent 2", history=History.DELTA) is None
    assert "blurred" == sampled("as sent 2", "of another writer 3")


def test_rows_of_others_are_not_forgotten_before_it_is_known_whether_requests_replace() -> None:
    theirs = Frozen(city="", state="", description="Nota fiscal emitida", date="2026-03-01")
    shipment = work(row(1, state="applied"), row(2, state="sent"), baseline=(theirs,))

    found = seen(shipment, package(), ACCOUNT, NOW)

    assert (theirs,) == found.baseline
