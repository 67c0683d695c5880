"""What an account's PUT does, concluded from what reads show."""

from datetime import timedelta

import pytest

from app.account import History
from app.forwarder.learning import conclude, is_full, wants_sample
from app.store import Learnt, Sample
from tests.forwarder.making import NOW, account, foreign, row, work

AUTO = account()


def sample(kind: str, shipment: int = 1, hours: int = 0) -> Sample:
    at = NOW + timedelta(hours=hours)
    return Sample(kind=kind, shipment_id=shipment, order_id=f"v{shipment}-01", at=at.isoformat())


def told(*samples: Sample) -> Learnt:
    learnt = Learnt()
    for each in samples:
        learnt = conclude(learnt, each)
    return learnt


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [
        ([], None),
        (["kept"], "delta"),
        (["replaced"], "full"),
        (["blurred"], None),
        (["blurred", "replaced"], "full"),
        (["kept", "replaced"], "delta"),
        (["kept", "replaced", "replaced"], "full"),
        (["replaced", "kept", "kept"], "delta"),
        (["kept", "replaced", "kept", "replaced"], "delta"),
        (["replaced", "doubled"], "delta"),
    ],
)
def test_the_first_clear_sample_decides_and_two_shipments_in_a_row_overturn_it(
    kinds: list[str], verdict: str | None
) -> None:
    assert verdict == told(*(sample(kind, number) for number, kind in enumerate(kinds))).verdict


def test_one_shipment_alone_overturns_nothing_however_often_it_is_looked_at() -> None:
    assert "delta" == told(sample("kept", 1), *(sample("replaced", 2, hours) for hours in range(5))).verdict


def test_the_verdict_says_since_when_and_keeps_the_latest_samples() -> None:
    many = [sample("kept", number, number) for number in range(30)]

    learnt = told(*many)

    assert NOW == learnt.verdict_at
    assert tuple(many[-20:]) == learnt.evidence


def test_a_call_is_looked_at_only_where_it_can_tell_something() -> None:
    first, second = work(row(1)), work(row(1, state="applied"), row(2))
    after_others = work(row(1), baseline=foreign("Nota fiscal emitida"))

    assert not wants_sample(AUTO, first, [1], NOW)
    assert wants_sample(AUTO, second, [2], NOW)
    assert wants_sample(AUTO, after_others, [1], NOW)
    assert not wants_sample(account(history=History.DELTA), second, [2], NOW)


def test_what_is_settled_is_looked_at_again_once_a_day() -> None:
    def wants(learnt: Learnt, hours: int) -> bool:
        shipment = work(row(1, state="applied"), row(2), learnt=learnt)
        return wants_sample(AUTO, shipment, [2], NOW + timedelta(hours=hours))

    assert [False, True] == [wants(told(sample("kept")), hours) for hours in (23, 24)]
    # A sample that contradicts the verdict wants another one soon.
    assert wants(told(sample("kept"), sample("replaced", 2)), 0)


def test_pinned_is_pinned() -> None:
    assert [False, True, False, True] == [
        is_full(AUTO, Learnt()),
        is_full(AUTO, Learnt(verdict="full")),
        is_full(account(history=History.DELTA), Learnt(verdict="full")),
        is_full(account(history=History.FULL), Learnt(verdict="delta")),
    ]
