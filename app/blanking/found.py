"""What stands in a document: what is somebody's, and what never is."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.model import CarrierEvent, Place
from app.personal import Kind, Path

__all__ = ["BETWEEN", "KINDS", "LONGEST_NUMBER", "STREETS", "WORD", "Found", "Words", "plain"]

KINDS: Final = frozenset({Kind.NAME, Kind.DOCUMENT, Kind.PHONE, Kind.EMAIL, Kind.ADDRESS})
WORD: Final = re.compile(r"[\w\u0300-\u036f]+")
_LOCALITY: Final = re.compile(
    r"city|cidade|ciudad|municip|local|state|estado|\buf$|provinc|region|regiao|country|pais|district|comuna|suburb"
)
_NAMES: Final = re.compile(r"name|nome|nombre|sign|receb|receiv|recib|contact|staff|driver")
STREETS: Final = re.compile(r"rua|r|avenida|av|avda|alameda|travessa|praca|rodovia|estrada|calle|carrera|street|road")
BETWEEN: Final = re.compile(r"d[aeiou]|d[ao]s|del|e|l[ao]s?|y|van|von|.")
"""What stands between the words of a name, initials too."""
_NOBODY: Final = re.compile(
    # Who took a parcel where no name is told: these words are in every other sentence of a carrier.
    r"agente?|ao?|caixa|carteiro|casa|clientes?|conserje|correios?|correspondencia|cuidados?|customer|desk"
    r"|destinatari[oa]|dock|door|encargad[oa]|entregador|espos[oa]|file|filh[oa]|final|front|garage|guard|irmao?|left"
    r"|mae|mailbox|mailroom|met|motorista|neighbou?r|n[ao]o?|not|office|on|outr[oa]s?|pai|parente|porch|portaria"
    r"|porteir[oa]|porter[oa]|predio|propri[oa]|recep\w+|required|release|resident|security|seguranca|sender|signature"
    r"|sindic[oa]|the|titular|vecin[oa]|vizinh[oa]|zelador[a]?"
)
_LONGEST_KEPT: Final = 64
_SHORTEST_WORD: Final = 4
_SHORTEST_NUMBER: Final = 5
LONGEST_NUMBER: Final = 20
_PHONE_DIGITS: Final = 8
_MOST_WORDS: Final = 12
"""Of an address, and of a name: what is longer is cut where its beginning stands."""


@dataclass(slots=True)
class Words:
    """Sequences of words, found by their first word."""

    sequences: set[tuple[str, ...]] = field(default_factory=set)
    lengths: dict[str, set[int]] = field(default_factory=dict)

    def add(self, words: Sequence[str]) -> None:
        """Take in a sequence, which has a word at least."""
        taken = tuple(words[:_MOST_WORDS])
        self.sequences.add(taken)
        self.lengths.setdefault(taken[0], set()).add(len(taken))

    def longest_at(self, words: Sequence[str], start: int) -> int:
        """Return how many words from there on are one of the sequences, 0 when none are."""
        for length in sorted(self.lengths.get(words[start], ()), reverse=True):
            if tuple(words[start : start + length]) in self.sequences:
                return length
        return 0


@dataclass(slots=True)
class Found:
    """What stands in a document: what is somebody's, and what never is."""

    pairs: set[frozenset[str]] = field(default_factory=set)
    """Of words of one name."""
    names: set[frozenset[str]] = field(default_factory=set)
    """All words of each name."""
    lines: Words = field(default_factory=Words)
    numbers: set[str] = field(default_factory=set)
    phones: dict[str, set[str]] = field(default_factory=dict)
    """All digits, by the last ones."""
    places: Words = field(default_factory=Words)
    kept: set[str] = field(default_factory=set)

    @property
    def is_any(self) -> bool:
        """Tell whether anything is somebody's."""
        return bool(self.names or self.lines.sequences or self.numbers or self.phones)

    def add(self, path: Path, value: str, kind: Kind | None, *, is_within: bool) -> None:
        """Take in one value of the document, which may be one of several that are declared together as a name."""
        member = path[-1].lower() if path else ""
        is_place = _is_locality(member) and not any(map(str.isdecimal, value))
        if not (is_place or kind):
            return
        words = [plain(word) for word in WORD.findall(value)]
        if not words:
            return
        if is_place:
            self.places.add(words)
        elif kind is Kind.EMAIL or (kind is not None and "@" in value):
            self.lines.add(words) if len(words) > 1 else None
        elif kind in {Kind.DOCUMENT, Kind.PHONE} or (kind is Kind.ADDRESS and _is_number(words)):
            self._add_number("".join(words), is_phone=kind is Kind.PHONE)
        elif kind is Kind.ADDRESS or (kind is Kind.NAME and any(map(str.isdecimal, words))):
            self._add_address(value, words)
        elif kind is Kind.NAME:
            self._add_name(words, may_be_short=not is_within or _NAMES.search(member) is not None)

    def keep(self, event: CarrierEvent) -> None:
        """Take in what an event is about: that is nobody's."""
        self._keep_place(event.place)
        told = event.references
        for value in (*event.tracking_numbers, told.order_id, told.invoice_number, told.invoice_key, event.code):
            if value:
                self.kept.add("".join(plain(word) for word in WORD.findall(value)))

    def has_number(self, number: str) -> bool:
        """Tell whether a number is somebody's: a telephone's with or without the codes of country and area."""
        if number in self.kept:
            return False
        if number in self.numbers:
            return True
        known = self.phones.get(number[-_PHONE_DIGITS:], ()) if len(number) >= _PHONE_DIGITS else ()
        return any(one.endswith(number) or number.endswith(one) for one in known)

    def _keep_place(self, place: Place) -> None:
        for name in (place.city, place.state):
            if words := [plain(word) for word in WORD.findall(name or "")]:
                self.places.add(words)

    def _add_number(self, number: str, *, is_phone: bool) -> None:
        if not _SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER or sum(map(str.isdecimal, number)) < _SHORTEST_WORD:
            return
        self.numbers.add(number)
        if is_phone and len(number) >= _PHONE_DIGITS:
            self.phones.setdefault(number[-_PHONE_DIGITS:], set()).add(number)

    def _add_address(self, value: str, words: Sequence[str]) -> None:
        """Take an address, and its street alone: the rest of it is often left out."""
        if len(words) > 1:
            self.lines.add(words)
        street = [plain(word) for word in WORD.findall(re.split(r"[\d,;\n]", value, maxsplit=1)[0])]
        if len(street) > 1 and STREETS.fullmatch(street[0]):
            self.lines.add(street)

    def _add_name(self, words: Sequence[str], *, may_be_short: bool) -> None:
        telling = _telling(words)[:_MOST_WORDS]
        if not telling or all(map(_NOBODY.fullmatch, telling)):
            return
        if len(telling) > 1:
            self.names.add(frozenset(telling))
            self.pairs.update(frozenset({one, other}) for one in telling for other in telling if one != other)
        elif may_be_short and telling[0].isalpha() and len(telling[0]) >= _SHORTEST_WORD:
            self.names.add(frozenset(telling))


@lru_cache(maxsize=1024)
def _known_locality(member: str) -> bool:
    return _LOCALITY.search(member) is not None


def _is_locality(member: str) -> bool:
    """Tell whether a member is called like a place; long names, which are the sender's to choose, are not kept."""
    return _known_locality(member) if len(member) <= _LONGEST_KEPT else _LOCALITY.search(member) is not None


def _telling(words: Iterable[str]) -> list[str]:
    return [word for word in words if not BETWEEN.fullmatch(word)]


def _is_number(words: Iterable[str]) -> bool:
    text = "".join(words)
    digits = sum(map(str.isdecimal, text))
    return digits >= _SHORTEST_NUMBER and digits >= len(text) - 3


def plain(word: str) -> str:
    """Return a word without case and accents."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(character for character in folded if not unicodedata.combining(character))
