"""What a scan's words mean in English, for codes that a carrier does not document, and its words for such codes.

Only adapters whose carrier has no code for a thing ask here. Returns and negatives are tried before what they negate,
and what is still to come ("will be delivered") says nothing.
"""

import re
from typing import Final

from app.dialects.keywords import fold
from app.model import Milestone
from app.payload import Text

__all__ = ["classify", "says", "wording"]

_HOME: Final = r"(?:original )?(?:sender|shipper|merchant|seller|origin)"
_SHOPPER: Final = r"(?:customer|recipient|consignee|receiver|addressee)"
_COUNTER: Final = (
    r"(?:(?:collection|pick ?up|service|access) ?(?:point|location|facility)|parcel ?(?:shop|locker|station)|locker"
    r"|packstation|servicepoint)"
)
_RULES: Final[tuple[tuple[str, Milestone], ...]] = (
    (r"cancell?ed|cancellation|voided", Milestone.CANCELLED),
    (rf"(?:delivered|handed over) (?:back )?to (?:the )?{_HOME}", Milestone.RETURNED),
    (r"(?:being|to be|will be|is) returned|going back|on (?:its|the) way back", Milestone.RETURNING),
    (rf"returned to (?:the )?{_HOME}|return (?:delivered|completed)|rto delivered", Milestone.RETURNED),
    (rf"return(?:ing)? to (?:the )?{_HOME}|return (?:initiated|accepted|processed|in transit)", Milestone.RETURNING),
    (r"rto (?:initiated|in transit)|return shipment|^returns?$", Milestone.RETURNING),
    (r"lost|stolen|damaged|destroyed|disposed|missing|refused|rejected|seized|unclaimed", Milestone.EXCEPTION),
    (r"unable to deliver|undeliverable|(?:incorrect|incomplete|invalid|insufficient) address", Milestone.EXCEPTION),
    (r"address (?:\w+ )?(?:incorrect|incomplete|invalid|insufficient|unknown)", Milestone.EXCEPTION),
    (
        r"(?:not|couldn t|cannot|could not|can t) (?:\w+ ){0,3}(?:be )?deliver(?:ed)?|undelivered",
        Milestone.FAILED_ATTEMPT,
    ),
    (r"(?:delivery|attempt) (?:\w+ )?(?:failed|attempted|attempt|exception|unsuccessful)", Milestone.FAILED_ATTEMPT),
    (r"(?:attempted|failed|unsuccessful|missed) (?:\w+ )?delivery|notice left|card left", Milestone.FAILED_ATTEMPT),
    (rf"(?:no ?body|no one) (?:at )?home|{_SHOPPER} (?:\w+ )?(?:not|absent|unavailable)", Milestone.FAILED_ATTEMPT),
    (rf"(?:collected|picked up) (?:by|from) (?:the )?{_SHOPPER}", Milestone.DELIVERED),
    (rf"(?:collected|picked up) (?:at|from) (?:the |a )?(?:{_COUNTER}|post office)", Milestone.DELIVERED),
    (
        rf"(?:ready|available|awaiting|waiting|held) (?:for )?(?:{_SHOPPER} |redelivery or )?(?:pick ?up|collection)",
        Milestone.AVAILABLE_FOR_PICKUP,
    ),
    (r"(?:ready|available|waiting) to be (?:collected|picked up)", Milestone.AVAILABLE_FOR_PICKUP),
    (
        rf"(?:arrived|delivered|available|ready|waiting|deposited|stored|held) (?:\w+ ){{0,3}}{_COUNTER}",
        Milestone.AVAILABLE_FOR_PICKUP,
    ),
    (r"(?:held|available|waiting|ready) (?:\w+ ){0,3}post office", Milestone.AVAILABLE_FOR_PICKUP),
    (rf"at (?:the |a )?{_COUNTER}", Milestone.AVAILABLE_FOR_PICKUP),
    (r"(?<!be )(?<!go )out for delivery|on (?:the )?(?:delivery )?vehicle for delivery", Milestone.OUT_FOR_DELIVERY),
    (r"(?:on|onto|into) (?:the )?delivery vehicle|with (?:the )?(?:delivery )?courier", Milestone.OUT_FOR_DELIVERY),
    (r"driver en route", Milestone.OUT_FOR_DELIVERY),
    (
        r"(?<!be )(?<!not )(?<!when )delivered|delivery (?:completed|successful)|successful delivery",
        Milestone.DELIVERED,
    ),
    (
        r"label (?:created|printed)|(?:shipment|shipping|order|electronic) info\w* (?:\w+ )?(?:received|sent)",
        Milestone.PRE_TRANSIT,
    ),
    (
        r"information (?:received|sent)|awaiting item|pre ?shipment|pre ?advice|manifested|announc\w+",
        Milestone.PRE_TRANSIT,
    ),
    (r"(?:pending|scheduled for|awaiting) (?:pick ?up|collection)|ready to send|order created", Milestone.PRE_TRANSIT),
    (r"(?:pick ?up|collection) (?:\w+ )?(?:scheduled|requested|queued|pending)", Milestone.PRE_TRANSIT),
    (r"in transit|picked up|collected|arriv\w+|depart\w+|processed|sorted|being sorted|accepted", Milestone.IN_TRANSIT),
    (r"en route|shipped|dispatched|received (?:at|by)|left (?:\w+ ){0,3}(?:facility|hub)", Milestone.IN_TRANSIT),
)
_COMPILED: Final = tuple((re.compile(rf"\b(?:{words})\b"), milestone) for words, milestone in _RULES)


def classify(*texts: str | None) -> Milestone | None:
    """Return what the first text that says anything says; None when none does."""
    for text in texts:
        folded = fold(text or "")
        for pattern, milestone in _COMPILED:
            if pattern.search(folded):
                return milestone
    return None


def says(*texts: str | None) -> frozenset[Milestone]:
    """Return what each of several texts says by itself, where a general one may hide a telling one."""
    return frozenset(filter(None, map(classify, texts)))


def wording(text: Text | None) -> Text | None:
    """Return words that serve as a code in the one form in which tables list them: lower case, one space apart."""
    if text is None:
        return None
    return Text(" ".join(text.replace("_", " ").lower().split()), text.path)
