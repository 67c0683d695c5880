"""What English words say about a parcel."""

import pytest

from app.dialects.english import classify, says, wording
from app.model import Milestone
from app.payload import Text


@pytest.mark.parametrize(
    ("text", "milestone"),
    [
        ("Cancelled by the sender", Milestone.CANCELLED),
        ("Delivered, To Original Sender", Milestone.RETURNED),
        ("Returned to sender", Milestone.RETURNED),
        ("Unclaimed/Being Returned to Sender", Milestone.RETURNING),
        ("Return to Sender Processed", Milestone.RETURNING),
        ("RETURN", Milestone.RETURNING),
        ("Refused by the receiver", Milestone.EXCEPTION),
        ("Unable to deliver", Milestone.EXCEPTION),
        ("Insufficient Address", Milestone.EXCEPTION),
        ("Address information incorrect", Milestone.EXCEPTION),
        ("The parcel could not be delivered", Milestone.FAILED_ATTEMPT),
        ("Not delivered", Milestone.FAILED_ATTEMPT),
        ("Attempted delivery, customer not available", Milestone.FAILED_ATTEMPT),
        ("Notice Left (No Authorized Recipient Available)", Milestone.FAILED_ATTEMPT),
        ("Nobody home", Milestone.FAILED_ATTEMPT),
        ("Collected by customer", Milestone.DELIVERED),
        ("Delivered, Individual Picked Up at Post Office", Milestone.DELIVERED),
        ("Delivered to the parcel shop", Milestone.AVAILABLE_FOR_PICKUP),
        ("Awaiting customer pickup", Milestone.AVAILABLE_FOR_PICKUP),
        ("The shipment is ready to be collected", Milestone.AVAILABLE_FOR_PICKUP),
        ("At collection point", Milestone.AVAILABLE_FOR_PICKUP),
        ("Held at Post Office, At Customer Request", Milestone.AVAILABLE_FOR_PICKUP),
        ("Out for Delivery", Milestone.OUT_FOR_DELIVERY),
        ("Loaded on Delivery Vehicle", Milestone.OUT_FOR_DELIVERY),
        ("Shipment is out with courier for delivery", Milestone.OUT_FOR_DELIVERY),
        ("Delivered, Front Door/Porch", Milestone.DELIVERED),
        ("Shipping Label Created, USPS Awaiting Item", Milestone.PRE_TRANSIT),
        ("Pick-up scheduled", Milestone.PRE_TRANSIT),
        ("Arrived at Post Office", Milestone.IN_TRANSIT),
        ("Departed USPS Regional Facility", Milestone.IN_TRANSIT),
        ("The parcel will be delivered tomorrow", None),
        ("It will be out for delivery on Monday", None),
        ("Something new", None),
        ("", None),
        (None, None),
    ],
)
def test_words_say_what_happened(text: str | None, milestone: Milestone | None) -> None:
    assert milestone is classify(text)


def test_the_first_text_that_says_anything_counts_and_each_can_be_heard() -> None:
    texts = ("Something", "Processed", "Out for delivery", None)

    assert Milestone.IN_TRANSIT is classify(*texts)
    assert {Milestone.IN_TRANSIT, Milestone.OUT_FOR_DELIVERY} == says(*texts)


def test_words_that_serve_as_a_code_keep_their_place() -> None:
    code = wording(Text("Out_For  Delivery", "$.status"))

    assert ("out for delivery", "$.status") == (code, code.path if code else None)
    assert wording(None) is None
