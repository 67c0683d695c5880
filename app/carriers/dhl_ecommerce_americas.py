"""DHL eCommerce Americas: one webhook carries one package with its full history, as the tracking API answers it.

Pages read 2026-11-23. They tell how webhooks are delivered, and neither how they are authenticated nor the numbers of
the events, of which two are known: a scan's words decide about the others.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, each, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.english import classify
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, TimeQuality, Webhook
from app.payload import Node, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader, Unsigned

MILESTONES = {
    "300": Milestone.IN_TRANSIT,
    "600": Milestone.DELIVERED,
    "600/return": Milestone.RETURNED,
}
ZONES = {
    "A": "America/Halifax",
    "E": "America/New_York",
    "C": "America/Chicago",
    "M": "America/Denver",
    "P": "America/Los_Angeles",
    "AK": "America/Anchorage",
    "H": "Pacific/Honolulu",
}
OFFSETS = {"EST": "-05:00", "EDT": "-04:00", "CST": "-06:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00"} | {
    "PST": "-08:00",
    "PDT": "-07:00",
}
TURNS = {Milestone.RETURNED, Milestone.RETURNING}
PERSONAL = PersonalData(
    receiver={
        Kind.ADDRESS: ("recipient", "packages.recipient"),
    },
    plain={
        "package.customerConfirmationNumber": "the merchant's own reference",
        "packages.package.customerConfirmationNumber": "the merchant's own reference",
        "packages.recipient.country": "a country",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    packages = list((body.get("packages") if "packages" in body else body.allowed()).items())
    if packages:
        yield from each(packages, _package)
    else:
        yield Ignored(reason="a document without packages")


def _package(package: Node) -> Iterator[Result]:
    history = list(package.get("events").items())
    events = [_event(package, scan) for scan in history]
    yield from returned_to_sender(events, "600/return")
    if not history:
        package["package"]
        yield Ignored(reason="the package has no events yet")


def _event(package: Node, scan: Node) -> CarrierEvent:
    about = package.get("package") if package.get("package").is_object else package.allowed()
    said = (scan.get("secondaryEventDescription").text(), scan.get("primaryEventDescription").text())
    primary = scan.get("primaryEventId").text()
    returned = f"{primary}/return" if classify(*said) in TURNS else None
    code, milestone, unknown = most_specific(
        MILESTONES, scan.get("secondaryEventId").text(), primary, derived=[returned]
    )
    if milestone is Milestone.UNKNOWN:
        milestone = classify(*said) or Milestone.UNKNOWN
    numbers = [about.get(name).text() for name in ("trackingId", "dhlPackageId")]
    return CarrierEvent(
        tracking_numbers=tuple(dict.fromkeys(filter(None, numbers))) or (package["package"]["trackingId"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=_time(scan),
        place=place_in_line(scan.get("location").text()),
        description=said[0] or said[1],
        references=merchant_references(
            about.get("packageId").text(), tags=[about.get("customerConfirmationNumber").text()]
        ),
        raw=scan.raw("date", "time", "timeZone", "primaryEventId", "secondaryEventId", "location"),
        full_history=True,
    )


def _time(scan: Node) -> Moment | None:
    """Read the local clock in the zone that its label names."""
    label = (scan.get("timeZone").text() or "").upper()
    zone = ZONES.get(label.removesuffix("T"))
    clock = scan.joined("date", "time")
    moment = clock.moment(zone=zone, offset=OFFSETS.get(label, label)) or scan.get("date").moment(zone=zone)
    is_labelled = moment and zone and moment.quality is TimeQuality.LOCAL
    return replace(moment, quality=TimeQuality.OFFSET) if moment and is_labelled else moment


ADAPTER = Adapter(
    slug="dhl-ecommerce-americas",
    name="DHL eCommerce Americas",
    documentation="https://docs.api.dhlecs.com/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StaticHeader(header="X-Api-Key"),
            Bearer(),
            Basic(),
            Unsigned(because="how DHL proves itself is not documented; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    # After one hour and after six more; the third failure is final.
    redelivery=Redelivery(retries=True, retries_for=timedelta(hours=7), history=True),
    acknowledgement=Answer(),
    order_reference_is_vtex=True,
)
