"""Mercado Envios: one webhook only points to a shipment, whose status has to be fetched with the seller's token.

Page read 2026-11-23. The source's secret is that token: notifications themselves are not signed. Sellers usually have
a marketplace connector that brings the same statuses to VTEX.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Call, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Maybe, json_body, maybe_json
from app.personal import PersonalData
from app.verification import Unsigned

MILESTONES = {
    "pending": Milestone.PRE_TRANSIT,
    "handling": Milestone.PRE_TRANSIT,
    "ready_to_ship": Milestone.PRE_TRANSIT,
    "shipped": Milestone.IN_TRANSIT,
    "delivered": Milestone.DELIVERED,
    "not_delivered": Milestone.EXCEPTION,
    # The substatus tells that it goes, or went, back to the seller.
    "not_delivered/returning": Milestone.RETURNING,
    "not_delivered/returned": Milestone.RETURNED,
    "cancelled": Milestone.CANCELLED,
}
IGNORED = {"shipments": "a pointer to a shipment, whose status has to be fetched"}
HOST = "api.mercadolibre.com"
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    topic = body.get("topic").text()
    if "resource" in body or topic:
        yield Ignored(
            reason=IGNORED.get(topic or "", f"a notification about {topic}, not about a shipment"), code=topic
        )
        return
    status, substatus = body["status"].text(), body.get("substatus").text()
    derived = next((f"{status}/{way}" for way in ("returned", "returning") if _is_way_back(substatus, way)), None)
    code, milestone, unknown = most_specific(MILESTONES, status, derived=[derived])
    numbers = (body.get("tracking_number").text(), body["id"].text())
    history = body.get("status_history")
    yield CarrierEvent(
        tracking_numbers=tuple(filter(None, numbers)),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=history.get(f"date_{status}").moment() or body.get("last_updated").moment(),
        raw=body.raw("status", "substatus"),
    )


def _is_way_back(substatus: str | None, way: str) -> bool:
    if way == "returned":
        return substatus == way
    return (substatus or "").startswith("return")


def fetch_shipment(webhook: Webhook) -> Call | None:
    """Return the call that fetches the shipment that a notification points to."""
    body = maybe_json(webhook)
    path = _shipment_path(body)
    if path is None or body.get("topic").text() != "shipments":
        return None
    return Call(
        url=f"https://{HOST}{path}",
        secret_header="Authorization",  # noqa: S106 - where the secret goes
        secret_prefix="Bearer ",  # noqa: S106 - and what stands before it
    )


def _shipment_path(body: Maybe) -> str | None:
    path = body.get("resource").text() or ""
    return path if re.fullmatch(r"/shipments/\d+", path) else None


def notification(webhook: Webhook) -> str | None:
    """Name the notification, which a retry repeats with a higher count of attempts."""
    body = maybe_json(webhook)
    return body.get("_id").text() or body.joined("topic", "resource", "sent").text()


ADAPTER = Adapter(
    slug="mercado-envios",
    name="Mercado Envios",
    documentation="https://developers.mercadolivre.com.br/",
    maturity=Maturity.DOCUMENTED,
    verification=Unsigned(
        because="Mercado Livre signs nothing; a secret in the path and its addresses stand in",
        secrets_are_for_calls=True,
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # About an hour; unconfirmed.
    redelivery=Redelivery(retries=True, retries_for=timedelta(hours=1), history=False),
    identity=notification,
    enrich=fetch_shipment,
    hosts=frozenset({HOST}),
)
