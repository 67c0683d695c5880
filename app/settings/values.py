"""The types of setting values: what each accepts, in which words it is documented, and how it is refused.

A refusal is the rest of a sentence that begins with the setting's name. It never repeats a secret.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)

from app.settings.names import nearest

__all__ = [
    "Alias",
    "Count",
    "DatabaseURL",
    "DefaultInWords",
    "Digest",
    "Duration",
    "Frozen",
    "HeaderName",
    "InWords",
    "Many",
    "Name",
    "PathKey",
    "PositiveSeconds",
    "Seconds",
    "Secret",
    "Some",
    "TimeZone",
    "TokenName",
    "URLPath",
    "shown",
    "text_of",
]

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ALIAS = re.compile(r"[a-z0-9-]{4,}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH_KEY = re.compile(r"[A-Za-z0-9._~-]+")
_TOKEN_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([smhd]?)")
_SECONDS_PER = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3660)
_SHORTEST_PATH_KEY = 8
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class InWords:
    """Say in the reference documentation what a value is."""

    text: str


@dataclass(frozen=True, slots=True)
class DefaultInWords:
    """Say in the reference documentation what the default is, where it depends on something."""

    text: str


def shown(value: object) -> str:
    """Write a wrong value, briefly, into a refusal."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def text_of(value: object, example: str) -> str:
    """Return a value that must be text."""
    if isinstance(value, str):
        return value
    raise ValueError(f"must be text, such as {example!r}")


def _one_as_list(value: object) -> object:
    """Let a single text stand for a list of one, as people write it."""
    return (value,) if isinstance(value, str) else value


def _at_least_one(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    if items:
        return items
    raise ValueError("is empty; list at least one, or leave the setting out")


Many = Annotated[tuple[_Item, ...], BeforeValidator(_one_as_list)]
Some = Annotated[tuple[_Item, ...], BeforeValidator(_one_as_list), AfterValidator(_at_least_one)]


def _frozen(table: Mapping[_Key, _Item]) -> Mapping[_Key, _Item]:
    return MappingProxyType(dict(table))


def _thawed(table: Mapping[_Key, _Item], serialise: SerializerFunctionWrapHandler) -> Any:  # noqa: ANN401 - JSON
    return serialise(dict(table))


Frozen = Annotated[Mapping[_Key, _Item], AfterValidator(_frozen), WrapSerializer(_thawed)]


# --- names ---------------------------------------------------------------------------------------


def _name(value: str) -> str:
    if _NAME.fullmatch(value):
        return value
    proposal = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    hint = f"; write {proposal}" if proposal else ""
    raise ValueError(f"must be a name of [a-z0-9] in which single hyphens stand, not {shown(value)}{hint}")


Name = Annotated[str, AfterValidator(_name), InWords("name of [a-z0-9-]")]


def _alias(value: str) -> str:
    if _ALIAS.fullmatch(value):
        return value
    raise ValueError(f"must be at least 4 characters of [a-z0-9-], not {shown(value)}")


Alias = Annotated[str, AfterValidator(_alias), InWords("at least 4 characters of [a-z0-9-]")]


def _header(value: str) -> str:
    if _HEADER.fullmatch(value):
        return value
    raise ValueError(f"must be the name of an HTTP header, such as 'x-api-key', not {shown(value)}")


HeaderName = Annotated[str, AfterValidator(_header), InWords("name of an HTTP header")]


def _url_path(value: str) -> str:
    if re.fullmatch(r"/[!-~]*", value) and not set("?#") & set(value):
        return value
    raise ValueError(f"must be the path of a URL, such as '/webhooks/lalamove/mystore', not {shown(value)}")


URLPath = Annotated[str, AfterValidator(_url_path), InWords("path of a URL")]


def _token_name(value: str) -> str:
    if _TOKEN_NAME.fullmatch(value):
        return value
    raise ValueError(f"must be 1 to 64 characters of [A-Za-z0-9._@-], not {shown(value)}")


TokenName = Annotated[str, AfterValidator(_token_name), InWords("1 to 64 characters")]


def _digest(value: str) -> str:
    digest = value.strip().lower()
    if re.fullmatch(r"[0-9a-f]{64}", digest):
        return digest
    # The value is not repeated: somebody may have put the token itself here.
    raise ValueError("must be the SHA-256 digest of the token as 64 hexadecimal digits")


Digest = Annotated[str, AfterValidator(_digest), InWords("64 hexadecimal digits")]

# --- secrets -------------------------------------------------------------------------------------


def _without_line_end(value: object) -> object:
    """Drop what an editor or ``echo`` left behind; no credential ends with a line break."""
    return value.rstrip("\r\n") if isinstance(value, str) else value


def _not_empty(value: SecretStr) -> SecretStr:
    if value.get_secret_value().strip():
        return value
    raise ValueError("is empty; set the secret, or leave the setting out")


Secret = Annotated[SecretStr, BeforeValidator(_without_line_end), AfterValidator(_not_empty), InWords("secret")]


def _path_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if len(key) < _SHORTEST_PATH_KEY:
        raise ValueError(f"has {len(key)} characters and could be guessed; take at least 16 random ones")
    if not _PATH_KEY.fullmatch(key):
        raise ValueError("stands in a URL: take characters of [A-Za-z0-9._~-] only")
    return value


PathKey = Annotated[Secret, AfterValidator(_path_key), InWords("secret of [A-Za-z0-9._~-]")]


def _database_url(value: object) -> str:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    url = text_of(text, "sqlite:///data/relay.db").rstrip("\r\n")
    if url.startswith("postgres://"):
        raise ValueError("begins with postgres://; write postgresql://")
    if url.startswith(("postgresql://", "postgresql+psycopg://")):
        return url
    if not url.startswith("sqlite:///"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    file = url.removeprefix("sqlite:///").partition("?")[0]
    if not file or ":memory:" in file or file.startswith("file:"):
        raise ValueError("needs a plain file, such as sqlite:///data/relay.db: webhooks must last")
    return url


DatabaseURL = Annotated[SecretStr, BeforeValidator(_database_url), InWords("sqlite:///… or postgresql://…")]

# --- times and numbers ---------------------------------------------------------------------------


def _time_zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    name = text_of(value, "America/Sao_Paulo")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = nearest(name, available_timezones())
        hint = f"did you mean {near!r}?" if near else "names look like 'America/Sao_Paulo'"
        raise ValueError(f"names no time zone: {shown(name)}; {hint}") from None


TimeZone = Annotated[ZoneInfo, PlainValidator(_time_zone), PlainSerializer(str), InWords("time zone name")]


def _duration(value: object) -> timedelta:
    length = value if isinstance(value, timedelta) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        value = f"{value:f}"
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        # Years of seconds are absurd, and more would not fit into a timedelta.
        seconds = float(match[1]) * _SECONDS_PER[match[2]]
        length = timedelta(seconds=min(seconds, _LONGEST.total_seconds() + 1))
    if length is None or not timedelta(0) < length <= _LONGEST:
        raise ValueError(
            f"must be a number of seconds, or a number with s, m, h or d, such as '36h', not {shown(value)}"
        )
    return length


Duration = Annotated[timedelta, PlainValidator(_duration), InWords("seconds, or such as 36h or 2d")]
Seconds = Annotated[float, Field(ge=0), InWords("seconds")]
PositiveSeconds = Annotated[float, Field(gt=0), InWords("seconds above 0")]
Count = Annotated[int, Field(ge=1), InWords("whole number from 1")]
