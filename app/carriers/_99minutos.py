"""99minutos: one webhook carries one parcel with its full history, oldest first.

Page read 2026-11-23. Codes end where the page was cut off; later ones are told by their names. Nothing public says how
requests are proven.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import fold, says_returned
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, References, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, StaticHeader, Unsigned

MILESTONES = {
    "1001": Milestone.PRE_TRANSIT,
    "1002": Milestone.PRE_TRANSIT,
    "2002": Milestone.PRE_TRANSIT,
    "2003": Milestone.IN_TRANSIT,
    # Nothing was tried at the shopper's door.
    "2101": Milestone.EXCEPTION,
    "3001": Milestone.IN_TRANSIT,
    "3002": Milestone.IN_TRANSIT,
    "3003": Milestone.IN_TRANSIT,
    "3004": Milestone.IN_TRANSIT,
    "4001": Milestone.OUT_FOR_DELIVERY,
    "4002": Milestone.DELIVERED,
    "4002/return": Milestone.RETURNED,
    "4101": Milestone.FAILED_ATTEMPT,
    # Families of names.
    "returned": Milestone.RETURNED,
    "return*": Milestone.RETURNING,
    "cancel*": Milestone.CANCELLED,
    "lost": Milestone.EXCEPTION,
    "stolen": Milestone.EXCEPTION,
    "damaged": Milestone.EXCEPTION,
}
# What the codes are called, for a status that comes without one.
CODES = {
    "draft": "1001",
    "confirmed": "1002",
    "onroadtopickup": "2002",
    "collected": "2003",
    "unsuccessfulpickup": "2101",
    "stored": "3001",
    "oncontainer": "3002",
    "chargedtovehicle": "3003",
    "onlinehaul": "3004",
    "onroadtodelivery": "4001",
    "delivered": "4002",
    "unsuccessfuldelivery": "4101",
}
FAMILIES = (
    (r"(?:to|will)bereturned", "return*"),
    (r"returned|return(?:delivered|completed)|deliveredtosender", "returned"),
    (r"return", "return*"),
    (r"cancel", "cancel*"),
    (r"lost", "lost"),
    (r"stolen|robbed", "stolen"),
    (r"damage", "damaged"),
)
PERSONAL = PersonalData(
    receiver={
        Kind.FREE_TEXT: ("Events.Data.comment",),
        Kind.PHOTO: ("Events.Data.evidence",),
    },
    plain={
        "StatusName": "what a status is called",
        "Events.StatusName": "what a status is called",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    parcel = json_body(webhook)
    number = parcel.get("TrackingId").text()
    references = References(order_id=parcel.get("InternalKey").text())
    history = list(parcel.get("Events").items())
    if not history and not parcel.get("StatusName", "StatusCode"):
        yield Ignored(reason=f"parcel {number} has neither a status nor a history")
        return
    events = [_event(number, references, entry, full_history=bool(history)) for entry in history or [parcel]]
    yield from returned_to_sender(events, "4002/return")


def _event(number: Text | None, references: References, entry: Node, *, full_history: bool) -> CarrierEvent:
    sent, name = entry.get("StatusCode").text(), entry.get("StatusName").text()
    comment = entry.get("Data").get("comment").text()
    named = Text(_code_of(name), name.path) if name else None
    returned = "4002/return" if "4002" in {sent, named} and says_returned(comment) else None
    code, milestone, unknown = most_specific(MILESTONES, sent, named, derived=[returned])
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        # Without a zone, and in UTC.
        occurred_at=entry.get("CreatedAt").moment(zone="UTC"),
        description=comment or name,
        references=references,
        raw=entry.raw("StatusCode", "StatusName", "CreatedAt"),
        full_history=full_history,
    )


def _code_of(name: str) -> str:
    """Return the code or the family that a name belongs to; names are written ``likeThis`` and ``LIKE_THIS``."""
    plain = re.sub(r"[\W_]", "", fold(name))
    families = (key for words, key in FAMILIES if re.search(words, plain))
    return CODES.get(plain) or next(families, name)


ADAPTER = Adapter(
    slug="99minutos",
    name="99minutos",
    documentation="https://developers.99minutos.com/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StaticHeader(header="Authorization"),
            Unsigned(because="99minutos documents neither a signature nor a header; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True),
    zone="UTC",
    order_reference_is_vtex=True,
)
