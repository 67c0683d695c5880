"""What personal data a carrier sends: where in its documents, of what kind, and whose.

A path names members from the document's root, with full stops between them: ``data.recipient.name``. Lists are passed
through, and so is JSON that was sent as a text, plain or in base64; a path covers everything beneath it. ``*`` is any
one member; a path that begins with ``**.`` may begin anywhere. XML elements are members, attributes have ``@`` before
their names; fields of a form are members too. ``?name`` is a parameter of the address, ``342[44:114]`` the columns,
from 0, of records that begin with 342.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

__all__ = ["BLANK", "Declared", "Kind", "Path", "Paths", "PersonalData", "Subject", "path_of"]

Path = tuple[str, ...]
"""Names from the root of a document down to a value."""

Paths = Mapping["Kind", tuple[str, ...]]

BLANK: Final = "***"
"""What stands in the place of what was taken out of a carrier's words."""
_ANYWHERE: Final = "**"
_MOST_KNOWN: Final = 500
_LONGEST_KNOWN: Final = 200
_COLUMNS: Final = re.compile(r"(\w+)\[(\d+):(\d+)\]")
_LINE: Final = re.compile(r"line \d+, columns (\d+)-(\d+)")
_INDEX: Final = re.compile(r"\[\d+\]")


class Kind(StrEnum):
    """What personal data says of somebody."""

    NAME = "name"
    DOCUMENT = "document"
    PHONE = "phone"
    EMAIL = "e-mail"
    ADDRESS = "address"
    GEOLOCATION = "geolocation"
    SIGNATURE = "signature"
    PHOTO = "photo"
    PROOF = "proof link"
    LABEL = "label link"
    TRACKING_PAGE = "tracking page"
    IDENTIFIER = "identifier"
    VEHICLE = "vehicle"
    FREE_TEXT = "free text"


class Subject(StrEnum):
    """Whom personal data is about."""

    RECEIVER = "receiver"
    SENDER = "sender"
    COURIER = "courier"


class Declared(NamedTuple):
    """What stands at a path."""

    kind: Kind
    subject: Subject


class Columns(NamedTuple):
    """Columns of records: how these begin, and from where to where, counted from 0."""

    record: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """The personal data that a carrier sends. What is not named here and stands in none of its examples is masked too.

    Args:
        receiver: Of whoever gets the parcel, signs for it or is asked for it, by kind.
        sender: Of whoever sent it.
        courier: Of whoever carries it.
        plain: Paths that look personal, or lie beneath a path that is, and are not: each with the reason.
        documented: Those of the paths that the carrier's page names and no example shows.
        secrets: Paths of credentials: no persons' data, and nobody's to read either.

    """

    receiver: Paths = field(default_factory=dict)
    sender: Paths = field(default_factory=dict)
    courier: Paths = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    documented: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()

    def declared(self) -> Iterator[tuple[str, Declared]]:
        """List every path with what stands there."""
        for subject, paths in self._by_subject():
            for kind, places in paths.items():
                for place in places:
                    yield place, Declared(Kind(kind), subject)

    def at(self, path: Path) -> Declared | None:
        """Return what stands at a path, None for what is not declared."""
        if path in self._known:
            return self._known[path]
        is_plain = any(_covers(pattern, path) for pattern in self._plain)
        what = None if is_plain else next((what for pattern, what in self._patterns if _covers(pattern, path)), None)
        # Names are the sender's to choose: what it makes up is not kept.
        if len(self._known) < _MOST_KNOWN and sum(map(len, path)) < _LONGEST_KNOWN:
            self._known[path] = what
        return what

    def is_plain(self, path: Path) -> bool:
        """Tell whether a path is said to be nobody's data."""
        return any(_covers(pattern, path) for pattern in self._plain)

    def is_secret(self, path: Path) -> bool:
        """Tell whether a credential stands at a path."""
        return any(_covers(pattern, path) for pattern in self._secrets)

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """Name every kind that stands somewhere."""
        return frozenset(what.kind for _, what in self.declared())

    @cached_property
    def columns(self) -> tuple[tuple[Columns, Declared | None], ...]:
        """List the columns of records, those that are nobody's data with None."""
        found = [*self.declared(), *((path, None) for path in self.plain)]
        parsed = [(_COLUMNS.fullmatch(path), what) for path, what in found]
        return tuple((Columns(m[1], int(m[2]), int(m[3])), what) for m, what in parsed if m)

    def read_from(self, place: str) -> Declared | None:
        """Return what stands where the reading of a document says that it took a value: ``$.events[0].comment``.

        The expressions of a declared carrier start at an event; there the last name decides.
        """
        if line := _LINE.fullmatch(place):
            start, end = int(line[1]) - 1, int(line[2])
            inside = (what for (_, first, last), what in self.columns if what and start < last and first < end)
            return next(inside, None)
        path = path_of(place)
        if place.startswith("$"):
            return self.at(path)
        return next((what for pattern, what in self._patterns if path and pattern[-1] == path[-1]), None)

    def _by_subject(self) -> tuple[tuple[Subject, Paths], ...]:
        return ((Subject.RECEIVER, self.receiver), (Subject.SENDER, self.sender), (Subject.COURIER, self.courier))

    @cached_property
    def _known(self) -> dict[Path, Declared | None]:
        return {}

    @cached_property
    def _patterns(self) -> tuple[tuple[Path, Declared], ...]:
        return tuple((path_of(path), what) for path, what in self.declared())

    @cached_property
    def _plain(self) -> tuple[Path, ...]:
        return tuple(map(path_of, self.plain))

    @cached_property
    def _secrets(self) -> tuple[Path, ...]:
        return tuple(map(path_of, self.secrets))


def path_of(text: str) -> Path:
    """Take a path apart, written as a declaration or as a reading writes it."""
    if _COLUMNS.fullmatch(text):
        return (text,)
    return tuple(filter(None, _INDEX.sub("", text.removeprefix("$")).split(".")))


def _covers(pattern: Path, path: Path) -> bool:
    """Tell whether a path is that of a pattern or lies beneath it."""
    if pattern[:1] == (_ANYWHERE,):
        rest = pattern[1:]
        return any(_begins(path[start:], rest) for start in range(len(path)))
    return _begins(path, pattern)


def _begins(path: Path, pattern: Path) -> bool:
    return len(path) >= len(pattern) and all(wanted in {"*", name} for name, wanted in zip(path, pattern, strict=False))
