"""What holds of every plan, whatever the shipment."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.account import Account, DateFormat, History
from app.forwarder.planning import plan, render
from app.forwarder.reading import seen
from app.forwarder.timeline import chronological, delivered_at, moment
from app.model import Milestone, Moment, TimeQuality
from app.store import EventRow, Frozen, Work
from app.vtex import Package, TimelineRow
from tests.forwarder.making import NOW, account, foreign, rows_of_a_shipment, work

ACCOUNTS = st.builds(
    lambda history, form, words: account(history=history, date_format=form, description=words),
    st.sampled_from([History.DELTA, History.FULL]),
    st.sampled_from(list(DateFormat)),
    st.sampled_from(["carrier", "phrase"]),
)
SHIPMENTS = st.builds(
    lambda rows, baseline, delivered, split: work(
        *rows, baseline=foreign(*baseline), delivered=delivered, split=split, accepted_puts=1
    ),
    rows_of_a_shipment(),
    st.sampled_from([(), ("Nota fiscal emitida",), ("Nota fiscal emitida", "Pedido separado")]),
    st.booleans(),
    st.booleans(),
)


def as_sent(shipment: Work, our_account: Account) -> list[Frozen]:
    body = plan(shipment, our_account, NOW).body
    return [Frozen(**event) for event in body["events"]] if body else []


@given(SHIPMENTS, ACCOUNTS)
def test_each_distinct_row_goes_out_once(shipment: Work, our_account: Account) -> None:
    rows = as_sent(shipment, our_account)

    assert len(set(rows)) == len(rows)


@given(SHIPMENTS, ACCOUNTS)
def test_rows_go_out_in_order_of_happening(shipment: Work, our_account: Account) -> None:
    carried = set(plan(shipment, our_account, NOW).carries)
    shown = [row for row in chronological(shipment.rows) if row.event_id in carried or row.row_state == "applied"]
    by_rendering = {render(row, our_account, NOW): row for row in reversed(shown)}
    ours = [by_rendering[row] for row in as_sent(shipment, our_account) if row in by_rendering]

    assert sorted(moment(row) for row in ours) == [moment(row) for row in ours]


@given(SHIPMENTS, ACCOUNTS)
def test_every_open_row_is_sent_or_skipped_with_a_reason(shipment: Work, our_account: Account) -> None:
    planned = plan(shipment, our_account, NOW)
    open_rows = {row.event_id for row in shipment.rows if row.row_state in {"pending", "sent"}}
    settled = {*planned.carries, *(skip.event_id for skip in planned.skips)}

    assert settled <= open_rows
    assert len(planned.carries) + len(planned.skips) == len(settled)
    # Of a split one something may be left, but only for after the call that is made now.
    assert settled == open_rows or (shipment.split and planned.carries)
    assert all(skip.reason for skip in planned.skips)


@given(SHIPMENTS, ACCOUNTS)
def test_a_whole_timeline_carries_the_rows_of_others_and_all_of_ours_that_are_there(
    shipment: Work, our_account: Account
) -> None:
    rows = as_sent(shipment, our_account)
    applied = {row.frozen for row in shipment.rows if row.row_state == "applied"}

    if our_account.history is History.FULL and rows:
        assert list(shipment.baseline) == rows[: len(shipment.baseline)]
        assert applied <= set(rows)
    elif our_account.history is History.DELTA:
        assert not set(rows) & {*applied, *shipment.baseline}


@given(SHIPMENTS, ACCOUNTS)
def test_delivered_is_said_exactly_when_it_is_so_and_never_taken_back(shipment: Work, our_account: Account) -> None:
    planned = plan(shipment, our_account, NOW)
    is_delivered = shipment.delivered or delivered_at(shipment.rows, shipment.tracking_numbers) is not None

    if planned.body is not None:
        assert is_delivered == planned.body["isDelivered"] == (planned.body["deliveredDate"] is not None)
    else:
        assert shipment.delivered or not is_delivered or our_account.history is History.FULL


@given(SHIPMENTS, ACCOUNTS)
def test_an_unknown_code_never_changes_whether_it_is_delivered(shipment: Work, our_account: Account) -> None:
    without = [row for row in shipment.rows if row.milestone is not Milestone.UNKNOWN]

    assert delivered_at(without, ["A1"]) == delivered_at(shipment.rows, ["A1"])


@given(SHIPMENTS, ACCOUNTS, ACCOUNTS)
def test_a_row_that_was_sent_is_never_rendered_again(shipment: Work, before: Account, after: Account) -> None:
    for row in shipment.rows:
        if row.frozen:
            assert row.frozen == render(row, before, NOW) == render(row, after, NOW + timedelta(days=1))


@given(SHIPMENTS, ACCOUNTS, st.randoms(use_true_random=False))
def test_a_plan_does_not_hang_on_the_order_in_which_rows_are_told(
    shipment: Work, our_account: Account, random: object
) -> None:
    rows = list(shipment.rows)
    random.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = work(
        *rows,
        baseline=shipment.baseline,
        delivered=shipment.delivered,
        split=shipment.split,
        accepted_puts=1,
    )

    assert plan(shipment, our_account, NOW).body == plan(shuffled, our_account, NOW).body


@given(SHIPMENTS, ACCOUNTS, st.lists(st.booleans(), min_size=8, max_size=8))
def test_what_a_read_finds_is_settled_and_only_the_rest_is_sent_again(
    shipment: Work, our_account: Account, applied: list[bool]
) -> None:
    """Have VTEX apply some of a call's rows: those count as applied, the others are sent, and then nothing is left."""
    planned = plan(shipment, our_account, NOW)
    rendered = {row.event_id: render(row, our_account, NOW) for row in shipment.rows}
    there = [rendered[id_] for id_, yes in zip(planned.carries, applied, strict=False) if yes]
    held = [row.frozen for row in shipment.rows if row.row_state == "applied" and row.frozen]
    package = shown([*shipment.baseline, *held, *there])

    found = seen(shipment, package, our_account, NOW)

    matched = dict(found.matched)
    assert set(there) <= {*matched.values(), *held}
    after = work(
        *(settled(row, matched) for row in shipment.rows),
        baseline=found.baseline,
        delivered=shipment.delivered,
        accepted_puts=1,
    )
    again = as_sent(after, our_account)
    assert not set(there) & set(again) or our_account.history is History.FULL


def settled(row: EventRow, matched: dict[int, Frozen]) -> EventRow:
    """Return a row as it is after a read."""
    if row.event_id not in matched:
        return row
    values = {name: getattr(row, name) for name in row.__slots__}
    return EventRow(**values | {"row_state": "applied", "frozen": matched[row.event_id]})


def shown(rows: list[Frozen]) -> Package:
    """Show rows as VTEX does: newest first, with seven digits and an offset of zero."""
    return Package(
        invoice_number="45781",
        invoice_key=None,
        is_output=True,
        tracking_numbers=("A1",),
        courier=None,
        issued_at=None,
        finished=False,
        delivered_date=None,
        rows=tuple(timeline_row(row) for row in reversed(rows)),
    )


def timeline_row(row: Frozen) -> TimelineRow:
    at = datetime.fromisoformat(row.date)
    moment_ = Moment(at=at if at.tzinfo else at.replace(tzinfo=NOW.tzinfo), quality=TimeQuality.OFFSET, text=row.date)
    return TimelineRow(
        city=f" {row.city} ",
        state=row.state.lower(),
        description=row.description,
        date=moment_.at.astimezone(NOW.tzinfo).strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00"),
        changed=moment_,
        created=Moment(at=NOW, quality=TimeQuality.OFFSET, text=""),
    )
