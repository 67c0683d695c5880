"""From events on shipments to rows on VTEX's timelines."""

from app.forwarder.service import Destination, Forwarder

__all__ = ["Destination", "Forwarder"]
