"""From events on shipments to rows on VTEX's timelines."""

from app.forwarder.reading import first_read
from app.forwarder.service import Forwarder

__all__ = ["Forwarder", "first_read"]
