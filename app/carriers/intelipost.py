"""Intelipost: one webhook carries one new row in the history of one volume of an order.

Sources read 2026-11-23. The micro states are each account's own: their names are shown, their numbers decide nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from app.adapter import Adapter, Maturity, Redelivery, most_specific
from app.dialects.keywords import classify, says_returned
from app.dialects.nfe import invoice_references
from app.model import CarrierEvent, Milestone, Place, Webhook
from app.payload import json_body, maybe_json
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = {
    "NEW": Milestone.PRE_TRANSIT,
    "LABEL_CREATED": Milestone.PRE_TRANSIT,
    "READY_FOR_SHIPPING": Milestone.PRE_TRANSIT,
    "SHIPPED": Milestone.IN_TRANSIT,
    "IN_TRANSIT": Milestone.IN_TRANSIT,
    "TO_BE_DELIVERED": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "CLARIFY_DELIVERY_FAIL": Milestone.FAILED_ATTEMPT,
    "DELIVERY_FAILED": Milestone.EXCEPTION,
    # Only the micro state's words tell that the parcel goes, or went, back to the sender.
    "DELIVERED/return": Milestone.RETURNED,
    "DELIVERY_FAILED/RETURNED": Milestone.RETURNED,
    "DELIVERY_FAILED/RETURNING": Milestone.RETURNING,
    "CANCELLED": Milestone.CANCELLED,
}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("history.attachments.additional_information",),
        Kind.PHOTO: ("history.attachments.url", "history.attachments.file_name"),
        Kind.FREE_TEXT: ("history.esprinter_message",),
    },
    plain={
        "**.default_name": "what a state is called",
        "**.i18n_name": "what a state is called",
        "**.shipment_volume_micro_state.name": "what a state is called",
        "history.location": "of the carrier's base",
        "history.attachments.mime_type": "a media type",
    },
)


def parse(webhook: Webhook) -> Iterator[CarrierEvent]:
    body = json_body(webhook)
    row = body["history"]
    micro = row.get("shipment_volume_micro_state")
    name = micro.get("name", "i18n_name", "default_name").text()
    said = (name, micro.get("description").text())
    state = row["shipment_order_volume_state"].text()
    returned = f"{state}/return" if says_returned(*said) else None
    code, milestone, unknown = most_specific(MILESTONES, state, derived=(returned, f"{state}/{classify(*said)}"))
    number = body.get("tracking_code").text()
    invoice = body.get("invoice")
    references, warnings = invoice_references(
        key=invoice.get("invoice_key").text(),
        number=invoice.get("invoice_number").text(),
        series=invoice.get("invoice_series").text(),
    )
    orders = [body.get(name).text() for name in ("sales_order_number", "order_number")]
    order, *others = dict.fromkeys(filter(None, orders)) or (None,)
    yield CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        # `created` is when Intelipost stored the row, which may be hours later.
        occurred_at=row.first_moment("event_date_iso", "event_date", "created_iso", "created", zone=ZONE),
        place=Place(city=row.get("location").get("city").text(), state=row.get("location").get("state_code").text()),
        description=name or row.get("provider_message", "shipment_order_volume_state_localized").text(),
        event_id=row.get("shipment_order_volume_state_history").text(),
        references=replace(references, order_id=order, alternative_order_ids=tuple(filter(None, others))),
        raw=row.raw(
            "shipment_order_volume_state",
            "shipment_volume_micro_state.code",
            "shipment_volume_micro_state.name",
            "event_date_iso" if row.get("event_date_iso") else "created_iso",
            "provider_message",
        ),
        warnings=warnings,
    )


def history_row(webhook: Webhook) -> str | None:
    """Name the history row, which a manual resend repeats."""
    row = maybe_json(webhook).get("history")
    return row.joined("shipment_order_volume_state_history", "shipment_order_volume_id", separator="/").text()


ADAPTER = Adapter(
    slug="intelipost",
    name="Intelipost",
    documentation="https://github.com/intelipost/Magento2",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((StaticHeader(header="api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(
        history=False,
        ask="Open the panel's list of webhooks and send the failed ones again: it keeps 30 days of them.",
    ),
    identity=history_row,
    zone=ZONE,
    order_reference_is_vtex=True,
)
