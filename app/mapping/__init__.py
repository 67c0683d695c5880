"""From stored webhooks to events."""

from app.mapping.bulk import BulkReplays
from app.mapping.mapper import HELD, Mapper
from app.mapping.replaying import Reread

__all__ = ["HELD", "BulkReplays", "Mapper", "Reread"]
