"""What columns write is what the library would write, although they write it in another way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from app.store.columns import Instant, Pairs

DIALECTS: Final = tuple(make_url(url).get_dialect()() for url in ("postgresql+psycopg://", "sqlite://"))
PAIRS = st.lists(st.tuples(st.text(), st.text()), max_size=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(PAIRS.map(tuple))
def test_pairs_are_written_as_json_writes_them(pairs: tuple[tuple[str, str], ...]) -> None:
    for dialect in DIALECTS:
        assert json.dumps(pairs) == Pairs().bind_processor(dialect)(pairs)


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_is_the_microseconds_since_1970_wherever_it_was_told(at: datetime) -> None:
    for dialect in DIALECTS:
        assert (at - EPOCH) // timedelta(microseconds=1) == Instant().bind_processor(dialect)(at)
