"""``carrier-relay parked``: what waits for its shipment, and linking it by hand."""

from app.cli.parked.commands import parked

__all__ = ["parked"]
