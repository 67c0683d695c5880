"""What expressions find, and that nothing they meet breaks them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapter import Adapter
from app.declared import declare
from app.errors import MalformedPayload
from app.reading import read
from tests.declared.documents import acme, event, parcel, webhook


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("lower(status)", "ab-17 x"),
        ("upper(status)", "AB-17 X"),
        ("trim(' y ')", "y"),
        ("split(status, '-')[0]", "Ab"),
        ("split(status, '')[1]", "x"),
        ("from_json(json).a", "1"),
        ("from_json(from_base64(base64)).a", "1"),
        ("from_json(open).a", "1"),
        ("join(' ', [status, at])", "Ab-17 x 2026-11-20 08:00:00"),
        ("length(status)", "7"),
        ("lower(nothing)", ""),
        ("from_json(status)", ""),
        ("from_base64(status)", ""),
        ("join(' ', [status, nothing])", ""),
        ("ceil(to_number('1e999'))", ""),
        ("open", ""),
        ("`true`", "true"),
    ],
)
def test_functions_make_a_text_or_nothing(expression: str, found: str) -> None:
    document = parcel(status="Ab-17 x", json='{"a": 1}', base64="eyJhIjogMX0=", open={"a": 1})

    assert found == event(document, events__code=expression).code


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["packages", "number", "order", "history", "status", "at", "text"]), inner)
    ),
    max_leaves=12,
)
DEMANDING: Adapter = declare(
    "acme",
    acme(
        document="from_json(@)",
        events__code=["lower(status)", "join('-', [status, at])"],
        events__words="text",
        events__time=["at", "split(text, ' ')[0]"],
        events__returned="status > text",
        parcel__invoice_key="order",
    ),
)


@given(ANYTHING)
def test_no_document_raises_anything_but_malformed_payload(document: Any) -> None:
    try:
        found = read(DEMANDING, webhook(json.dumps(document)))
    except MalformedPayload:
        return
    assert found.events or found.ignored
