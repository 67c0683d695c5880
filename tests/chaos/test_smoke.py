"""The storm in small, and its judge: a judge that finds nothing wrong must be able to."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.ledger import Expected, Ledger, Verdict, judge, unsorted_bodies
from tests.chaos.parcels import Package, Posting, Row, make_world
from tests.chaos.run import Plan, run

pytestmark = pytest.mark.timeout(300)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
LEFT = Row("Saiu da unidade", "Campinas", "SP", NOW - timedelta(hours=2))
DONE = Row("Objeto entregue", "Jundiaí", "SP", NOW)
FOREIGN = Row("Registrado por outro sistema", "", "", NOW - timedelta(hours=1))
EXPECTED = Expected(rows=frozenset({LEFT, DONE}), foreign=Counter([FOREIGN]), is_delivered=True)


@pytest.fixture
def package() -> Package:
    return Package(order="1527103869572-01", invoice="1", parcels=(), foreign=(FOREIGN,), registered_at=-1.0)


def shown(row: Row) -> dict[str, str]:
    return {"description": row.description, "city": row.city, "state": row.state, "date": row.at.isoformat()}


def found(package: Package, *rows: Row, finished: bool = True) -> Verdict:
    verdict = Verdict()
    judge(verdict, package, EXPECTED, {"rows": [shown(row) for row in rows], "finished": finished})
    return verdict


def test_timelines_are_right_after_the_relay_was_killed_amid_failing_calls(tmp_path: Path) -> None:
    report = run(Plan(mode="append", seed=3, webhooks=40, kills=1, history="auto"), tmp_path)

    assert [] == [*report.verdict.faults, *report.verdict.findings]
    assert (1, 40, 40) == (report.kills, report.posted, report.answered)
    assert report.verdict.expected == report.verdict.on_timeline > 0
    assert report.is_right


def test_timelines_are_right_after_three_replicas_and_their_database_died_in_turn(tmp_path: Path) -> None:
    report = run(Plan(mode="append", seed=4, webhooks=60, kills=2, history="auto", replicas=3), tmp_path)

    assert [] == [*report.verdict.faults, *report.verdict.findings]
    assert (2, 60, 60) == (report.kills, report.posted, report.answered)
    assert report.is_right


def test_what_was_answered_while_the_database_was_gone_and_came_back_is_there_and_all_else_was_refused(
    tmp_path: Path,
) -> None:
    plan = Plan(mode="append", seed=5, webhooks=120, kills=0, history="auto", replicas=2, disaster="outage", seconds=3)
    report = run(plan, tmp_path)

    assert [] == [*report.verdict.faults, *report.verdict.findings]
    assert (120, 120) == (report.posted, report.answered)
    assert report.refused > 0
    assert report.is_right


def test_nothing_that_was_answered_is_lost_when_a_standby_takes_the_place_of_the_database(tmp_path: Path) -> None:
    plan = Plan(
        mode="append", seed=6, webhooks=120, kills=0, history="auto", replicas=2, disaster="failover", seconds=2
    )
    report = run(plan, tmp_path)

    assert [] == [*report.verdict.faults, *report.verdict.findings]
    assert (120, 120) == (report.posted, report.answered)
    assert report.refused > 0
    assert report.is_right


def test_the_judge_is_content_with_every_row_once_in_any_order(package: Package) -> None:
    assert found(package, DONE, FOREIGN, LEFT).is_right


@pytest.mark.parametrize(
    ("rows", "finished", "wrong"),
    [
        ((DONE, FOREIGN), True, {"missing": 1}),
        ((DONE, LEFT), True, {"missing": 1}),
        ((DONE, LEFT, LEFT, FOREIGN), True, {"doubled": 1}),
        ((DONE, LEFT, FOREIGN, FOREIGN), True, {"doubled": 1}),
        ((DONE, LEFT, FOREIGN, LEFT._replace(city="Betim")), True, {"strange": 1}),
        ((DONE, LEFT, FOREIGN), False, {"wrongly_delivered": 1}),
    ],
)
def test_the_judge_finds_what_is_missing_doubled_strange_or_not_delivered(
    package: Package, rows: tuple[Row, ...], finished: bool, wrong: dict[str, int]
) -> None:
    verdict = found(package, *rows, finished=finished)

    kinds = ("missing", "doubled", "strange", "wrongly_delivered")
    assert wrong == {kind: count for kind in kinds if (count := getattr(verdict, kind))}
    assert not verdict.is_right
    assert 1 == len(verdict.findings)


@pytest.mark.parametrize("wrong", ["out_of_order", "overlapping", "undelivered", "violations"])
def test_calls_that_must_not_be_are_wrong_whatever_the_timelines_hold(wrong: str) -> None:
    verdict = Verdict()
    setattr(verdict, wrong, 1)

    assert not verdict.is_right
    assert not Verdict(faults=["the relay ended by itself"]).is_right


def test_the_judge_reads_the_order_of_each_calls_own_rows() -> None:
    def put(*rows: Row) -> dict[str, Any]:
        return {"order": "1", "invoice": "2", "body": {"events": [shown(row) for row in rows]}}

    foreign = {("1", "2"): [FOREIGN]}

    assert [] == unsorted_bodies([put(LEFT, DONE), put(FOREIGN, LEFT, DONE), put(), {**put(), "body": None}], foreign)
    assert ["1/2: a PUT's rows are out of order"] == unsorted_bodies([put(DONE, LEFT)], foreign)


def test_only_what_was_answered_is_expected() -> None:
    package = make_world(seed=5, webhooks=1, now=NOW).packages[0]
    parcel = package.parcels[0]
    ledger = Ledger()
    seen = [len(ledger.expected(package).rows)]
    for length in (2, 1):
        ledger.note_answered(Posting(event="evt_1", parcel=parcel, length=length))
        seen.append(len(ledger.expected(package).rows))

    assert [0, 2, 2] == seen
    assert not ledger.expected(package).is_delivered


def test_a_seed_makes_the_same_world_and_another_one_makes_another() -> None:
    world = make_world(seed=7, webhooks=300, now=NOW)

    assert 300 == len(world.postings)
    assert world == make_world(seed=7, webhooks=300, now=NOW)
    assert world != make_world(seed=8, webhooks=300, now=NOW)


def test_a_world_has_what_makes_timelines_hard() -> None:
    world = make_world(seed=7, webhooks=1000, now=NOW)
    events = Counter(posting.event for posting in world.postings)
    orders = Counter(package.order for package in world.packages)

    assert max(events.values()) > 1, "a webhook is repeated"
    assert any(event.startswith("evt_again") for event in events), "a history is told again under a new id"
    assert any(len(package.parcels) > 1 for package in world.packages), "an invoice has several parcels"
    assert any(package.foreign for package in world.packages), "another writer was there"
    assert any(package.registered_at >= 0 for package in world.packages), "a shipment is registered late"
    assert max(orders.values()) > 1, "an order has several packages"
    assert any(_is_shuffled(world.postings, package) for package in world.packages), "histories come out of order"
    assert max(scan.row.at for package in world.packages for scan in package.parcels[0].scans) < NOW


def _is_shuffled(postings: tuple[Posting, ...], package: Package) -> bool:
    lengths = [posting.length for posting in postings if posting.parcel == package.parcels[0]]
    return lengths != sorted(lengths)
