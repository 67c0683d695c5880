"""From stored webhooks to events."""

from app.mapping.bulk import BulkReplays
from app.mapping.mapper import Mapper
from app.mapping.replaying import Reread

__all__ = ["BulkReplays", "Mapper", "Reread"]
