"""Shipments as the queue hands them out, and accounts, one word each."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from app.account import Account, History
from app.model import Milestone, normalise_number
from app.store import Claimed, EventRow, Frozen, Learnt, Plan, Work

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
KEY = "app-key-of-nobody"


def account(**more: Any) -> Account:
    settings: dict[str, Any] = {"first_read": False} | more
    return Account(name="demo", base_url="http://127.0.0.1:1", app_key=KEY, app_token="token", **settings)


def row(
    event_id: int,
    milestone: Milestone = Milestone.IN_TRANSIT,
    *,
    hours: float | None = None,
    number: str | None = "A1",
    state: str = "pending",
    frozen: Frozen | None = None,
    **more: Any,
) -> EventRow:
    """Make an event that happened some hours after the first of March; by default each an hour after the other."""
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=event_id if hours is None else hours)
    values: dict[str, Any] = {
        "carrier": "test",
        "code": milestone.value,
        "occurred_at": at,
        "occurred_text": at.isoformat(),
        "quality": "UTC",
        "received_at": at,
        "city": "Campinas",
        "state": "SP",
        "description": f"event {event_id}",
        "reverses": frozenset(),
        "numbers": frozenset({normalise_number(number)} if number else ()),
        "revises": None,
        "sent_at": None,
    }
    if state in {"sent", "applied"} and frozen is None:
        frozen = Frozen(city="", state="", description=f"as sent {event_id}", date=at.isoformat())
    return EventRow(
        event_id=event_id,
        row_state=state,
        milestone=milestone,
        tracking_number=number,
        frozen=frozen,
        **(values | more),
    )


def work(*rows: EventRow, **more: Any) -> Work:
    values: dict[str, Any] = {
        "shipment_id": 1,
        "account": "demo",
        "order_id": "v527103anml-01",
        "invoice_number": "45781",
        "tracking_numbers": ("A1",),
        "invoiced_at": None,
        "attempts": 0,
        "failing_since": None,
        "read_after": None,
        "read_at": None,
        "baseline": (),
        "delivered_date": None,
        "delivered": False,
        "accepted_hash": None,
        "accepted_puts": 0,
        "split": False,
        "learnt": Learnt(),
    }
    return Work(rows=rows, **(values | more))


def claimed(plan: Plan, shipment: Work, **more: Any) -> Claimed:
    return Claimed(work=shipment, plan=plan, lease="lease", attempt_id=1, deadline=NOW + timedelta(minutes=1), **more)


def sent(plan: Plan) -> list[str]:
    """Return the descriptions of the rows that a plan puts."""
    assert plan.body is not None
    return [event["description"] for event in plan.body["events"]]


def foreign(*descriptions: str) -> tuple[Frozen, ...]:
    return tuple(Frozen(city="", state="", description=words, date="2026-03-01") for words in descriptions)


FULL = account(history=History.FULL)


@st.composite
def rows_of_a_shipment(draw: st.DrawFn, numbers: tuple[str | None, ...] = ("A1",)) -> list[EventRow]:
    """Draw events in any state, at few enough moments and with few enough words that some are alike."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(list(Milestone)),
                st.integers(0, 6),
                st.sampled_from(["pending", "sent", "applied", "skipped", "dead"]),
                st.sampled_from(numbers),
                st.sampled_from(["Coletado", "Em trânsito", "Entregue", None]),
            ),
            max_size=8,
        )
    )
    return [
        row(
            event_id,
            milestone,
            hours=hours,
            state=state,
            number=number,
            description=words,
            frozen=Frozen(city="", state="", description=f"{words} {hours}", date=f"2026-03-01T0{hours}:00:00Z")
            if state in {"sent", "applied"}
            else None,
        )
        for event_id, (milestone, hours, state, number, words) in enumerate(drawn, 1)
    ]
