"""What is read by the faster parser, and what is left to documents."""

import pytest

from app.payload.quick import UNSURE, quick_member


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"a": {"b": "x"}, "c": [1, 2.5]}', "x"),
        (b'{"a": {"b": null}}', None),
        (b'{"a": ["b"]}', None),
        (b'{"a": {"b": ' + b'"' + b"9" * 128 + b'"}}', "9" * 128),
        (b'{"a": {"b": 17}}', UNSURE),
        (b'{"a": {"b": "x"}, "c": NaN}', UNSURE),
        (b'{"a": {"b": "\\ud800"}}', UNSURE),
        (b'{"a": {"b": "x"}, "c": ' + b"9" * 129 + b"}", UNSURE),
        (b'{"a": {"b": "x"}, "c": ' + b"[" * 64 + b"]" * 64 + b"}", UNSURE),
        (b"{", UNSURE),
    ],
    ids=range(10),
)
def test_a_member_of_an_ordinary_document_is_known_and_of_an_odd_one_it_is_not(body: bytes, found: object) -> None:
    assert found == quick_member(body, ("a", "b"))
