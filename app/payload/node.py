"""Places in a document, and what may be asked of them."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from app.errors import MalformedPayload
from app.model import Moment
from app.payload.bounds import check_built, check_text, short_number
from app.payload.times import read_moment
from app.payload.values import ABSENT, Text, kind, plain

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\x80-\x9f]+")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")


class _Place:
    """What `Node` and `Maybe` share: a value and its path."""

    __slots__ = ("_path", "_value")

    def __init__(self, value: Any, path: str) -> None:  # noqa: ANN401 - JSON may be anything
        self._value = value
        self._path = path

    @property
    def path(self) -> str:
        """Say where in the document this is, as ``$.packages[0].code``."""
        return self._path

    @property
    def is_object(self) -> bool:
        """Tell whether this is an object."""
        return isinstance(self._value, dict)

    @property
    def is_list(self) -> bool:
        """Tell whether this is a list."""
        return isinstance(self._value, list)

    def __contains__(self, key: str) -> bool:
        """Tell whether an object has a key, whatever its value."""
        return isinstance(self._value, dict) and key in self._value

    def get(self, key: str, *others: str) -> "Maybe":
        """Allow a member to be missing; with several names, take the first that holds something."""
        for name in (key, *others):
            value = self._value.get(name, ABSENT) if isinstance(self._value, dict) else ABSENT
            if value is not ABSENT and value is not None and value != "":
                return Maybe(value, f"{self._path}.{name}")
        return Maybe(ABSENT, f"{self._path}.{key}")

    def raw(self, *paths: str) -> tuple[str | None, ...]:
        """Return members exactly as sent, for a fingerprint; dots descend, missing ones are None."""
        return tuple(self._raw(path) for path in paths)

    def _raw(self, path: str) -> str | None:
        value: Any = self._value
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or isinstance(value, str):
            return value
        try:
            return json.dumps(value, sort_keys=True, ensure_ascii=True)
        except RecursionError:
            raise MalformedPayload(f"{self._path}.{path}", "is nested too deeply") from None

    def _scalar(self) -> str | None:
        """Return the cleaned text of a scalar, None for whatever is no scalar or empty."""
        if isinstance(self._value, str):
            if self._value.isascii() and self._value.isprintable():
                return self._value.strip() or None
            text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", self._value)
            return _CONTROLS.sub(" ", text).strip() or None
        return None

    def plain(self) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return everything that is here as Python's own values, numbers as the texts that were sent."""
        try:
            return plain(self._value)
        except RecursionError:
            raise MalformedPayload(self._path, "is nested too deeply") from None

    def joined(self, *keys: str, separator: str = " ") -> "Maybe":
        """Join members that together are one value, such as a date and a time; absent when the first one is."""
        texts = [self.get(key).text() for key in keys]
        path = f"{self._path}.{keys[0]}"
        return Maybe(separator.join(filter(None, texts)) if texts[0] else ABSENT, path)

    def first_moment(
        self,
        *keys: str,
        formats: tuple[str, ...] = (),
        zone: str | None = None,
        wall_clock: bool = False,
    ) -> Moment | None:
        """Return the time of the first of several members that can be read as one; see `read_moment`."""
        moments = (self.get(key).moment(*formats, zone=zone, wall_clock=wall_clock) for key in keys)
        return next((moment for moment in moments if moment is not None), None)

    def _read_moment(
        self,
        formats: tuple[str, ...],
        zone: str | None,
        offset: str | None,
        *,
        wall_clock: bool,
    ) -> Moment | None:
        text = self._scalar()
        if text is None:
            return None
        return read_moment(text, *formats, zone=zone, offset=offset, wall_clock=wall_clock, path=self._path)


