"""Times that operators write: with an offset they are taken as they are; what would have to be guessed is refused."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.web.schemas.times import Instant

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(at=st.datetimes(timezones=OFFSETS), between=st.sampled_from("T "))
def test_a_time_that_is_written_out_is_taken_as_it_is(at: datetime, between: str) -> None:
    assert at == INSTANT.validate_python(at.isoformat(between))


@given(number=st.integers() | st.floats(), form=st.sampled_from(["{}", "{:+}", " {} ", "{:e}", "{:.3E}", "{:f}"]))
def test_a_number_is_refused_however_it_is_written(number: float, form: str) -> None:
    for value in (number, form.format(number)):
        with pytest.raises(ValidationError, match="write the time out, with its offset"):
            INSTANT.validate_python(value)


@given(at=st.datetimes())
def test_a_time_without_its_offset_is_refused(at: datetime) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        INSTANT.validate_python(at.isoformat())
