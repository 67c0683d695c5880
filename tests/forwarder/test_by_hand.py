"""A row that a person wrote: sent like any other, and nothing but itself."""

from datetime import UTC, datetime, timedelta

from app.forwarder.planning import plan
from app.model import BY_HAND, Milestone
from app.store import EventRow, Frozen
from tests.forwarder.making import account, row, work

NOW = datetime(2026, 3, 9, tzinfo=UTC)
DELIVERED = row(
    1, Milestone.DELIVERED, state="applied", frozen=Frozen(city="", state="", description="Entregue", date="2026-03-01")
)


def written(event_id: int = 9, **more: object) -> EventRow:
    return row(
        event_id,
        Milestone.UNKNOWN,
        number=None,
        carrier=BY_HAND,
        code="correction",
        description="entrega em verificação",
        **more,  # type: ignore[arg-type]
    )


def test_what_is_delivered_stays_so() -> None:
    decided = plan(
        work(DELIVERED, written(), delivered=True, delivered_date="2026-03-01 01:00", accepted_puts=1), account(), NOW
    )

    assert decided.body is not None
    assert (True, "2026-03-01 01:00") == (decided.body["isDelivered"], decided.body["deliveredDate"])
    assert ["entrega em verificação"] == [event["description"] for event in decided.body["events"]]


def test_what_is_about_to_be_called_delivered_is_called_so() -> None:
    decided = plan(work(row(1, Milestone.DELIVERED), written()), account(), NOW)

    assert decided.body is not None
    assert decided.body["isDelivered"]
    assert 2 == len(decided.body["events"])


def test_nothing_becomes_delivered_by_it() -> None:
    decided = plan(work(row(1), written()), account(), NOW)

    assert decided.body is not None
    assert not decided.body["isDelivered"]


def test_its_words_stand_whatever_the_account_says_of_others() -> None:
    texts = {"UNKNOWN": "novidade", f"{BY_HAND}/correction": "novidade"}
    settings = account(
        texts=texts,
        description="phrase",
        forward_milestones=frozenset({Milestone.DELIVERED}),
        stale_after=timedelta(days=1),
    )
    decided = plan(work(written(hours=0)), settings, NOW)

    assert decided.body is not None
    assert ["entrega em verificação"] == [event["description"] for event in decided.body["events"]]


def test_it_is_no_voice_among_carriers() -> None:
    preferring = account(prefer=("test",))
    first = plan(work(written(1), row(2)), preferring, NOW)
    later = plan(work(row(1, state="applied"), written()), preferring, NOW)

    assert ["test"] == [voice.carrier for voice in first.voices]
    assert first.body is not None
    assert 2 == len(first.body["events"])
    assert later.body is not None
    assert ["test"] == [voice.carrier for voice in later.voices]