class Maybe(_Place):
    """A place that may be missing, null, empty or of another type: its leaves are None then, its items none."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Tell whether something other than null and the empty text is here."""
        return self._value is not ABSENT and self._value is not None and self._value != ""

    def text(self) -> Text | None:
        """Return the text (a number as its sender wrote it), None when there is none."""
        value = self._scalar()
        return None if value is None else Text(value, self._path)

    def flag(self) -> bool:
        """Tell whether this is true, in any of the ways senders write it."""
        return self._value is True or (self._scalar() or "").lower() in {
            "true",
            "1",
            "yes",
            "sim",
            "s",
            "y",
        }

    def moment(
        self,
        *formats: str,
        zone: str | None = None,
        offset: str | None = None,
        wall_clock: bool = False,
    ) -> Moment | None:
        """Return the time, None when there is none that can be read; see `read_moment`."""
        return self._read_moment(formats, zone, offset, wall_clock=wall_clock)

    def document(self) -> "Maybe":
        """Read JSON that was sent as a text; what is none is taken as it is."""
        text = self._scalar()
        if text is None or not text.startswith(("{", "[")):
            return self
        try:
            return json_document(text, path=self._path).allowed()
        except MalformedPayload:
            return self

    def items(self) -> Iterator["Node"]:
        """Iterate over a list; an object counts as a list of one, anything else as empty."""
        value = self._value if isinstance(self._value, list) else [self._value]
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield Node(item, f"{self._path}[{index}]" if isinstance(self._value, list) else self._path)

    def members(self) -> Iterator[tuple[str, "Maybe"]]:
        """Iterate over the members of an object whose names are not known beforehand; anything else has none."""
        for name, value in self._value.items() if isinstance(self._value, dict) else ():
            yield name, Maybe(value, f"{self._path}.{name}")

    def texts(self) -> Iterator[Text]:
        """Iterate over the texts of a list; a single text counts as a list of one."""
        for index, item in enumerate(self._value if isinstance(self._value, list) else [self._value]):
            text = Maybe(item, f"{self._path}[{index}]" if isinstance(self._value, list) else self._path).text()
            if text is not None:
                yield text


class Node(_Place):
    """A place that must hold what is asked of it."""

    __slots__ = ()

    def __getitem__(self, key: str) -> "Node":
        """Demand a member of an object."""
        if not isinstance(self._value, dict):
            raise MalformedPayload(self._path, f"is {kind(self._value)} where an object is expected")
        if key not in self._value:
            raise MalformedPayload(f"{self._path}.{key}", "is missing")
        return Node(self._value[key], f"{self._path}.{key}")

    def allowed(self) -> Maybe:
        """Return the same place as one that may be missing."""
        return Maybe(self._value, self._path)

    def items(self) -> Iterator["Node"]:
        """Iterate over a demanded list."""
        if not isinstance(self._value, list):
            raise MalformedPayload(self._path, f"is {kind(self._value)} where a list is expected")
        for index, item in enumerate(self._value):
            yield Node(item, f"{self._path}[{index}]")

    def text(self) -> Text:
        """Return the text (a number as its sender wrote it)."""
        value = self._scalar()
        if value is not None:
            return Text(value, self._path)
        problem = "is empty" if isinstance(self._value, str) else f"is {kind(self._value)} where a text is expected"
        raise MalformedPayload(self._path, problem)

    def raw_text(self) -> str:
        """Return a text exactly as sent, for a signature."""
        if not isinstance(self._value, str):
            raise MalformedPayload(self._path, f"is {kind(self._value)} where a text is expected")
        return self._value

    def moment(
        self,
        *formats: str,
        zone: str | None = None,
        offset: str | None = None,
        wall_clock: bool = False,
    ) -> Moment:
        """Return the time; see `read_moment`."""
        moment = self._read_moment(formats, zone, offset, wall_clock=wall_clock)
        if moment is None:
            raise MalformedPayload(self._path, "is not a time that can be read")
        return moment

    def document(self) -> "Node":
        """Read JSON that was sent as a text; an object or a list is taken as it is."""
        if isinstance(self._value, dict | list):
            return self
        return json_document(self.text(), path=self._path)

    def base64_document(self) -> "Node":
        """Read JSON that was sent as a text in base64."""
        try:
            decoded = base64.b64decode(self.text(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise MalformedPayload(self._path, "is not base64 of a UTF-8 text") from None
        return json_document(decoded, path=self._path)


def _refuse_constant(name: str) -> None:
    raise MalformedPayload("$", f"holds {name}, which is not JSON")


_DECODER: Final = json.JSONDecoder(parse_int=short_number, parse_float=short_number, parse_constant=_refuse_constant)


def json_document(text: str, *, path: str = "$") -> Node:
    """Parse a JSON text into a `Node`; numbers keep the digits they were sent with."""
    may_be_deep = check_text(text, path)
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise MalformedPayload(path, "is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise MalformedPayload(path, f"is not JSON: {error.msg} at character {error.pos}") from None
    if may_be_deep:
        check_built(value, path)
    return Node(value, path)
