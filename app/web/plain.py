"""Check what a body says of itself, and take its encoding off where one is allowed."""

from dataclasses import dataclass, replace
from typing import Final

from app.adapter import Adapter
from app.model import Webhook
from app.web.body import Incompressible, TooLarge, expand
from app.web.limits import Limits

__all__ = ["Refusal", "plain"]

_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(slots=True, kw_only=True, eq=False)
class Refusal(Exception):
    """End a request: what it is answered with, and whether its body was left unread."""

    slug: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    unread: bool = False
    size: int | None = None
    start: bytes = b""


def plain(webhook: Webhook, adapter: Adapter, limits: Limits) -> Webhook:
    """Return a webhook whose body is of a type that its carrier sends and has no encoding.

    Requests that carry no body may say of it what they like.

    Raises:
        Refusal: The body has another type, is encoded otherwise, or is larger than it seemed.

    """
    if webhook.method in _READING:
        return webhook
    encoding = (webhook.header("content-encoding") or "identity").strip().lower()
    ratio = limits.decompressed_ratio
    if encoding != "identity" and (encoding != "gzip" or ratio is None):
        detail = f"The body has the Content-Encoding {encoding[:40]!r}. Send it as it is, without one."
        raise Refusal(slug="unsupported-media-type", detail=detail)
    if not adapter.accepts(webhook.content_type):
        expected = " or ".join(sorted(adapter.media_types))
        detail = f"The Content-Type is {webhook.content_type[:80]!r}; {adapter.name} sends {expected}."
        raise Refusal(slug="unsupported-media-type", detail=detail)
    return webhook if encoding == "identity" or ratio is None else _unpacked(webhook, limits.body_bytes, ratio)


def _unpacked(webhook: Webhook, limit: int, ratio: int) -> Webhook:
    try:
        body = expand(webhook.body, limit=limit, ratio=ratio)
    except TooLarge:
        detail = f"Unpacked, the body is longer than {limit} bytes, or than {ratio} times what was sent."
        raise Refusal(slug="too-large", detail=detail) from None
    except Incompressible:
        raise Refusal(slug="unsupported-media-type", detail="The body is not one gzip member.") from None
    return replace(webhook, body=body)
