"""What senders and proxies do to a body between signing it and its arrival, undone one thing at a time."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

__all__ = ["body_variations"]

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_WHOLE_FLOAT: Final = re.compile(r'("(?:\\.|[^"\\])*")|(-?\d+)\.0+(?![\d.eE])')
_LONGEST: Final = 64 * 1024

_Write = Callable[[Any], str]


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


_FORMS: Final[Mapping[str, _Write]] = {
    "written compactly": _compact,
    "written compactly with every letter in ASCII": lambda document: json.dumps(document, separators=(",", ":")),
    "written with a space after commas and colons": lambda document: json.dumps(document, ensure_ascii=False),
    "written with spaces, every letter in ASCII": json.dumps,
    "indented by two": lambda document: json.dumps(document, indent=2, ensure_ascii=False),
    "indented by four": lambda document: json.dumps(document, indent=4, ensure_ascii=False),
    "compact, with its members sorted": lambda document: json.dumps(
        document, separators=(",", ":"), ensure_ascii=False, sort_keys=True
    ),
    "written as PHP does, with \\/ for /": lambda document: json.dumps(document, separators=(",", ":")).replace(
        "/", "\\/"
    ),
    "with whole numbers written without .0": lambda document: _without_fractions(_compact(document)),
}


def body_variations(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield other ways to write a body, each with how it differs; none is yielded twice, nor the body itself."""
    seen = {body}
    for how, variation in _written(body):
        if variation not in seen:
            seen.add(variation)
            yield how, variation


def _written(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "without the line break at its end", body.rstrip(b"\r\n")
    yield "with a line break at its end", body + b"\n"
    yield "with CR LF at its end", body + b"\r\n"
    yield "with LF for CR LF", body.replace(b"\r\n", b"\n")
    yield "with CR LF for LF", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "without the byte order mark", body.removeprefix(_BYTE_ORDER_MARK)
    yield "empty", b""
    if len(body) > _LONGEST:
        return
    try:
        text = body.removeprefix(_BYTE_ORDER_MARK).decode()
        # The sender's own document, written back; nothing is read out of it.
        document = json.loads(text)  # noqa: TID251
    except (ValueError, RecursionError):
        return
    yield "with whole numbers written without .0", _without_fractions(text).encode()
    for how, write in _FORMS.items():
        yield how, write(document).encode("utf-8", "surrogatepass")


def _without_fractions(text: str) -> str:
    """Write 136.0 as 136 wherever it is no part of a text."""
    return _WHOLE_FLOAT.sub(lambda found: found[1] or found[2], text)
