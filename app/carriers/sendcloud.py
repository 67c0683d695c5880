"""Sendcloud: one webhook carries one parcel with its newest status, and neither a history nor the place of a scan.

Pages read 2026-11-23. The documentation lists statuses by name; their numbers are those seen in use. Event
subscriptions, a beta, send one scan with its place instead, without saying whose order it is about.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Result, most_specific
from app.dialects.english import classify, wording
from app.dialects.merchant_words import merchant_references
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Maybe, Node, json_body
from app.verification import AnyOf, Basic, Bearer, Hmac, StaticHeader, Unsigned

MILESTONES = {
    "1": Milestone.PRE_TRANSIT,
    "1000": Milestone.PRE_TRANSIT,
    "1001": Milestone.PRE_TRANSIT,
    "1002": Milestone.PRE_TRANSIT,
    "3": Milestone.IN_TRANSIT,
    "4": Milestone.IN_TRANSIT,  # Delayed.
    "5": Milestone.IN_TRANSIT,
    "7": Milestone.IN_TRANSIT,
    "22": Milestone.IN_TRANSIT,
    "91": Milestone.IN_TRANSIT,
    "92": Milestone.OUT_FOR_DELIVERY,
    "8": Milestone.FAILED_ATTEMPT,
    "12": Milestone.AVAILABLE_FOR_PICKUP,
    "11": Milestone.DELIVERED,
    "93": Milestone.DELIVERED,
    "15": Milestone.EXCEPTION,
    "62": Milestone.EXCEPTION,
    "80": Milestone.EXCEPTION,
    "1998": Milestone.CANCELLED,
    "1999": Milestone.CANCELLED,
    "2000": Milestone.CANCELLED,
    "2001": Milestone.CANCELLED,
    "1337": Milestone.UNKNOWN,
    # A parcel that the shopper, or the carrier, sends back.
    "return/DELIVERED": Milestone.RETURNED,
    "return/IN_TRANSIT": Milestone.RETURNING,
    "return/OUT_FOR_DELIVERY": Milestone.RETURNING,
    # Messages, where the number is unknown or missing.
    "ready to send": Milestone.PRE_TRANSIT,
    "being announced": Milestone.PRE_TRANSIT,
    "announcement failed": Milestone.PRE_TRANSIT,
    "en route to sorting center": Milestone.IN_TRANSIT,
    "delivery delayed": Milestone.IN_TRANSIT,
    "sorted": Milestone.IN_TRANSIT,
    "being sorted": Milestone.IN_TRANSIT,
    "shipment picked up by driver": Milestone.IN_TRANSIT,
    "parcel en route": Milestone.IN_TRANSIT,
    "driver en route": Milestone.OUT_FOR_DELIVERY,
    "delivery attempt failed": Milestone.FAILED_ATTEMPT,
    "awaiting customer pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivered": Milestone.DELIVERED,
    "shipment collected by customer": Milestone.DELIVERED,
    "unable to deliver": Milestone.EXCEPTION,
    "error collecting": Milestone.EXCEPTION,
    "address invalid": Milestone.EXCEPTION,
    "cancelled": Milestone.CANCELLED,
    # Phases of a scan in event subscriptions.
    "announced": Milestone.PRE_TRANSIT,
    "in_transit": Milestone.IN_TRANSIT,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "ready_for_pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery_failed": Milestone.FAILED_ATTEMPT,
}
