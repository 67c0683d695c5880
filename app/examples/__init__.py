"""Sample webhooks of every carrier, shipped with the package: what to send a relay to try it, and what comes of it.

A case is ``<slug>/<case>.http``, a raw HTTP request whose body runs to the last byte of the file, and
``<slug>/<case>.json``, what it maps to. Headers that start with ``X-Fixture-`` speak about the case and are no part of
the request: ``Source`` says where it comes from, ``Received`` when it arrived, ``Secret`` (percent-encoded) what it was
signed with: for RSA the carrier's key set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.errors import ConfigurationError, MalformedPayload
from app.model import Webhook
from app.verification import Credentials, rsa_keys

__all__ = ["FOLDER", "Example", "example", "examples", "load", "parse_example", "parse_http"]

FOLDER: Final = Path(__file__).parent
"""Where the cases are, one folder per carrier."""

_PREFIX: Final = "x-fixture-"
_RECEIVED: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When a case arrived that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case.

    Args:
        name: Name of the case.
        webhook: The request, without what speaks about the case.
        source: Where it comes from: ``docs <url>``, ``captured <date>`` or ``written from <what> <date>``.
        secret: What it was signed with; None where nothing signs.
        expected: The JSON document of what it maps to, as text; None for a request that was saved elsewhere.

    """

    name: str
    webhook: Webhook
    source: str = ""
    secret: str | None = field(default=None, repr=False)
    expected: str | None = field(default=None, repr=False)

    @property
    def credentials(self) -> Credentials:
        """Return what the source in the example would be configured with."""
        if self.secret is None:
            return Credentials(unsigned=True, path_key=True)
        if self.secret.lstrip().startswith("{"):
            return Credentials(keys=_FixedKeys(rsa_keys(self.secret)))
        return Credentials(secrets=(self.secret,))


@dataclass(frozen=True, slots=True)
class _FixedKeys:
    keys: Mapping[str, RSAPublicKey]

    def find(self, jwks_url: str, key_id: str) -> RSAPublicKey | None:  # noqa: ARG002 - one key set, whatever its address
        return self.keys.get(key_id)


@cache
def examples(slug: str) -> tuple[Example, ...]:
    """Return a carrier's cases in alphabetical order; none for a carrier without a folder."""
    return tuple(load(path) for path in sorted((FOLDER / slug).glob("*.http")))


def example(slug: str, case: str) -> Example:
    """Return one case.

    Raises:
        ConfigurationError: The carrier has no such case; the message names those it has.

    """
    cases = {each.name: each for each in examples(slug)}
    if case not in cases:
        raise ConfigurationError(f"{slug} has no example {case!r}; there are {', '.join(cases) or 'none'}")
    return cases[case]


def load(path: Path) -> Example:
    """Read a case, with what it maps to where that lies beside it.

    Raises:
        MalformedPayload: The file is no HTTP request.

    """
    golden = path.with_suffix(".json")
    expected = golden.read_text("utf-8") if golden.is_file() else None
    return parse_example(path.stem, path.read_bytes(), expected=expected)


def parse_example(name: str, content: bytes, *, expected: str | None = None) -> Example:
    """Read a raw HTTP request, and take what its headers say about the case out of them.

    Raises:
        MalformedPayload: The content is no HTTP request.

    """
    request = parse_http(content)
    about = {name.removeprefix(_PREFIX): value for name, value in request.headers if name.startswith(_PREFIX)}
    return Example(
        name=name,
        webhook=Webhook(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=tuple(pair for pair in request.headers if not pair[0].startswith(_PREFIX)),
            body=request.body,
            received_at=_moment(about["received"]) if "received" in about else _RECEIVED,
        ),
        source=about.get("source", ""),
        secret=unquote(about["secret"]) if "secret" in about else None,
        expected=expected,
    )


def parse_http(content: bytes) -> Webhook:
    """Read a raw HTTP request: request line, headers, an empty line, and the body to the last byte.

    Lines of the head may end with CR LF or LF. Where a Content-Length is smaller than what follows, as after an editor
    added a newline, it decides. Headers about the case are still in the result.

    Raises:
        MalformedPayload: The head is not one of an HTTP request; the problem names the line.

    """
    head, body = _split(content)
    lines = [line.removesuffix("\r") for line in head.decode("latin-1").split("\n")]
    method, target = _request_line(lines[0])
    headers = tuple(_header(line, number) for number, line in enumerate(lines[1:], 2))
    path, _, query = target.partition("?")
    length = dict(headers).get("content-length", "")
    if length.isdecimal():
        body = body[: int(length)]
    return Webhook(method=method, path=path, query=query, headers=headers, body=body, received_at=_RECEIVED)


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Cut at the first empty line, whichever way its lines end."""
    cuts = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := content.find(mark)) >= 0]
    if not cuts:
        return content, b""
    at, width = min(cuts)
    return content[:at], content[at + width :]


def _request_line(line: str) -> tuple[str, str]:
    parts = line.split(" ")
    if len(parts) not in {2, 3} or not parts[0].isalpha() or not parts[1].startswith("/"):
        raise MalformedPayload("line 1", "is no request line, as in: POST /webhooks/easypost/mystore HTTP/1.1")
    return parts[0].upper(), parts[1]


def _header(line: str, number: int) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not (name.strip() and colon) or name != name.strip():
        raise MalformedPayload(f"line {number}", "is no header, as in: Content-Type: application/json")
    return name.lower(), value.strip(" \t")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedPayload("X-Fixture-Received", f"{text!r} is no ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
