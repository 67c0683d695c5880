"""What the end of a call means, for its shipment and for its account."""

from datetime import timedelta

import pytest

from app.calling import probe_every, tripped
from app.forwarder.outcomes import Consequence, consequence
from app.forwarder.planning import plan
from app.store import AccountChange, Claimed, Plan, Settlement, Work
from app.vtex import Answered, Outcome
from tests.forwarder.making import NOW, account, claimed, row, work

ACCOUNT = account()
THREE = work(row(1), row(2), row(3))
READ = claimed(Plan(read=True), THREE)
WEEK = timedelta(days=7)


def put(shipment: Work = THREE, *, probe: bool = False) -> Claimed:
    return claimed(plan(shipment, ACCOUNT, NOW), shipment, probe=probe)


def ended(
    outcome: Outcome,
    status: int | None = None,
    *,
    of: Claimed | None = None,
    retry_after: float | None = None,
    **more: bool,
) -> Consequence:
    answered = Answered(outcome=outcome, status=status, detail="VTEX's words", retry_after=retry_after, receipt=None)
    return consequence(of or put(), answered, ACCOUNT, now=NOW, jitter=0.0, **more)


def in_trouble(attempts: int = 0, since: timedelta = timedelta(0)) -> Work:
    return work(row(1), attempts=attempts, failing_since=NOW - since)


def test_applied_is_done() -> None:
    meaning = ended(Outcome.APPLIED, 200)

    settled = meaning.settlement
    assert ("applied", None, None, None) == (settled.outcome, settled.retry_at, settled.read_after, settled.dead)
    assert meaning.account is None


def test_the_first_calls_of_an_account_that_is_being_learnt_are_looked_at_after_the_lag() -> None:
    known = work(row(1, state="applied"), row(2), accepted_puts=1)

    settled = ended(Outcome.APPLIED, 200, of=put(known)).settlement

    assert NOW + ACCOUNT.read_lag == settled.read_after


@pytest.mark.parametrize("status", [None, 408, 500, 502, 504])
def test_a_call_that_may_have_been_applied_is_followed_by_a_read_after_the_lag(status: int | None) -> None:
    meaning = ended(Outcome.UNKNOWN, status)

    settled = meaning.settlement
    assert (NOW + ACCOUNT.retry_base, NOW + ACCOUNT.read_lag, True, None) == (
        settled.retry_at,
        settled.read_after,
        settled.spends,
        settled.dead,
    )
    assert meaning.account is None


def test_the_retry_of_such_a_call_never_comes_before_its_read() -> None:
    hasty = account(retry_base=timedelta(seconds=0.1))
    answered = Answered(outcome=Outcome.UNKNOWN, status=500)

    settled = consequence(put(), answered, hasty, now=NOW, jitter=0.0).settlement

    assert settled.retry_at == settled.read_after == NOW + hasty.read_lag


def test_a_read_that_failed_leaves_nothing_unknown() -> None:
    assert ended(Outcome.UNKNOWN, 500, of=READ).settlement.read_after is None


def test_retries_wait_longer_each_time_and_end_after_three_days() -> None:
    waits = [ended(Outcome.UNKNOWN, 500, of=put(in_trouble(attempts))).settlement.retry_at for attempts in range(9)]

    assert [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] == [
        (at - NOW).total_seconds() for at in waits if at is not None
    ]
    last = ended(Outcome.UNKNOWN, 500, of=put(in_trouble(9, timedelta(hours=72)))).settlement
    assert (None, "no success within 3 days, 0:00:00: VTEX's words") == (last.retry_at, last.dead)
    # Whether the last one was applied is for a redrive to find out.
    assert NOW + ACCOUNT.read_lag == last.read_after


def test_too_many_requests_pause_the_account_and_cost_the_shipment_nothing() -> None:
    asked = ended(Outcome.NOT_APPLIED, 429, retry_after=90)
    unasked = ended(Outcome.NOT_APPLIED, 429, of=put(in_trouble(7)))

    until = NOW + timedelta(seconds=90)
    assert AccountChange(state="paused", until=until, reason="VTEX asked to wait (429)") == asked.account
    assert (until, False, None) == (asked.settlement.retry_at, asked.settlement.spends, asked.settlement.read_after)
    assert unasked.account is not None
    assert NOW + ACCOUNT.retry_base == unasked.account.until == unasked.settlement.retry_at


