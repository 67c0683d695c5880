"""How settings are named: dotted in TOML and in messages, in upper case with ``__`` in the environment."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = [
    "PREFIX",
    "Path",
    "Problem",
    "dotted",
    "is_kubernetes_link",
    "name_in_segment",
    "nearest",
    "variable",
]

PREFIX = "RELAY_"

Path = tuple[str | int, ...]
"""Where a setting stands: keys, and numbers of list items."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KUBERNETES_LINK = re.compile(
    r"RELAY(?:_[A-Z0-9]+)*?_"
    r"(?:SERVICE_(?P<service>HOST|PORT(?:_[A-Z0-9_]+)?)"
    r"|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?P<part>PROTO|PORT|ADDR))?)?)"
)
_URL_OF_A_LINK = re.compile(r"(?:tcp|udp|sctp)://")


def dotted(path: Path) -> str:
    """Write a path as in TOML: ``tokens[0].role``, ``statuses."BDE 01"``."""
    return "".join(map(_part, path)).removeprefix(".")


def _part(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _BARE_KEY.fullmatch(part) else f".{json.dumps(part, ensure_ascii=False)}"


def variable(path: Sequence[str | int]) -> str:
    """Write a path as the environment variable that sets it; a list is one variable."""
    segments = []
    for part in path:
        if isinstance(part, int):
            break
        segments.append(part.upper().replace("-", "_"))
    return PREFIX + "__".join(segments)


def name_in_segment(segment: str) -> str:
    """Read the name of an account, group or carrier from a part of a variable's name."""
    return segment.lower().replace("_", "-")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return what was probably meant, None when nothing is near."""
    return next(iter(get_close_matches(word, sorted(known), n=1)), None)


def is_kubernetes_link(name: str, value: str) -> bool:
    """Tell whether Kubernetes sets this variable for a Service called ``relay`` or ``relay-…``.

    ``RELAY_PORT`` is one of them, with a URL as its value. ``RELAY_PORT=8080`` is somebody's wish for a port, and must
    not be swallowed.
    """
    link = _KUBERNETES_LINK.fullmatch(name)
    if link is None:
        return False
    what = link["service"] or link["part"] or ""
    is_url = _URL_OF_A_LINK.match(value) is not None
    if what.startswith("PORT"):
        return is_url or value.isdecimal()
    return is_url or what != ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the configuration.

    Args:
        path: Where it is wrong.
        text: What is wrong and what to do, as the rest of a sentence that begins with the setting.
        origin: The variable or file that says so; empty when nothing says anything.
        name: The variable that sets it, where that does not follow from the path.

    """

    path: Path
    text: str
    origin: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Write the whole sentence, naming the setting in both forms."""
        name = self.name or variable(self.path)
        where = f" (in {self.origin})" if self.origin and self.origin != name else ""
        return f"{dotted(self.path)} / {name} {self.text}{where}"
