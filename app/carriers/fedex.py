"""FedEx: one webhook of Advanced Integrated Visibility carries one or more packages, each with its scans.

Pages read 2026-11-23. Whether a push carries all scans or only the newest depends on the subscription, so that nothing
is concluded from a scan that is missing. Blank texts stand for what is unknown.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, References, Webhook
from app.payload import Maybe, Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Hmac

MILESTONES = {
    "OC": Milestone.PRE_TRANSIT,
    "OX": Milestone.PRE_TRANSIT,
    "EP": Milestone.PRE_TRANSIT,
    "MD": Milestone.PRE_TRANSIT,
    "IN": Milestone.PRE_TRANSIT,  # Only as a derived status: initiated.
    "PU": Milestone.IN_TRANSIT,
    "PX": Milestone.IN_TRANSIT,
    "OF": Milestone.IN_TRANSIT,
    "AP": Milestone.IN_TRANSIT,
    "IT": Milestone.IN_TRANSIT,
    "IX": Milestone.IN_TRANSIT,
    "AA": Milestone.IN_TRANSIT,
    "AC": Milestone.IN_TRANSIT,
    "AF": Milestone.IN_TRANSIT,
    "AR": Milestone.IN_TRANSIT,
    "AX": Milestone.IN_TRANSIT,
    "DP": Milestone.IN_TRANSIT,
    "EA": Milestone.IN_TRANSIT,
    "EO": Milestone.IN_TRANSIT,
    "FD": Milestone.IN_TRANSIT,
    "LO": Milestone.IN_TRANSIT,
    "PF": Milestone.IN_TRANSIT,
    "PL": Milestone.IN_TRANSIT,
    "PM": Milestone.IN_TRANSIT,
    "SF": Milestone.IN_TRANSIT,
    "TR": Milestone.IN_TRANSIT,
    "DY": Milestone.IN_TRANSIT,
    "DD": Milestone.IN_TRANSIT,
    "PY": Milestone.IN_TRANSIT,
    "AD": Milestone.OUT_FOR_DELIVERY,
    "ED": Milestone.OUT_FOR_DELIVERY,
    "OD": Milestone.OUT_FOR_DELIVERY,
    "HL": Milestone.AVAILABLE_FOR_PICKUP,
    "HP": Milestone.AVAILABLE_FOR_PICKUP,
    "HA": Milestone.EXCEPTION,  # Holding it was asked for; it is not there yet.
    "SE": Milestone.EXCEPTION,
    "CD": Milestone.EXCEPTION,
    "DE": Milestone.FAILED_ATTEMPT,
    "RS": Milestone.RETURNING,
    "RT": Milestone.RETURNING,
    "DL": Milestone.DELIVERED,
    "DL/return": Milestone.RETURNED,
    "CA": Milestone.CANCELLED,
    "RD": Milestone.CANCELLED,
}
# A text that is not blank, somewhere in an object.
SAID = re.compile(r'(?:": |\[)"[^"]')
ORDERS = ("CUSTOMER_REFERENCE", "SHIPPER_REFERENCE", "PURCHASE_ORDER")
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("**.deliveryDetails.receivedByName", "**.deliveryDetails.signedByName", "**.recipientInformation"),
        Kind.ADDRESS: (
            "**.scanLocation.streetLines",
            "**.deliveryDetails.actualDeliveryAddress",
            "**.lastUpdatedDestinationAddress",
        ),
        Kind.FREE_TEXT: ("**.additionalTrackingInfo.nickname",),
    },
    sender={
        Kind.NAME: ("**.shipperInformation", "**.returnDetail.authorizationName"),
    },
    plain={
        "**.scanLocation.postalCode": "of the station that scanned it",
        "**.scanLocation.countryName": "of a country",
        "**.packageIdentifiers": "the merchant's own references",
    },
    documented=frozenset(
        {
            "**.deliveryDetails.signedByName",
            "**.recipientInformation",
            "**.deliveryDetails.actualDeliveryAddress",
            "**.lastUpdatedDestinationAddress",
            "**.shipperInformation",
        }
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    output = body.get("output") if body.get("output").is_object else body.allowed()
    packages = output if "trackResults" in output else output.get("completeTrackResults")
    if packages:
        yield from each(packages.items(), _package)
    elif "alerts" in output:
        yield Ignored(reason="a document of alerts, without track results")
    else:
        list(body["completeTrackResults"].items())


def _package(package: Node) -> Iterator[Result]:
    for result in package["trackResults"].allowed().items():
        number = result.get("trackingNumberInfo").get("trackingNumber").text() or package["trackingNumber"].text()
        scans = list(result.get("scanEvents").items())
        status = result.get("latestStatusDetail")
        if scans:
            events = [_event(result, number, scan, _time(result, scan)) for scan in scans]
            yield from returned_to_sender(events, "DL/return")
        elif status.get("code", "derivedCode"):
            yield from (_event(result, number, latest, _time(result, latest)) for latest in status.items())
        else:
            problem = result.get("error").get("message", "code").text()
            yield Ignored(reason=f"FedEx has nothing to tell of a package: {problem or 'no scans'}")


def _event(result: Node, number: str, scan: Node, time: Moment | None) -> CarrierEvent:
    kind = scan.get("eventType", "code").text()
    returned = f"{kind or _derived(scan)}/return" if SAID.search(result.raw("returnDetail")[0] or "") else None
    code, milestone, unknown = most_specific(
        MILESTONES, kind, scan.get("derivedStatusCode", "derivedCode").text(), derived=[returned]
    )
    place = scan.get("scanLocation")
    return CarrierEvent(
        tracking_numbers=(number,),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=time,
        place=Place(city=place.get("city").text(), state=place.get("stateOrProvinceCode").text()),
        description=scan.get("eventDescription", "description", "statusByLocale").text(),
        references=_references(result.get("additionalTrackingInfo")),
        raw=scan.raw(
            "date",
            "eventType",
            "code",
            "derivedStatusCode",
            "exceptionCode",
            "eventDescription",
            "scanLocation.city",
        ),
    )


def _derived(scan: Node) -> str | None:
    return scan.get("derivedStatusCode", "derivedCode").text()


def _time(result: Node, scan: Node) -> Moment | None:
    """Read a scan's time; a delivery without one happened when the result says that it did."""
    time = scan.get("date").moment()
    if time is None and "DL" in {scan.get("eventType", "code").text(), _derived(scan)}:
        dates = result.get("dateAndTimes").items()
        delivered = (date.get("dateTime").moment() for date in dates if date.get("type").text() == "ACTUAL_DELIVERY")
        time = next(delivered, None)
    return time


def _references(about: Maybe) -> References:
    given: dict[str, list[Text]] = {}
    for identifier in about.get("packageIdentifiers").items():
        kind = identifier.get("type").text() or ""
        given.setdefault(kind, []).extend(identifier.get("values", "value").texts())
    orders = [text for name in ORDERS for text in given.get(name, [])]
    return merchant_references(*orders, invoices=given.get("INVOICE", []))


ADAPTER = Adapter(
    slug="fedex",
    name="FedEx",
    documentation="https://developer.fedex.com/api/en-us/catalog/shipment-visibility-webhook.html",
    maturity=Maturity.DOCUMENTED,
    # The first is documented; a public receiver also takes the others.
    verification=AnyOf(
        tuple(
            Hmac(header=header, encodings=("base64",))
            for header in ("fdx-signature", "x-fdx-sc-signature", "x-fedex-signature")
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    # Whether all scans come or only the newest depends on the subscription.
    redelivery=Redelivery(),
    order_reference_is_vtex=True,
)
