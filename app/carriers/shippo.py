"""Shippo: one webhook carries one tracking with its full history, among event types that are about other things.

Pages read 2026-11-23. Accounts on an API version before 2018-02-08 get a label in the place of a tracking.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Node, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, StampedHmac, Unsigned

MILESTONES = {
    "UNKNOWN": Milestone.UNKNOWN,
    "PRE_TRANSIT": Milestone.PRE_TRANSIT,
    "information_received": Milestone.PRE_TRANSIT,
    "TRANSIT": Milestone.IN_TRANSIT,
    "package_accepted": Milestone.IN_TRANSIT,
    "package_arrived": Milestone.IN_TRANSIT,
    "package_departed": Milestone.IN_TRANSIT,
    "package_forwarded": Milestone.IN_TRANSIT,
    "package_processed": Milestone.IN_TRANSIT,
    "package_processing": Milestone.IN_TRANSIT,
    "delivery_scheduled": Milestone.IN_TRANSIT,
    "delivery_rescheduled": Milestone.IN_TRANSIT,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "pickup_available": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery_attempted": Milestone.FAILED_ATTEMPT,
    "notice_left": Milestone.FAILED_ATTEMPT,
    "location_inaccessible": Milestone.FAILED_ATTEMPT,
    "reschedule_delivery": Milestone.FAILED_ATTEMPT,
    "DELIVERED": Milestone.DELIVERED,
    "delivered": Milestone.DELIVERED,
    # A delivery after the parcel had turned round.
    "DELIVERED/return": Milestone.RETURNED,
    # Going back and having arrived there are one status.
    "RETURNED": Milestone.RETURNING,
    "return_to_sender": Milestone.RETURNING,
    "FAILURE": Milestone.EXCEPTION,
    "address_issue": Milestone.EXCEPTION,
    "contact_carrier": Milestone.EXCEPTION,
    "delayed": Milestone.EXCEPTION,
    "package_damaged": Milestone.EXCEPTION,
    "package_disposed": Milestone.EXCEPTION,
    "package_held": Milestone.EXCEPTION,
    "package_lost": Milestone.EXCEPTION,
    "package_unclaimed": Milestone.EXCEPTION,
    "package_undeliverable": Milestone.EXCEPTION,
}
IGNORED = {
    "transaction_created": "an event about a label",
    "transaction_updated": "an event about a label",
    "batch_created": "an event about a batch of labels",
    "batch_purchased": "an event about a batch of labels",
}
PERSONAL = PersonalData(
    receiver={
        Kind.ADDRESS: ("data.address_to",),
        Kind.FREE_TEXT: ("data.metadata", "data.messages"),
    },
    sender={
        Kind.ADDRESS: ("data.address_from",),
    },
    plain={
        "**.location.zip": "of the station that scanned it",
        "data.servicelevel.name": "of a service",
        "data.address_to.country": "a country",
        "data.address_from.country": "a country",
    },
    documented=frozenset({"data.messages"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("event").text()
    if kind not in {None, "track_updated"}:
        yield Ignored(reason=IGNORED.get(kind or "", f"{kind} is not about tracking"), code=kind)
        return
    track = body["data"]
    # The dashboard's button and Shippo's test numbers send bodies like any other.
    if body.get("test").flag() or track.get("test").flag():
        yield Ignored(reason="a test of Shippo's (test is true)")
        return
    history = list(track.get("tracking_history").items())
    if history:
        yield from returned_to_sender([_event(track, entry) for entry in history], "DELIVERED/return")
    elif not track.get("tracking_status"):
        track["tracking_number"].text()
        yield Ignored(reason="the tracking has no history yet")
    else:
        statuses = list(track.get("tracking_status").items())
        yield from (_event(track, entry) for entry in statuses or [Node({}, track.path)])


def _event(track: Node, entry: Node) -> CarrierEvent:
    status = entry.get("status").text() or track.get("tracking_status").text()
    detail = entry.get("substatus").get("code").text() or entry.get("substatus").text()
    # "other" says nothing that the status does not.
    code, milestone, unknown = most_specific(MILESTONES, detail if detail != "other" else None, status)
    location = entry.get("location")
    return CarrierEvent(
        tracking_numbers=(track["tracking_number"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        # When Shippo stored the entry, which it also tells, is not when it happened.
        occurred_at=entry.get("status_date").moment(zone="UTC"),
        place=Place(city=location.get("city").text(), state=location.get("state").text()),
        description=entry.get("status_details").text() or entry.get("substatus").get("text").text(),
        event_id=entry.get("object_id").text(),
        references=merchant_references(tags=[track.get("metadata").text()]),
        # A number that was registered twice has its history under two sets of ids.
        raw=(status, *entry.raw("substatus.code", "status_date", "status_details", "location.city")),
        full_history=True,
    )


ADAPTER = Adapter(
    slug="shippo",
    name="Shippo",
    documentation="https://docs.goshippo.com/docs/tracking/webhooks/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StampedHmac(header="Shippo-Auth-Signature"),
            Unsigned(because="Shippo signs only for customers who asked for it; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # Twice, after 408, 429 and 5xx only; when is not told.
    redelivery=Redelivery(retries=True, refusals_are_final=True, history=True),
    zone="UTC",
    order_reference_is_vtex=True,
)
