"""From settings to what bounds strangers: sizes, times and numbers."""

from app.payload import Bounds
from app.settings import Settings
from app.web import Limits

__all__ = ["bounds_of", "limits_of"]


def limits_of(settings: Settings) -> Limits:
    """Return what a sender may cost."""
    return Limits(
        body_bytes=settings.max_body_bytes,
        body_seconds=settings.body_seconds,
        decompressed_ratio=settings.max_decompressed_ratio,
        head_bytes=settings.max_head_bytes,
        headers=settings.max_headers,
        head_seconds=settings.head_seconds,
        connections=settings.max_connections,
        address_connections=settings.max_address_connections,
        refusals_per_minute=settings.max_refusals_per_minute,
        refused_wait_seconds=settings.refused_wait_seconds,
        refused_connections=settings.max_refused_connections,
        strangers_at_a_time=settings.strangers_at_a_time,
        refusals_kept=settings.refusals_max_count,
        refusals_bytes=settings.refusals_max_bytes,
        free_bytes=settings.min_free_bytes,
    )


def bounds_of(settings: Settings) -> Bounds:
    """Return how large a document may be to be read."""
    return Bounds(
        depth=settings.max_document_depth,
        values=settings.max_document_values,
        number_length=settings.max_number_length,
        form_fields=settings.max_form_fields,
    )
