"""DHL: one webhook of Unified Push carries one or more shipments of any of DHL's divisions, whose bodies differ.

Pages read 2026-11-23. A subscription opens with a call that must be answered with one of ours, which carries the key of
DHL's API: it is the source's first secret, before the token that the subscription names where that is another one.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Call, Maturity, Redelivery, Result, each, most_specific
from app.dialects import english, keywords
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, References, Webhook
from app.payload import Maybe, Node, Text, json_body, json_bytes, maybe_json
from app.personal import Kind, PersonalData
from app.verification import AnyOf, StaticHeader, Unsigned

MILESTONES = {
    "pre-transit": Milestone.PRE_TRANSIT,
    "transit": Milestone.IN_TRANSIT,
    "failure": Milestone.EXCEPTION,
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "unknown": Milestone.UNKNOWN,
    # There is no code for these: a scan's words tell.
    "text/OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "text/AVAILABLE_FOR_PICKUP": Milestone.AVAILABLE_FOR_PICKUP,
    "text/RETURNING": Milestone.RETURNING,
    "text/RETURNED": Milestone.RETURNED,
}
IGNORED = {
    "subscription.validate": "the opening of a subscription, which the relay confirms",
    "subscription.ready": "a subscription that is open now",
    "subscription.failure": "a subscription's problem",
}

API_KEY = "DHL-API-Key"
# What the words of a scan may say more than its code, the most telling first.
TURNS = (Milestone.RETURNED, Milestone.RETURNING)
TELLING = {
    "transit": (*TURNS, Milestone.AVAILABLE_FOR_PICKUP, Milestone.OUT_FOR_DELIVERY),
    "unknown": (*TURNS, Milestone.AVAILABLE_FOR_PICKUP, Milestone.OUT_FOR_DELIVERY),
    "failure": (*TURNS, Milestone.AVAILABLE_FOR_PICKUP),
}
GERMAN = (
    (r"(?:dem|an den) absender (?:wieder )?(?:zugestellt|ubergeben)", Milestone.RETURNED),
    (r"rucksendung|retoure|zuruck an (?:den )?absender|an den absender zuruck", Milestone.RETURNING),
    (
        r"abholbereit|(?:liegt|steht|bereit) (?:\w+ ){0,6}abholung|abholung (?:\w+ ){0,3}bereit",
        Milestone.AVAILABLE_FOR_PICKUP,
    ),
    (r"nicht (?:\w+ ){0,2}zugestellt", None),
    (r"in das zustellfahrzeug|in zustellung|heute zugestellt", Milestone.OUT_FOR_DELIVERY),
)
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("shipments.details.receiver",),
        Kind.ADDRESS: ("shipments.destination.address",),
        Kind.PROOF: ("shipments.details.proofOfDelivery",),
        Kind.FREE_TEXT: ("shipments.status.remark", "shipments.events.remark"),
    },
    sender={
        Kind.NAME: ("shipments.details.sender",),
        Kind.ADDRESS: ("shipments.origin.address",),
    },
    plain={
        "note": "DHL's words about a subscription",
        "**.location.address": "of the station that scanned it",
        "shipments.details.product.productName": "of a service",
        "shipments.origin.address.countryCode": "a country",
        "shipments.destination.address.countryCode": "a country",
    },
    documented=frozenset(
        {
            "shipments.details.receiver",
            "shipments.details.sender",
            "shipments.details.proofOfDelivery",
            "shipments.status.remark",
            "shipments.events.remark",
        }
    ),
    secrets=("secret",),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    scope = body.get("scope").text()
    if scope in IGNORED:
        problem = body.get("failure").get("detail", "title").text()
        yield Ignored(reason=f"{IGNORED[scope]}: {problem}" if problem else IGNORED[scope], code=scope)
    elif scope not in {None, "subscription.push"}:
        yield Ignored(reason=f"a message of scope {scope}", code=scope)
    elif body.get("shipments").is_list and not list(body.get("shipments").items()):
        yield Ignored(reason="a message without shipments")
    else:
        yield from each(list(body.get("shipments").items()) or [body["shipments"]], _shipment)


def _shipment(shipment: Node) -> Iterator[Result]:
    history = list(shipment.get("events").items())
    times = [time.at for time in map(_time, history) if time]
    # The newest status is one of the events, except where a division sends only earlier ones.
    for status in shipment.get("status").items():
        time = _time(status)
        if not history or (time and times and time.at > max(times)):
            history.append(status)
    yield from returned_to_sender([_event(shipment, entry) for entry in history], "delivered/return")
    if not history:
        shipment["id"].text()
        yield Ignored(reason="a shipment without a status")


def _event(shipment: Node, entry: Node) -> CarrierEvent:
    sent = entry.get("statusCode").text()
    sent = Text(sent.lower(), sent.path) if sent else None
    words = (entry.get("description").text(), entry.get("status").text())
    code, milestone, unknown = most_specific(MILESTONES, sent, derived=[_told(sent, *words)])
    return CarrierEvent(
        tracking_numbers=(shipment["id"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=_time(entry),
        place=_place(entry.get("location").get("address")),
        description=words[0] or words[1],
        references=_references(shipment.get("details").get("references")),
        raw=entry.raw("timestamp", "statusCode", "status", "description", "location.address.addressLocality"),
    )


def _told(code: str | None, *words: str | None) -> str | None:
    """Name the row for what only the words tell."""
    said = english.says(*words) | {keywords.classify(text) for text in words} | {_german(text) for text in words}
    if code == "delivered":
        return "delivered/return" if said & set(TURNS) else None
    return next((f"text/{milestone}" for milestone in TELLING.get(code or "", ()) if milestone in said), None)


def _german(text: str | None) -> Milestone | None:
    folded = keywords.fold(text or "")
    return next((milestone for words, milestone in GERMAN if re.search(words, folded)), None)


def _time(entry: Node) -> Moment | None:
    return entry.get("timestamp").moment()


def _place(address: Maybe) -> Place:
    """Read a scan's city, which some divisions write with its country; none of them tells the state."""
    locality = address.get("addressLocality").text()
    return Place(city=Text(locality.partition(" - ")[0].strip(), locality.path) if locality else None)


