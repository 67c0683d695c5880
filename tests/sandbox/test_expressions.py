"""The filters' JSONata: what it says of documents, and what it does not understand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.expressions import UnknownExpression, read_expression

ORDER: dict[str, Any] = {
    "status": "invoiced",
    "value": 15990,
    "isCompleted": True,
    "cancelReason": None,
    "marketingData": {},
    "packageAttachment": {
        "packages": [
            {"type": "Output", "trackingNumber": "QX1", "courierStatus": {"finished": True, "data": [{"city": "A"}]}},
            {"type": "Input", "trackingNumber": None, "courierStatus": {"finished": False, "data": []}},
        ]
    },
    "items": [{"id": "1", "quantity": 2}],
    "shipping Data": {"x": 1},
}


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ('status = "invoiced"', True),
        ("status='invoiced'", True),
        ('status != "invoiced"', False),
        ('status = "INVOICED"', False),
        ("value > 15989.5 and value <= 15990", True),
        ("value < 15990 or value >= 15991", False),
        ('status > "a"', False),
        ("isCompleted", True),
        ("isCompleted = true", True),
        ("isCompleted = 1", False),
        ("cancelReason = null", True),
        ("nothing = null", False),
        ("nothing != null", True),
        ("nothing = nothing", False),
        ("nothing", False),
        ("marketingData", False),
        ("items.quantity = 2", True),
        ("packageAttachment.packages.courierStatus.finished = true", False),
        ("true in packageAttachment.packages.courierStatus.finished", True),
        ('status in ["x"]', None),
        ('packageAttachment.packages[type="Output"].courierStatus.finished = true', True),
        ('packageAttachment.packages[type="Output" and trackingNumber != null].trackingNumber = "QX1"', True),
        ("packageAttachment.packages.courierStatus.data.city = 'A'", True),
        ("$count(packageAttachment.packages.trackingNumber) > 1", True),
        ("$count(packageAttachment.packages[trackingNumber != null]) > 1", False),
        ("$count(packageAttachment.packages.none) = 0", True),
        ("$count(items) = 1", True),
        ("$exists(cancelReason) and $not($exists(nothing))", True),
        ("$boolean(items)", True),
        ("(status = 'x' or isCompleted) and value > 1", True),
        ("status = 'x' or isCompleted and value < 1", False),
        ("`shipping Data`.x = 1", True),
        ("value = -1", False),
        ("  status  ", True),
        ("", None),
        ("status =", None),
        ("status = 'invoiced", None),
        ("status 'invoiced'", None),
        ("(status", None),
        ("items[0", None),
        ("items.", None),
        ("$sum(items.quantity) = 2", None),
        ("$count", None),
        ("$count(", None),
        ("$.status", None),
        ("status ~> $uppercase()", None),
        ("a and", None),
        ("(" * 40 + "a" + ")" * 40, None),
        ("a or " * 2000 + "a", None),
    ],
)
def test_an_expression_says_yes_or_no_or_is_unknown(expression: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(UnknownExpression, match=r"\w"):
            read_expression(expression)
    else:
        assert matches == read_expression(expression).matches(ORDER)


@given(
    st.text("ab.=<>!()[]$'\"` 01andorin_", max_size=60),
    st.recursive(st.none() | st.booleans() | st.integers(), st.lists),
)
def test_any_text_is_understood_or_unknown_and_never_an_error(text: str, value: object) -> None:
    try:
        expression = read_expression(text)
    except UnknownExpression:
        return
    assert expression.matches({"a": value, "b": [{"a": value}]}) in {True, False}
