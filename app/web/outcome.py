"""How a webhook's request is answered, and what is told about it."""

import json
from dataclasses import dataclass
from typing import Final

from app.intake import Accepted
from app.store import public_id
from app.web.body import Headers
from app.web.catalogue import CATALOGUE
from app.web.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, document

__all__ = ["TAKEN", "Outcome", "answered", "failed"]

TAKEN: Final = frozenset({"accepted", "duplicate"})
_JSON: Final = b"application/json"
_BODILESS: Final = frozenset({204, 304})


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The answer to a request.

    Args:
        status: Its status.
        body: Its body.
        content_type: The body's media type.
        outcome: What became of the request, in a word of the metrics.
        id: Under which id more is known of it.
        number: The same id, of a refusal.
        reason: Why it was not taken, for the log.
        cause: Why it was not taken, as the slug of a problem.
        headers: What else is said in the answer's head.
        unread: Whether the sender is still sending a body that nobody will read.

    """

    status: int
    body: bytes
    content_type: bytes
    outcome: str
    id: str | None = None
    number: int = 0
    reason: str | None = None
    cause: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    unread: bool = False

    def head(self) -> Headers:
        """Return the answer's headers, which say how long its body is."""
        headers = [(b"x-content-type-options", b"nosniff"), *self.headers]
        if self.status not in _BODILESS:
            headers.append((b"content-length", b"%d" % len(self.body)))
            if self.body:
                headers.append((b"content-type", self.content_type))
        return headers

    def sent_body(self, method: str) -> bytes:
        """Return what follows the head, in answer to a request of this method."""
        return b"" if self.status in _BODILESS or method == "HEAD" else self.body


def answered(accepted: Accepted) -> Outcome:
    """Answer in the words that the carrier demands, or in the relay's own."""
    id_ = public_id("wh", accepted.webhook_id) if accepted.webhook_id is not None else None
    answer = accepted.answer
    if answer is None:
        # As `json.dumps` writes it, in a fifth of the time.
        own = f'{{"id": "{id_}", "status": "{accepted.status}"}}'
        return Outcome(status=200, body=own.encode(), content_type=_JSON, outcome=accepted.status, id=id_)
    return Outcome(
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type.encode("latin-1"),
        outcome=accepted.status,
        id=id_,
    )


def failed(slug: str, detail: str, *, reason: str, id_: str | None = None) -> Outcome:
    """Ask the sender to come back."""
    return Outcome(
        status=CATALOGUE[slug].status,
        body=json.dumps(document(slug, detail, id=id_)).encode(),
        content_type=MEDIA_TYPE.encode(),
        outcome="failed",
        id=id_,
        reason=reason,
        cause=slug,
        headers=((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),),
    )