def _references(given: Maybe) -> References:
    """Take the shipper's own numbers, not those of DHL's other systems."""
    own = [
        (reference.get("type").text() or "", reference.get("number").text())
        for reference in given.items()
        if re.search(r"customer|order|shipper|invoice|^$", reference.get("type").text() or "", re.IGNORECASE)
    ]
    orders = [number for kind, number in own if "invoice" not in kind.lower()]
    return merchant_references(*orders, invoices=[number for kind, number in own if "invoice" in kind.lower()])


def confirm(webhook: Webhook) -> Call | None:
    """Open a subscription by sending back the secret that its first call holds."""
    body = maybe_json(webhook)
    address, secret = body.get("self").text(), body.get("secret").text()
    if body.get("scope").text() != "subscription.validate" or not (address and secret):
        return None
    return Call(url=address, method="POST", body=json_bytes(secret=secret), secret_header=API_KEY)


ADAPTER = Adapter(
    slug="dhl",
    name="DHL",
    documentation="https://developer.dhl.com/api-reference/shipment-tracking-unified-push",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StaticHeader(header="X-Relay-DHL-Token"),
            Unsigned(
                because="a subscription that names no header is not authenticated; a secret in the path stands in",
                secrets_are_for_calls=True,
            ),
        )
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # Histories differ between divisions; retries are not told.
    redelivery=Redelivery(),
    handshake=confirm,
    hosts=frozenset({"api-eu.dhl.com", "api-sandbox.dhl.com", "api-test.dhl.com"}),
    order_reference_is_vtex=True,
)
