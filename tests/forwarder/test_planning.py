"""What a shipment needs next."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.account import DateFormat, History
from app.forwarder.planning import plan, planner, render
from app.model import Milestone
from app.store import Frozen, Learnt, Plan
from app.vtex import body_hash
from tests.forwarder.making import FULL, NOW, account, foreign, row, sent, work

ACCOUNT = account()
DELIVERED = Milestone.DELIVERED


def test_everything_that_waits_goes_out_in_one_request_in_order_of_happening() -> None:
    planned = plan(work(row(1, hours=5), row(2, hours=1), row(3, hours=3)), ACCOUNT, NOW)

    assert ["event 2", "event 3", "event 1"] == sent(planned)
    assert ((2, 3, 1), [2, 3, 1]) == (planned.carries, [event_id for event_id, _ in planned.frozen])
    assert planned.body is not None
    assert (False, None, body_hash(planned.body)) == (
        planned.body["isDelivered"],
        planned.body["deliveredDate"],
        planned.body_hash,
    )
    assert {
        "city": "Campinas",
        "state": "SP",
        "description": "event 2",
        "date": "2026-02-28T22:00:00-03:00",
    } == planned.body["events"][0]


def test_events_of_one_moment_keep_the_order_of_their_arrival() -> None:
    assert ["event 1", "event 2"] == sent(plan(work(row(2, hours=1), row(1, hours=1)), ACCOUNT, NOW))


def test_an_event_without_a_time_happened_when_it_came() -> None:
    untimed = row(2, hours=2, occurred_at=None, occurred_text=None, quality=None, description="untimed")

    planned = plan(work(row(1, hours=1), untimed, row(3, hours=3)), ACCOUNT, NOW)

    assert ["event 1", "untimed", "event 3"] == sent(planned)


def test_nothing_to_say_is_nothing_to_do() -> None:
    assert Plan() == plan(work(), ACCOUNT, NOW)
    assert Plan() == plan(work(row(1, state="applied"), row(2, state="dead"), row(3, state="skipped")), ACCOUNT, NOW)


def test_the_order_is_read_before_the_first_request_unless_that_is_switched_off() -> None:
    cautious = account(first_read=True)

    assert Plan(read=True) == plan(work(row(1)), cautious, NOW)
    assert ["event 1"] == sent(plan(work(row(1), read_at=NOW), cautious, NOW))
    assert ["event 1"] == sent(plan(work(row(1)), ACCOUNT, NOW))
    assert Plan() == plan(work(), cautious, NOW)


def test_what_may_have_been_applied_is_read_first_and_not_too_early() -> None:
    later = NOW + timedelta(seconds=1)

    assert Plan(wait_until=later) == plan(work(row(1, state="sent"), read_after=later), ACCOUNT, NOW)
    assert Plan(read=True) == plan(work(row(1, state="sent"), read_after=later), ACCOUNT, later)


def test_a_row_that_was_sent_goes_out_again_as_it_was_whatever_the_settings_are_now() -> None:
    was = Frozen(city="X", state="Y", description="as it was", date="2020-01-01")
    changed = account(date_format=DateFormat.UTC, description="phrase", locale="en")

    planned = plan(work(row(1, state="sent", frozen=was), row(2)), changed, NOW)

    assert planned.body is not None
    assert ["as it was", "In transit"] == sent(planned)
    assert ("2020-01-01", (2,), (1, 2)) == (
        planned.body["events"][0]["date"],
        tuple(event_id for event_id, _ in planned.frozen),
        planned.carries,
    )
    assert was == render(row(1, state="sent", frozen=was), changed, NOW)


def test_the_same_row_is_shown_once() -> None:
    alike: dict[str, Any] = {"hours": 1, "description": "Coletado"}
    there = render(row(1, **alike), ACCOUNT, NOW)

    twice = plan(work(row(1, **alike), row(2, **alike)), ACCOUNT, NOW)
    ours = plan(work(row(1, **alike, state="applied", frozen=there), row(2, **alike), row(3)), ACCOUNT, NOW)
    theirs = plan(work(row(1, **alike), baseline=(there,)), ACCOUNT, NOW)

    assert (["Coletado"], [2]) == (sent(twice), [skip.event_id for skip in twice.skips])
    assert (["event 3"], [2]) == (sent(ours), [skip.event_id for skip in ours.skips])
    assert (None, ["the very same row is on the timeline already"]) == (
        theirs.body,
        [skip.reason for skip in theirs.skips],
    )


@pytest.mark.parametrize("invoice", ["12/3", "12 3", "", ".", "..", "12\n", "ç", "1?2", "1%2F2"])
def test_an_invoice_number_that_vtex_cannot_take_is_dead_at_once_with_the_reason(invoice: str) -> None:
    planned = plan(work(row(1), row(2, state="applied"), invoice_number=invoice), ACCOUNT, NOW)

    assert planned.dead is not None
    assert repr(invoice) in planned.dead
    assert [(1, "dead")] == [(skip.event_id, skip.state) for skip in planned.skips]


@pytest.mark.parametrize("invoice", ["000123", "1.2-3_4", "NF-1"])
def test_other_invoice_numbers_are_taken_as_they_are(invoice: str) -> None:
    assert ["event 1"] == sent(plan(work(row(1), invoice_number=invoice), ACCOUNT, NOW))


def test_only_wanted_milestones_are_forwarded_and_all_of_them_count() -> None:
    picky = account(forward_milestones=frozenset({Milestone.IN_TRANSIT}))

    planned = plan(work(row(1), row(2, DELIVERED)), picky, NOW)
    alone = plan(work(row(2, DELIVERED)), picky, NOW)

    assert (["event 1"], [2]) == (sent(planned), [skip.event_id for skip in planned.skips])
    assert planned.body is not None
    assert planned.body["isDelivered"]
    assert alone.body == {"isDelivered": True, "deliveredDate": "2026-02-28 23:00", "events": []}


def test_a_new_row_waits_for_company_but_not_for_ever() -> None:
    patient = account(debounce=timedelta(minutes=10))
    first = row(1, received_at=NOW - timedelta(minutes=9))

    assert Plan(wait_until=NOW + timedelta(minutes=1)) == plan(work(first), patient, NOW)
    both = work(first, row(2, received_at=NOW + timedelta(minutes=1)))
    assert ["event 1", "event 2"] == sent(plan(both, patient, NOW + timedelta(minutes=1)))


@pytest.mark.parametrize("debounce", [timedelta(0), timedelta(minutes=10)])
def test_what_came_by_a_clock_that_was_ahead_does_not_wait_until_it_has_come_again(debounce: timedelta) -> None:
    eager = account(debounce=debounce)
    early, ahead = row(1, received_at=NOW + timedelta(seconds=1)), row(2, received_at=NOW + timedelta(hours=3))

    assert Plan(wait_until=NOW + timedelta(seconds=1) + debounce) == plan(work(early), eager, NOW)
    assert ["event 2"] == sent(plan(work(ahead), eager, NOW))


def test_old_news_goes_out_only_with_fresh_news() -> None:
    strict = account(stale_after=timedelta(days=7))
    old, fresh = row(1, hours=0), row(2, hours=24 * 8)

    assert Plan() == plan(work(old), strict, NOW)
    assert ["event 1", "event 2"] == sent(plan(work(old, fresh), strict, NOW))


@pytest.mark.parametrize("only", [account(observe=True), account(forward_from=date(2026, 3, 1))])
def test_what_is_only_observed_is_not_written(only: object) -> None:
    planned = plan(work(row(1), invoiced_at=NOW - timedelta(days=30)), only, NOW)  # type: ignore[arg-type]

    assert [1] == [event_id for event_id, _ in planned.observed]
    assert () == planned.frozen


def test_a_refused_request_is_taken_apart_row_by_row() -> None:
    first = plan(work(row(1), row(2), row(3), split=True), ACCOUNT, NOW)
    second = plan(work(row(1, state="applied"), row(2, state="dead"), row(3, state="sent"), split=True), ACCOUNT, NOW)

    assert (["event 1"], (1,)) == (sent(first), first.carries)
    assert (["as sent 3"], (3,)) == (sent(second), second.carries)


def test_a_row_that_stands_there_already_does_not_keep_the_others_of_a_split_shipment_back() -> None:
    applied = row(1, state="applied")
    shown = applied.frozen
    assert shown is not None
    twin, rest = row(2, state="sent", frozen=shown), row(3)

    planned = plan(work(applied, twin, rest, split=True), ACCOUNT, NOW)

    assert ([2], ["event 3"], (3,)) == ([skip.event_id for skip in planned.skips], sent(planned), planned.carries)


# --- the whole timeline ----------------------------------------------------------------------------


def test_where_a_request_replaces_it_carries_everything_in_order_after_the_rows_of_others() -> None:
    known = work(
        row(1, hours=3, state="applied"),
        row(2, hours=1, state="sent"),
        row(3, hours=2),
        row(4, state="dead"),
        row(5, state="skipped"),
        baseline=foreign("Nota fiscal emitida"),
        accepted_puts=1,
    )

    planned = plan(known, FULL, NOW)

    assert ["Nota fiscal emitida", "as sent 2", "event 3", "as sent 1"] == sent(planned)
    assert (2, 3) == planned.carries


def test_a_timeline_that_vtex_holds_is_not_sent_again() -> None:
    first = plan(work(row(1)), FULL, NOW)
    frozen = first.frozen[0][1]
    accepted = work(row(1, state="applied", frozen=frozen), accepted_hash=first.body_hash, accepted_puts=1)

    assert Plan() == plan(accepted, FULL, NOW)
    # Learnt to be replacing, an account is sent once more what it was sent in parts.
    lost = work(row(1, state="applied", frozen=frozen), row(2, state="applied"), accepted_hash="…", accepted_puts=2)
    assert ["event 1", "as sent 2"] == sent(plan(lost, FULL, NOW))


def test_history_is_as_configured_or_as_learnt() -> None:
    known = work(row(1, state="applied"), row(2), accepted_puts=1)

    def planned(history: History, verdict: str | None) -> list[str]:
        learnt = Learnt(verdict=verdict)
        shipment = work(*known.rows, accepted_puts=1, learnt=learnt)
        return sent(plan(shipment, account(history=history), NOW))

    assert (
        ["event 2"] == planned(History.AUTO, None) == planned(History.AUTO, "delta") == planned(History.DELTA, "full")
    )
    assert ["as sent 1", "event 2"] == planned(History.AUTO, "full") == planned(History.FULL, "delta")


# --- revisions -------------------------------------------------------------------------------------


def test_of_a_row_revised_before_it_was_on_the_timeline_only_the_revision_goes_out() -> None:
    for state in ("pending", "sent"):
        planned = plan(work(row(1, state=state), row(2, revises=1), row(3, revises=2)), ACCOUNT, NOW)

        assert ["event 3"] == sent(planned)
        assert {1, 2} == {skip.event_id for skip in planned.skips}


def test_a_row_on_the_timeline_stays_as_it_is_however_often_it_is_revised() -> None:
    once = plan(work(row(1, state="applied"), row(2, revises=1)), ACCOUNT, NOW)
    twice = plan(work(row(1, state="applied"), row(2, state="skipped", revises=1), row(3, revises=2)), ACCOUNT, NOW)

    assert (None, None) == (once.body, twice.body)
    assert [(2, "a revision of a row that is on the timeline already")] == [
        (skip.event_id, skip.reason) for skip in once.skips
    ]
    assert [3] == [skip.event_id for skip in twice.skips]


@pytest.mark.parametrize("second", ["applied", "skipped", "pending"])
def test_where_a_request_replaces_the_latest_revision_takes_the_place_of_all_before_it(second: str) -> None:
    first, other = row(1, state="applied"), row(9, state="applied")
    known = work(first, row(2, state=second, revises=1), row(3, revises=2), other, accepted_puts=1)

    planned = plan(known, FULL, NOW)

    assert ["event 3", "as sent 9"] == sent(planned)
    # And stays away later on.
    later = work(*(r for r in known.rows if r.event_id != 3), row(3, state="applied", revises=2), row(10))
    assert ["as sent 3", "as sent 9", "event 10"] == sent(plan(later, FULL, NOW))


# --- delivered -------------------------------------------------------------------------------------


def test_what_vtex_accepted_as_delivered_stays_delivered_with_the_same_date() -> None:
    late = work(row(1, DELIVERED, state="applied"), row(2), delivered=True, delivered_date="2026-03-01 15:10")

    planned = plan(late, ACCOUNT, NOW)

    assert planned.body is not None
    assert (True, "2026-03-01 15:10") == (planned.body["isDelivered"], planned.body["deliveredDate"])


def test_a_package_that_others_called_delivered_is_not_taken_back() -> None:
    planned = plan(work(row(1), delivered=True), ACCOUNT, NOW)

    assert planned.body is not None
    assert (True, "2026-03-10 09:00") == (planned.body["isDelivered"], planned.body["deliveredDate"])


def test_delivered_is_said_even_when_its_row_is_there_already() -> None:
    planned = plan(work(row(1, DELIVERED, state="applied")), ACCOUNT, NOW)

    assert planned.body == {"isDelivered": True, "deliveredDate": "2026-02-28 22:00", "events": []}
    assert () == planned.carries


def test_a_plan_that_fails_ends_its_own_shipment_only() -> None:
    decide = planner({"demo": ACCOUNT}, lambda: NOW)

    broken = decide(work(row(1, occurred_text="no time")))

    assert broken.dead is not None
    assert "the relay failed on it: ValueError" in broken.dead
    assert ["event 1"] == sent(decide(work(row(1))))
