"""From stored webhooks to events."""

from app.mapping.mapper import Mapper

__all__ = ["Mapper"]
