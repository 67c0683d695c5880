"""Events about a label's order, ``{"event": "order.<status>", "data": {…}}``, as Melhor Envio and SuperFrete send them.

Both sign with a header of the same name and different secrets: what tells them apart is the URL, never the request.
"""

from collections.abc import Iterator
from typing import Final

from app.adapter import Answer, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, References, Webhook
from app.payload import Node, Text, json_body, member

__all__ = ["IGNORED", "MILESTONES", "label_events", "registration_ping"]

MILESTONES: Final = {
    "created": Milestone.PRE_TRANSIT,
    "pending": Milestone.PRE_TRANSIT,
    # Paid for; a label may still be called released after it was generated.
    "released": Milestone.PRE_TRANSIT,
    "generated": Milestone.PRE_TRANSIT,
    # Taken in at a drop-off point.
    "received": Milestone.IN_TRANSIT,
    "posted": Milestone.IN_TRANSIT,
    "delivered": Milestone.DELIVERED,
    # Final: nobody tries again.
    "undelivered": Milestone.EXCEPTION,
    "paused": Milestone.EXCEPTION,
    "suspended": Milestone.EXCEPTION,
    # The event has two l, the status beside it one.
    "cancelled": Milestone.CANCELLED,
    "canceled": Milestone.CANCELLED,
}
IGNORED: Final = {"webhook.ping": "the call that tests a URL when it is registered"}

_ZONE: Final = "America/Sao_Paulo"
_TIMES: Final = {"cancelled": "canceled_at", "canceled": "cancelled_at", "released": "paid_at"}
"""The member with an event's time where it is not the event's name, or not always."""


def label_events(webhook: Webhook, *, last_resort: tuple[str, ...] = ()) -> Iterator[Result]:
    """Read a webhook; ``last_resort`` names members whose time stands in for the event's own."""
    body = json_body(webhook)
    event = body.get("event").text()
    family, _, name = (event or "").rpartition(".")
    if event and family not in {"", "order"}:
        yield Ignored(reason=IGNORED.get(event, f"{event} is not about a label"), code=event)
        return
    for label in body["data"].allowed().items():
        # The status may be spelt otherwise, lag behind or be missing: it only stands in for the event.
        code = Text(name.lower(), event.path) if event and name else label.get("status").text()
        yield _event(label, code, body.raw("event") if event else label.raw("status"), last_resort)


def _event(label: Node, sent: Text | None, said: tuple[str | None, ...], last_resort: tuple[str, ...]) -> CarrierEvent:
    code, milestone, unknown = most_specific(MILESTONES, sent)
    own = [f"{sent}_at", _TIMES.get(sent or "", f"{sent}_at")]
    when = next((name for name in (*own, *last_resort) if label.get(name).moment()), own[0])
    orders = _tags(label)
    number, own_number = label.get("tracking", "tracking_code").text(), label.get("self_tracking").text()
    if not number and not orders:
        # Better an event that waits for a match than none.
        number, own_number = own_number or label["id"].text(), None
    return CarrierEvent(
        # The label's own number looks like the carrier's; alone it would be taken for it.
        tracking_numbers=tuple(filter(None, (number, own_number))) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=label.get(when).moment(zone=_ZONE),
        event_id=label.get("event_id").text(),
        references=References(order_id=orders[0] if orders else None, alternative_order_ids=orders[1:]),
        raw=(*said, *label.raw("id", when)),
    )


def _tags(label: Node) -> tuple[Text, ...]:
    """Return what the shop tagged the label with, which is how it names its order."""
    tags = label.get("tags")
    named = [tag.get("tag").text() for tag in tags.items()]
    return tuple(dict.fromkeys(tag for tag in (*named, *tags.texts()) if tag))


def registration_ping(webhook: Webhook) -> Answer | None:
    """Recognise the call that tests a URL; it must succeed, or the URL is not registered."""
    return Answer(body=b'{"id": null, "status": "ignored"}') if member("event")(webhook) in IGNORED else None
