"""What an order id says about its order: VTEX's forms of it, read and made."""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["FULFILLMENT_PREFIX", "IdKind", "OrderIdentity", "make_order_id", "read_order_id"]

IdKind = Literal["numeric", "alphanumeric", "seller", "external", "fulfillment"]

FULFILLMENT_PREFIX = "00-"
# One per seller of a split order: -01, -02 …
_SUFFIX = re.compile(r"-\d{2}\Z", re.ASCII)
_AFFILIATE = re.compile(r"(?P<affiliate>[A-Z]{3})-(?P<rest>.+)", re.ASCII)
_ALPHANUMERIC = re.compile(r"v(?P<sequence>\d{6,8})[a-z]{4}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIdentity:
    """The ids of one order, as each side of a sale knows it."""

    order_id: str
    order_group: str
    origin: str
    affiliate_id: str
    marketplace_order_id: str
    seller_order_id: str
    sequence: str | None
    """The number inside the id, where the form has one."""


def read_order_id(order_id: str) -> OrderIdentity:
    """Derive what the form of an id tells; an id of no known form is its own group."""
    affiliate_id, marketplace_order_id, origin = "", order_id, "Marketplace"
    seller_order_id = FULFILLMENT_PREFIX + order_id
    affiliate = _AFFILIATE.fullmatch(order_id)
    if order_id.startswith(FULFILLMENT_PREFIX):
        marketplace_order_id = order_id.removeprefix(FULFILLMENT_PREFIX)
        origin, seller_order_id = "Fulfillment", order_id
    elif affiliate:
        # The seller's copy of an order: of another VTEX store, or of a marketplace outside VTEX.
        affiliate_id, marketplace_order_id = affiliate["affiliate"], affiliate["rest"]
        origin, seller_order_id = "Fulfillment", order_id
    order_group = _SUFFIX.sub("", marketplace_order_id)
    alphanumeric = _ALPHANUMERIC.match(order_group)
    return OrderIdentity(
        order_id=order_id,
        order_group=order_group,
        origin=origin,
        affiliate_id=affiliate_id,
        marketplace_order_id=marketplace_order_id,
        seller_order_id=seller_order_id,
        sequence=alphanumeric["sequence"] if alphanumeric else None,
    )


def make_order_id(kind: IdKind, number: int) -> str:
    """Make an id of the wanted form around a sequence number; the same number gives the same id."""
    numeric, alphanumeric = f"1{number}869572-01", f"v{number}demo-01"
    match kind:
        case "numeric":
            return numeric
        case "alphanumeric":
            return alphanumeric
        case "seller":
            return f"SLR-{alphanumeric}"
        case "external":
            return f"MLB-20001{number}"
        case "fulfillment":
            return FULFILLMENT_PREFIX + alphanumeric
