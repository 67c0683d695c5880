"""Requests and credentials that verification is tested with; every secret and number is invented."""

from datetime import UTC, datetime

from app.model import Webhook
from app.verification import Credentials

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BODY = b'{"status":"delivered"}'
OLD_AND_NEW = Credentials(secrets=("new-secret", "old-secret"))


def request(
    headers: dict[str, str] | None = None, body: bytes = BODY, *, path: str = "/w/x", peer: str = ""
) -> Webhook:
    """Make a webhook."""
    pairs = tuple((name.lower(), value) for name, value in (headers or {}).items())
    return Webhook(method="POST", path=path, query="", headers=pairs, body=body, received_at=NOW, peer=peer)
