"""Our rows are found on VTEX's timeline, however VTEX writes them, and never two of ours in one of theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.account import DateFormat
from app.model import Moment
from app.payload import read_moment
from app.vtex import TimelineRow, match_rows, row_date
from tests.forwarder.making import account

NOW = datetime(2026, 3, 10, tzinfo=UTC)
AT = datetime(2026, 3, 4, 13, 0, tzinfo=UTC)
Ours = tuple[str, str, str, str]


def moment(text: str) -> Moment | None:
    return read_moment(text)


def theirs(description: str, changed: str, *, created: str = "", city: str = "", state: str = "") -> TimelineRow:
    return TimelineRow(
        city=city,
        state=state,
        description=description,
        date=changed,
        changed=moment(changed),
        created=moment(created) if created else None,
    )


def reformatted(date: str) -> str:
    """Write a date as VTEX shows it: in UTC, with seven digits and an offset."""
    at = datetime.fromisoformat(date)
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00")


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2026-03-04T10:00:00-03:00", "2026-03-04T13:00:00.0000000+00:00"),
        ("2026-03-04T10:00:00-03:00", "2026-03-04T10:00:00-03:00"),
        ("2026-03-04T13:00:00Z", "2026-03-04T13:00:00.5322681+00:00"),
        ("2026-03-04T10:00:00-03:00", "2026-03-04T10:00:00"),
        ("2026-03-04", "2026-03-04T00:00:00.0000000+00:00"),
        ("2026-03-04", "2026-03-04T00:00:00-03:00"),
        ("2026-03-04", "2026-03-03T21:00:00-03:00"),
        ("2026-03-04", "2026-03-04"),
        ("tomorrow", "tomorrow"),
    ],
)
def test_a_row_is_found_however_its_date_comes_back(date: str, shown: str) -> None:
    row = theirs("Coletado", shown)

    assert ({1: row}, []) == match_rows([(1, ("", "", "Coletado", date))], [row])


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2026-03-04T10:00:00-03:00", "2026-03-04T13:00:01.0000000+00:00"),
        ("2026-03-04T10:00:00-03:00", "2026-03-04T10:00:00+00:00"),
        ("2026-03-04", "2026-03-05T00:00:00.0000000+00:00"),
        ("2026-03-04", "soon"),
        ("tomorrow", "2026-03-04"),
    ],
)
def test_another_time_is_another_row(date: str, shown: str) -> None:
    row = theirs("Coletado", shown)

    assert ({}, [row]) == match_rows([(1, ("", "", "Coletado", date))], [row])


@pytest.mark.parametrize(
    ("ours", "shown", "same"),
    [
        (("Campinas", "SP", "Coletado"), ("CAMPINAS ", "sp", " Coletado\n"), True),
        (("", "", "Saiu  para entrega"), ("", "", "Saiu para entrega"), True),
        (("", "", "\uff23oletado"), ("", "", "Coletado"), True),
        (("", "", "x" * 5000), ("", "", "x" * 1000), True),
        (("Campinas", "SP", "Coletado"), ("Santos", "SP", "Coletado"), False),
        (("Campinas", "SP", "Coletado"), ("Campinas", "RJ", "Coletado"), False),
        (("", "", "Coletado"), ("", "", "Entregue"), False),
        (("Campinas", "", "Coletado"), ("", "", "Coletado"), False),
    ],
)
def test_words_may_come_back_trimmed_or_cut(
    ours: tuple[str, str, str], shown: tuple[str, str, str], same: bool
) -> None:
    row = theirs(shown[2], "2026-03-04T13:00:00+00:00", city=shown[0], state=shown[1])

    found, _ = match_rows([(1, (*ours, "2026-03-04T10:00:00-03:00"))], [row])

    assert same == bool(found)


def test_the_time_that_a_row_was_made_at_counts_only_for_what_is_left_over() -> None:
    first = theirs("Coletado", "2026-03-04T13:00:00+00:00", created="2026-03-04T14:00:00+00:00")
    second = theirs("Coletado", "2026-03-09T00:00:00+00:00", created="2026-03-04T15:00:00+00:00")
    ours = [(hour, ("", "", "Coletado", f"2026-03-04T{hour}:00:00Z")) for hour in (13, 14, 15)]

    found, left = match_rows(ours, [first, second])

    assert {13: first, 15: second} == found
    assert [] == left
    # A day alone would fit whatever was made on it.
    assert {} == match_rows([(1, ("", "", "Coletado", "2026-03-04"))], [second])[0]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "Campinas"]),
        st.sampled_from(["", "SP"]),
        st.sampled_from(["Coletado", "Em trânsito", "x" * 300]),
        st.builds(
            lambda minutes, form: row_date(AT + timedelta(minutes=minutes), account(date_format=form), now=NOW),
            st.integers(0, 4),
            st.sampled_from(list(DateFormat)),
        ),
    ),
    max_size=6,
)


def shown(row: Ours) -> TimelineRow:
    return theirs(
        f"{row[2]} ", reformatted(row[3]), created=reformatted("2026-03-09"), city=row[0].upper(), state=row[1]
    )


@given(ROWS, ROWS, st.data())
def test_each_of_theirs_explains_at_most_one_of_ours(ours: list[Ours], others: list[Ours], data: Any) -> None:
    there = data.draw(st.permutations([shown(row) for row in others]))

    found, left = match_rows(list(enumerate(ours)), there)

    assert len(there) == len(found) + len(left)
    assert all(sum(row is other for other in found.values()) <= there.count(row) for row in there)
    assert {id(row) for row in there} == {id(row) for row in [*found.values(), *left]}


@given(ROWS, st.data())
def test_all_that_vtex_holds_of_ours_is_found_in_whatever_order(ours: list[Ours], data: Any) -> None:
    distinct = list(dict.fromkeys(ours))
    held = data.draw(st.lists(st.sampled_from(distinct), unique=True)) if distinct else []

    found, left = match_rows(list(enumerate(distinct)), data.draw(st.permutations([shown(row) for row in held])))

    assert [] == left
    assert len(held) == len(found)


@given(ROWS)
def test_rows_of_others_are_left_over(ours: list[Ours]) -> None:
    foreign = [theirs("Nota fiscal emitida", reformatted(row[3])) for row in ours]

    assert ({}, foreign) == match_rows(list(enumerate(ours)), foreign)


@pytest.mark.parametrize(
    ("ours", "shown", "is_same"),
    [
        ("Entregue a ***", "Entregue a Ana Zanutto", True),
        ("Entregue a *** em ***", "Entregue a Ana Zanutto em Rua Um, 10", True),
        ("***: entregue", "Ana Zanutto: entregue", True),
        ("Entregue a ***, portaria", "Entregue a Ana Zanutto, portaria", True),
        ("Entregue a ***" + " x" * 200, "Entregue a Ana Zanutto" + " x" * 120, True),
        ("Entregue a ***", "Entregue a ", False),
        ("Entregue a ***, portaria", "Entregue a Ana Zanutto", False),
        ("Entregue a *** em ***", "Entregue a Ana Zanutto", False),
        ("Entregue", "Entregue a Ana Zanutto", False),
        # Nothing but a blank would be whatever stands there.
        ("***", "Entregue a Ana Zanutto", False),
        ("*** -", "Ana -", False),
    ],
)
def test_a_blank_of_ours_is_whatever_stood_there_before_it_was_cut(ours: str, shown: str, is_same: bool) -> None:
    found, others = match_rows([(1, ("", "", ours, "2026-03-04"))], [theirs(shown, "2026-03-04")])

    assert is_same is (1 in found)
    assert is_same is not bool(others)


def test_the_very_words_go_before_blanks() -> None:
    date = "2026-03-04T10:00:00-03:00"
    ours = [(1, ("", "", "Entregue a ***", date)), (2, ("", "", "Entregue a Ana Zanutto", date))]

    found, _ = match_rows(ours, [theirs("Entregue a Ana Zanutto", date)])
    assert [2] == list(found)
    both, others = match_rows(ours, [theirs("Entregue a Ana Zanutto", date), theirs("Entregue a ***", date)])
    assert "Entregue a ***" == both[1].description
    assert [] == others
