"""The commands about shipments."""

from app.cli.shipments.commands import shipments

__all__ = ["shipments"]
