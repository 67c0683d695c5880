"""J&T Express Brazil: a form with one field that holds JSON, with one waybill and one or more of its scans.

Sources read 2026-11-23. No receiver of the Brazilian tenant is public: codes are those of J&T's open platform, in the
table that it publishes and in the one that its answers were seen to use.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify, says_returned
from app.model import CarrierEvent, Ignored, Milestone, Place, References, Webhook
from app.payload import Node, json_or_form_body
from app.personal import Kind, PersonalData
from app.verification import BodyDigest, text_field

ZONE = "America/Sao_Paulo"

MILESTONES = {
    # Published.
    "103": Milestone.PRE_TRANSIT,
    "104": Milestone.EXCEPTION,  # The pick-up failed; nothing was tried at the shopper's door.
    "105": Milestone.CANCELLED,
    "106": Milestone.IN_TRANSIT,
    "109": Milestone.IN_TRANSIT,
    "110": Milestone.IN_TRANSIT,
    "112": Milestone.OUT_FOR_DELIVERY,
    "113": Milestone.DELIVERED,
    "113/return": Milestone.RETURNED,
    "116": Milestone.RETURNING,
    "117": Milestone.RETURNED,
    "118": Milestone.FAILED_ATTEMPT,
    "120": Milestone.EXCEPTION,
    # Seen in answers.
    "10": Milestone.IN_TRANSIT,
    "50": Milestone.IN_TRANSIT,
    "92": Milestone.IN_TRANSIT,
    "94": Milestone.OUT_FOR_DELIVERY,
    "100": Milestone.DELIVERED,
    "100/return": Milestone.RETURNED,
}
IGNORED = {"121": "a marker that J&T has finished with the waybill"}
PERSONAL = PersonalData(
    receiver={
        Kind.SIGNATURE: ("**.details.signaturePictureUrl",),
        Kind.GEOLOCATION: ("**.details.longitude", "**.details.latitude"),
        Kind.FREE_TEXT: ("**.details.desc", "**.details.remark"),
        Kind.ADDRESS: ("**.details.postCode",),
    },
    courier={
        Kind.NAME: ("**.details.staffName",),
        Kind.PHONE: ("**.details.staffContact",),
    },
    plain={
        "**.details.scanTypeName": "what a scan is called",
        "**.scanNetworkName": "of a base",
        "**.scanNetworkTypeName": "of a base",
        "**.scanNetworkContact": "a base's telephone",
    },
    documented=frozenset({"**.details.remark", "**.details.postCode"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    waybill = json_or_form_body(webhook)["bizContent"].document()
    if "details" not in waybill:
        yield Ignored(reason="a callback about an order or a settlement: it has no scans")
        return
    for scan in waybill.get("details").items():
        code = scan.get("scanTypeCode", "scanTypeName", "scanType").text()
        if code in IGNORED:
            yield Ignored(reason=IGNORED[code], code=code)
        else:
            yield _event(waybill, scan, code)


def _event(waybill: Node, scan: Node, sent: str | None) -> CarrierEvent:
    number = waybill.get("billCode").text()
    said = (scan.get("desc").text(), scan.get("scanTypeName", "scanType").text())
    returned = f"{sent}/return" if says_returned(*said) else None
    code, milestone, unknown = most_specific(MILESTONES, sent, derived=[returned])
    if unknown:
        milestone = classify(*said) or Milestone.UNKNOWN
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=scan.get("scanTime").moment(zone=ZONE, offset=scan.get("timeZone").text()),
        place=Place(city=scan.get("scanNetworkCity").text(), state=scan.get("scanNetworkProvince").text()),
        description=said[0] or said[1],
        references=References(order_id=waybill.get("txlogisticId").text()),
        raw=scan.raw("scanTypeCode", "scanTime", "desc", "scanNetworkCity"),
    )


ADAPTER = Adapter(
    slug="jt-express-br",
    name="J&T Express Brasil",
    documentation="https://open.jtjms-br.com/",
    maturity=Maturity.DOCUMENTED,
    verification=BodyDigest(header="digest", algorithm="md5", signed=text_field("bizContent"), encoding="base64"),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    media_types=frozenset({"application/x-www-form-urlencoded", "application/json"}),
    acknowledgement=Answer(body=b'{"code":"1","msg":"success"}'),
    zone=ZONE,
    order_reference_is_vtex=True,
)
