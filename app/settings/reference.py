"""The settings as documentation: one line per setting, read off the model."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_json

from app.settings.model import Settings
from app.settings.names import PREFIX
from app.settings.shape import Leaf, Shape, Table, bare, shape_of
from app.settings.values import DefaultInWords, InWords

__all__ = ["SettingDoc", "describe_settings"]

_PLACEHOLDERS = {"accounts": "account", "groups": "group", "carriers": "carrier", "declared": "carrier"}
_WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDoc:
    """One setting, as the reference shows it.

    Args:
        path: Its dotted path with placeholders: ``accounts.<account>.mode``.
        variable: Its environment variable with placeholders: ``RELAY_ACCOUNTS__<ACCOUNT>__MODE``.
        type: What it takes, in words.
        default: Its default as written in TOML; None when it must be set; ``null`` when it is nothing.
        description: What it does.

    """

    path: str
    variable: str
    type: str
    default: str | None
    description: str


def describe_settings() -> tuple[SettingDoc, ...]:
    """Return every setting in the order of the model, those of accounts, groups and carriers with placeholders."""
    return tuple(_settings(shape_of(Settings), ()))


def _settings(shape: Shape, path: tuple[str, ...]) -> Iterator[SettingDoc]:
    if isinstance(shape, Leaf):
        yield _documented(shape.field, path)
        if shape.items is not None:
            yield from _settings(shape.items, (*path[:-1], f"{path[-1]}[]"))
    elif isinstance(shape, Table):
        yield from _settings(shape.of, (*path, f"<{_PLACEHOLDERS[path[-1]]}>"))
    else:
        for name, inner in shape.fields.items():
            yield from _settings(inner, (*path, name))


def _documented(field: FieldInfo, path: tuple[str, ...]) -> SettingDoc:
    # A field of a list's items is set with the whole list.
    is_named = path[-1].endswith(">")
    settable = next((path[: i + 1] for i, part in enumerate(path) if part.endswith("[]")), path)
    return SettingDoc(
        path=".".join(path),
        variable=PREFIX + "__".join(part.upper().removesuffix("[]") for part in settable),
        type="table" if is_named else _in_words(field.annotation, tuple(field.metadata)),
        default=_default(field),
        description=field.description or "",
    )


def _in_words(annotation: Any, metadata: tuple[object, ...] = ()) -> str:  # noqa: ANN401 - annotations have no type
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _in_words(inner, (*metadata, *more))
    words = [mark.text for mark in metadata if isinstance(mark, InWords)]
    # The outermost type says it best: a path key is a secret, and more.
    if words:
        return words[-1]
    if get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(annotation):
        some = next(part for part in get_args(annotation) if part is not type(None))
        return f"{_in_words(some)}, or null"
    return _in_words_of(bare(annotation))


def _in_words_of(annotation: Any) -> str:  # noqa: ANN401 - annotations have no type
    parts = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return f"one of {', '.join(map(str, parts))}"
    if origin is tuple:
        return f"list: {_in_words(parts[0])}"
    if origin is Mapping:
        return f"table: {_in_words(parts[0])} = {_in_words(parts[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f"one of {', '.join(member.value for member in annotation)}"
    return _WORDS.get(annotation, "table")


def _default(field: FieldInfo) -> str | None:
    words = [mark.text for mark in field.metadata if isinstance(mark, DefaultInWords)]
    if words:
        return words[-1]
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return None
    if isinstance(value, SecretStr):
        # A secret that stands in the source is none.
        value = value.get_secret_value()
    if isinstance(value, Mapping):
        return "{}"
    if value is not None and not isinstance(value, bool | int | float | str | tuple | timedelta):
        value = str(value)
    return to_json(value).decode()