def test_a_busy_service_that_says_when_to_come_back_pauses_the_account_too() -> None:
    meaning = ended(Outcome.UNKNOWN, 503, retry_after=90)

    assert meaning.account is not None
    assert ("paused", NOW + timedelta(seconds=90)) == (meaning.account.state, meaning.account.until)
    assert not meaning.settlement.spends
    assert NOW + ACCOUNT.read_lag == meaning.settlement.read_after
    assert ended(Outcome.UNKNOWN, 503).account is None


def test_too_early_is_tried_again_like_any_failure_but_certainly_was_not_applied() -> None:
    settled = ended(Outcome.NOT_APPLIED, 425).settlement

    assert (NOW + ACCOUNT.retry_base, None, True) == (settled.retry_at, settled.read_after, settled.spends)


def test_refused_credentials_hold_the_account_and_cost_the_shipment_nothing() -> None:
    meaning = ended(Outcome.UNAUTHORISED, 401, of=put(in_trouble(99, WEEK)))

    assert meaning.account is not None
    assert ("held", NOW + probe_every(ACCOUNT)) == (meaning.account.state, meaning.account.until)
    assert (NOW, False, None) == (meaning.settlement.retry_at, meaning.settlement.spends, meaning.settlement.dead)


def test_one_forbidden_call_is_its_shipment_s_and_two_are_the_account_s() -> None:
    alone = ended(Outcome.FORBIDDEN, 403)
    shared = ended(Outcome.FORBIDDEN, 403, forbidden_elsewhere=True)

    assert (None, True, None) == (alone.account, alone.settlement.spends, alone.settlement.read_after)
    assert shared.account is not None
    assert "held" == shared.account.state


def test_what_is_missing_is_asked_for_again_within_its_grace() -> None:
    first = ended(Outcome.MISSING, 404).settlement
    last = ended(Outcome.MISSING, 404, of=put(in_trouble(9, timedelta(hours=24)))).settlement

    assert (NOW + ACCOUNT.retry_base, None) == (first.retry_at, first.dead)
    assert (None, "VTEX has no such order or invoice: VTEX's words") == (last.retry_at, last.dead)


def test_of_several_rows_refused_together_the_bad_one_is_found_and_dies_with_vtex_s_words() -> None:
    """Play VTEX's part until nothing is left: it refuses whatever holds the second event."""
    shipment = THREE
    dead: dict[int, str] = {}
    applied: set[int] = set()
    for _ in range(6):
        planned = plan(shipment, ACCOUNT, NOW)
        if planned.body is None:
            break
        refused = 2 in planned.carries
        outcome, status = (Outcome.REFUSED, 400) if refused else (Outcome.APPLIED, 200)
        settled = ended(outcome, status, of=claimed(planned, shipment)).settlement
        assert settled.retry_at == (NOW if refused else None)
        dead |= dict(settled.dead_rows)
        applied |= set() if refused else set(planned.carries)
        states = {**dict.fromkeys(applied, "applied"), **dict.fromkeys(dead, "dead")}
        shipment = work(
            *(row(n, state=states.get(n, "sent")) for n in (1, 2, 3)), split=shipment.split or settled.split
        )

    assert {2: "VTEX refused it (400): VTEX's words"} == dead
    assert {1, 3} == applied


def test_a_refusal_with_nothing_to_take_apart_ends_the_shipment() -> None:
    for call in (READ, put(work(row(1, state="applied", milestone=row(1).milestone.DELIVERED)))):
        settled = ended(Outcome.REFUSED, 400, of=call).settlement

        assert (None, "VTEX refused it (400): VTEX's words") == (settled.retry_at, settled.dead)


@pytest.mark.parametrize(
    ("outcome", "status", "opens"),
    [
        (Outcome.APPLIED, 200, True),
        (Outcome.MISSING, 404, True),
        (Outcome.REFUSED, 400, True),
        (Outcome.UNKNOWN, 500, False),
        (Outcome.UNAUTHORISED, 401, False),
        (Outcome.NOT_APPLIED, 429, False),
    ],
)
def test_a_probe_that_is_answered_opens_the_account(outcome: Outcome, status: int, opens: bool) -> None:
    meaning = ended(outcome, status, of=put(probe=True))

    assert opens == (meaning.account == AccountChange(state="open"))


def test_an_account_of_which_too_many_calls_fail_rests_ten_times_its_first_wait() -> None:
    change = tripped(ACCOUNT, NOW)

    assert ("probing", NOW + 10 * ACCOUNT.retry_base) == (change.state, change.until)


def test_every_outcome_settles_somehow() -> None:
    for outcome in Outcome:
        for of in (put(), READ):
            settled: Settlement = ended(outcome, 418, of=of).settlement
            done = outcome is Outcome.APPLIED
            assert done or (settled.retry_at is None) == (settled.dead is not None)
