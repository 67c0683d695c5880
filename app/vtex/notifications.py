"""What VTEX's order hook and feed say of an order, in the shapes that are known.

Its guide shows fewer members than its reference, and the feed writes the same members in another case: so names are
compared without regard to it, and what is not known is passed over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.errors import MalformedPayload
from app.payload import Node, json_document, read_moment

__all__ = ["MAX_ORDER_ID", "Notification", "concerns_packages", "is_other_side", "read_notification"]

MAX_ORDER_ID: Final = 200
"""The longest text that counts as the id of an order; VTEX's own are far shorter."""

_NO_PACKAGE_YET: Final = frozenset(
    {
        "order-created",
        "order-create-error",
        "order-creation-error",
        "on-order-completed",
        "on-order-completed-ffm",
        "payment-pending",
        "approve-payment",
        "payment-approved",
        "request-cancel",
        "waiting-for-order-authorization",
        "waiting-for-seller-decision",
        "waiting-ffmt-authorization",
        "waiting-for-authorization",
        "waiting-for-manual-authorization",
        "waiting-for-mkt-authorization",
        "waiting-seller-handling",
        "authorize-fulfillment",
        "window-to-cancel",
        "window-to-change-seller",
    }
)
"""The states before anything can be invoiced. From ``ready-for-handling`` on, part of an order may have been."""

_PING: Final = "hookconfig"
_OTHER_SIDE: Final = "marketplace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What one notification says.

    Args:
        is_ping: It only asks whether somebody listens.
        order_id: The order; empty for a ping.
        state: The state that it is in.
        changed_at: When it changed, None when that cannot be read.
        domain: ``Fulfillment`` or ``Marketplace``.
        account: Whose order VTEX says it is.

    """

    is_ping: bool = False
    order_id: str = ""
    state: str | None = None
    changed_at: datetime | None = None
    domain: str | None = None
    account: str | None = None


def is_other_side(domain: str | None) -> bool:
    """Tell whether a notification is about the sale: an order that is sold and shipped by one is told for each side."""
    return (domain or "").lower() == _OTHER_SIDE


def concerns_packages(state: str | None) -> bool:
    """Tell whether an order in this state may have packages; one that is not known may."""
    return (state or "").lower() not in _NO_PACKAGE_YET


def read_notification(body: bytes) -> Notification:
    """Read the body of a notification.

    Raises:
        MalformedPayload: It is no notification.

    """
    try:
        document = json_document(body.decode())
    except UnicodeDecodeError:
        raise MalformedPayload("$", "is not UTF-8") from None
    said = _texts(document)
    if _PING in said:
        return Notification(is_ping=True)
    if "orderid" not in said:
        raise MalformedPayload("$.OrderId", "is missing")
    if len(said["orderid"]) > MAX_ORDER_ID:
        raise MalformedPayload("$.OrderId", "is too long for the id of an order")
    changed = read_moment(said.get("currentchange") or said.get("lastchange") or "")
    return Notification(
        order_id=said["orderid"],
        state=said.get("state"),
        changed_at=changed.at if changed else None,
        domain=said.get("domain"),
        account=said.get("origin.account"),
    )


def _texts(document: Node) -> dict[str, str]:
    """Return the texts of an object, and of its object ``Origin``, by their names in lower case."""
    said: dict[str, str] = {}
    for name, value in document.allowed().members():
        if (text := value.text()) is not None:
            said[name.lower()] = str(text)
        elif name.lower() == "origin":
            said |= {f"origin.{inner.lower()}": str(text) for inner, at in value.members() if (text := at.text())}
    return said
