"""Problem documents (RFC 9457), and the exception that becomes one; needs no web framework.

A problem says what, where and what to do. It never says which credential would have been right.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.errors import RelayError, Unavailable
from app.telemetry import log_event
from app.web.catalogue import CATALOGUE

__all__ = [
    "MEDIA_TYPE",
    "RETRY_AFTER_SECONDS",
    "Problem",
    "document",
    "error_id",
    "refuse_unexpected",
    "slug_of",
]

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5

_LOGGER: Final = logging.getLogger(__name__)


class Problem(Exception):
    """End a request with a problem document."""

    def __init__(self, slug: str, detail: str, *, errors: Sequence[Mapping[str, str]] = ()) -> None:
        """Name the kind of problem, and what and where it is this time; ``errors`` names single fields."""
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.errors = errors


def document(slug: str, detail: str, *, status: int | None = None, **members: object) -> dict[str, Any]:
    """Make a problem document; members that are None or empty are left out."""
    kind = CATALOGUE[slug]
    fixed = {"type": f"/problems/{slug}", "title": kind.title, "status": status or kind.status, "detail": detail}
    return fixed | {name: value for name, value in members.items() if value}


def slug_of(error: RelayError) -> str:
    """Return the kind of problem that an error is."""
    if error.reason in CATALOGUE:
        return error.reason
    return "unavailable" if isinstance(error, Unavailable) else "unexpected"


def error_id() -> str:
    """Make an id under which something unexpected is found in the log."""
    return f"err_{secrets.token_hex(8)}"


def refuse_unexpected(error: Exception, **fields: object) -> tuple[str, str]:
    """Log something that nobody foresaw, with its traceback; return its id and what to tell about it."""
    id_ = error_id()
    log_event(_LOGGER, "web.unexpected", level=logging.ERROR, error=error, id=id_, **fields)
    return id_, f"The relay failed unexpectedly and logged why as {id_}. Send the same request again later."
