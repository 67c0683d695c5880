"""Read a webhook that somebody saved: its body alone, or the whole HTTP request."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from app.adapter import Adapter
from app.cli.exits import ExitCode, stop
from app.examples import parse_example
from app.model import Webhook

__all__ = ["SavedRequest", "guess_content_type", "read_saved"]

_REQUEST_LINE: Final = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /\S*(?: HTTP/\d(?:\.\d)?)?\r?\n")
_FORM: Final = re.compile(rb"[A-Za-z0-9._~%+\-\[\]]+=")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:(.*)", re.DOTALL)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRequest:
    """A saved webhook.

    Args:
        webhook: The request.
        secret: What the file says that it was signed with, None when it does not say.
        is_case: Whether the file says where it comes from and when it arrived, as the shipped samples do.

    """

    webhook: Webhook
    secret: str | None = field(default=None, repr=False)
    is_case: bool = False


def read_saved(adapter: Adapter, file: str, content_type: str | None, headers: Iterable[str]) -> SavedRequest:
    """Read a file, or standard input for ``-``.

    Raises:
        MalformedPayload: It begins like an HTTP request and is none.

    """
    content = _content(file)
    given = [_header(text) for text in headers]
    if content_type is not None:
        given.append(("content-type", content_type))
    if file.endswith(".http") or _REQUEST_LINE.match(content):
        case = parse_example(Path(file).stem, content)
        webhook = case.webhook if case.source else replace(case.webhook, received_at=datetime.now(UTC))
        return SavedRequest(webhook=_with(webhook, given), secret=case.secret, is_case=bool(case.source))
    guessed = guess_content_type(adapter, content)
    webhook = Webhook(
        method="POST",
        path=f"/webhooks/{adapter.slug}/saved",
        query="",
        headers=(("content-type", guessed),) if guessed else (),
        body=content,
        received_at=datetime.now(UTC),
    )
    return SavedRequest(webhook=_with(webhook, given))


def guess_content_type(adapter: Adapter, body: bytes) -> str:
    """Tell a body's media type from how it begins; what the carrier cannot send is not guessed."""
    start = body.removeprefix(_BYTE_ORDER_MARK).lstrip()[:256]
    likely: tuple[str, ...] = ()
    if start.startswith((b"{", b"[")):
        likely = ("application/json",)
    elif start.startswith(b"<"):
        likely = ("application/xml", "text/xml")
    elif _FORM.match(start):
        likely = ("application/x-www-form-urlencoded",)
    welcome = [media_type for media_type in likely if adapter.accepts(media_type)]
    if welcome:
        return welcome[0]
    return next(iter(adapter.media_types)) if len(adapter.media_types) == 1 and not likely else ""


def _content(file: str) -> bytes:
    if file == "-":
        return typer.get_binary_stream("stdin").read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"{file} cannot be read: {error.strerror}") from None


def _header(text: str) -> tuple[str, str]:
    match = _HEADER.fullmatch(text)
    if match is None:
        raise stop(ExitCode.BAD_INPUT, f"--header {text!r} is no header; write 'Name: value'")
    return match[1].lower(), match[2].strip()


def _with(webhook: Webhook, headers: list[tuple[str, str]]) -> Webhook:
    """Put headers in the place of those of the same names."""
    names = {name for name, _ in headers}
    kept = (pair for pair in webhook.headers if pair[0] not in names)
    return replace(webhook, headers=(*kept, *headers))
