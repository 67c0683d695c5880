"""What other writers have told is not told again."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.account import History
from app.forwarder.planning import plan, render
from tests.forwarder.making import NOW, account, row, sent, work

ACCOUNT = account()


@pytest.mark.parametrize("is_whole", [False, True])
@given(
    data=st.data(),
    told=st.sets(st.integers(1, 5)),
    applied=st.sets(st.integers(1, 5)),
    zone=st.sampled_from(["+00:00", "-03:00", "+05:30"]),
)
def test_what_others_have_told_is_not_told_again_however_vtex_shows_its_date(
    data: st.DataObject, is_whole: bool, told: set[int], applied: set[int], zone: str
) -> None:
    ours = {number: row(number, hours=number) for number in range(1, 6)}
    rendered = {number: render(each, ACCOUNT, NOW) for number, each in ours.items()}
    shown = tuple(
        replace(rendered[number], date=_shown_in(zone, rendered[number].date), description=f" EVENT  {number}")
        for number in data.draw(st.permutations(sorted(told)))
    )
    rows = [
        replace(each, row_state="applied", frozen=rendered[number]) if number in applied else each
        for number, each in ours.items()
    ]
    keeps_all = account(history=History.FULL if is_whole else History.DELTA)

    planned = plan(work(*rows, baseline=shown, accepted_puts=1), keeps_all, NOW)

    pending = ours.keys() - applied
    assert sorted(pending & told) == sorted(skip.event_id for skip in planned.skips)
    expected = Counter(f"event {number}" for number in (ours if is_whole else pending - told))
    texts = sent(planned) if planned.body is not None else []
    assert expected == Counter(" ".join(text.split()).lower() for text in texts)


def _shown_in(zone: str, date: str) -> str:
    at = datetime.fromisoformat(date).astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{zone}").tzinfo)
    return at.strftime("%Y-%m-%dT%H:%M:%S.0000000") + zone
