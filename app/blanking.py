"""Take out of a carrier's words what its own document says is somebody's.

A name that is declared in one field and repeated in a sentence is no less the receiver's there. Names are found without
case and accents, in any order and by any two of their words; documents and telephone numbers however they are
punctuated; addresses and e-mail addresses word for word. What an event's place, numbers and codes say is never taken
for somebody's: a city may be called like a person.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.model import CarrierEvent, Place, Webhook
from app.payload import Members, Text, Value, leaves, outline, query_members
from app.personal import BLANK, Kind, Path, PersonalData

__all__ = ["without_repeated"]

_KINDS: Final = frozenset({Kind.NAME, Kind.DOCUMENT, Kind.PHONE, Kind.EMAIL, Kind.ADDRESS})
_WORD: Final = re.compile(r"[\w\u0300-\u036f]+")
_JOINS: Final = re.compile(r"[\s.\-/()+]{0,3}")
"""What stands between the parts of one number."""
_HOUSE: Final = re.compile(r"[\s,]*(?:n[º°o.]{0,2}\s*)?\d{1,6}\b", re.IGNORECASE)
_STATE: Final = re.compile(r"\s*[-/]\s*(?:A[CLMP]|BA|CE|DF|ES|GO|M[AGST]|P[ABEIR]|R[JNORS]|S[CEP]|TO)\b")
_LOCALITY: Final = re.compile(
    r"city|cidade|ciudad|municip|local|state|estado|\buf$|provinc|region|regiao|country|pais|district|comuna|suburb"
)
_NAMES: Final = re.compile(r"name|nome|nombre|sign|receb|receiv|recib|contact|staff|driver")
_STREETS: Final = re.compile(r"rua|r|avenida|av|avda|alameda|travessa|praca|rodovia|estrada|calle|carrera|street|road")
_BETWEEN: Final = re.compile(r"d[aeiou]|d[ao]s|del|e|l[ao]s?|y|van|von|.")
"""What stands between the words of a name, initials too."""
_NOBODY: Final = re.compile(
    # Who took a parcel where no name is told: these words are in every other sentence of a carrier.
    r"agente?|ao?|caixa|carteiro|casa|clientes?|conserje|correios?|correspondencia|cuidados?|customer|desk"
    r"|destinatari[oa]|dock|door|encargad[oa]|entregador|espos[oa]|file|filh[oa]|final|front|garage|guard|irmao?|left"
    r"|mae|mailbox|mailroom|met|motorista|neighbou?r|n[ao]o?|not|office|on|outr[oa]s?|pai|parente|porch|portaria"
    r"|porteir[oa]|porter[oa]|predio|propri[oa]|recep\w+|required|release|resident|security|seguranca|sender|signature"
    r"|sindic[oa]|the|titular|vecin[oa]|vizinh[oa]|zelador[a]?"
)
_SHORTEST_WORD: Final = 4
_SHORTEST_NUMBER: Final = 5
_LONGEST_NUMBER: Final = 20
_PHONE_DIGITS: Final = 8
_MOST_PARTS: Final = 7
_MOST_BETWEEN: Final = 3
_MOST_WORDS: Final = 12
"""Of an address, and of a name: what is longer is cut where its beginning stands."""


def without_repeated(
    personal: PersonalData | None, webhook: Webhook, events: Sequence[CarrierEvent]
) -> Sequence[CarrierEvent]:
    """Return the events of a webhook, their words without what the webhook declares as somebody's."""
    if personal is None or not any(event.description for event in events):
        return events
    if not any(what.kind in _KINDS for _, what in personal.declared()):
        return events
    found = _Found()
    for path, value, kind in _values(personal, webhook):
        above = personal.at(path[:-1]) if kind is Kind.NAME else None
        found.add(path, value, kind, is_within=above is not None and above.kind is Kind.NAME)
    if not found.is_any:
        return events
    for event in events:
        found.keep(event)
    return [
        replace(event, description=_blanked(event.description, found)) if event.description else event
        for event in events
    ]


def _values(personal: PersonalData, webhook: Webhook) -> Iterator[tuple[Path, str, Kind | None]]:
    """List the texts of a webhook, each with the kind that is declared of it, if any is that matters here."""
    kinds: dict[Path, Kind | None] = {}
    for path, value in _leaves(webhook):
        if not isinstance(value, str) or not value:
            continue
        if path not in kinds:
            what = personal.at(path)
            kinds[path] = what.kind if what and what.kind in _KINDS else None
        yield path, value, kinds[path]
    columns = [(place, what) for place, what in personal.in_columns() if what and what.kind in _KINDS]
    if not columns or (found := outline(webhook)) is None or not isinstance(found.value, list):
        return
    for line in found.value:
        for place, what in columns:
            if isinstance(line, str) and line.startswith(place.record) and what:
                yield (place.record,), line[place.start : place.end].strip(), what.kind


def _leaves(webhook: Webhook) -> Iterator[tuple[Path, Value]]:
    found = outline(webhook)
    if found is not None and found.form != "records":
        yield from leaves(found.value)
    if webhook.query:
        try:
            query = query_members(webhook.query)
        except ValueError:
            return
        yield from leaves(Members(tuple((f"?{name}", value) for name, value in query.pairs)))


@dataclass(slots=True)
class _Words:
    """Sequences of words, found by their first word."""

    sequences: set[tuple[str, ...]] = field(default_factory=set)
    lengths: dict[str, set[int]] = field(default_factory=dict)

    def add(self, words: Sequence[str]) -> None:
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
class _Found:
    """What stands in a document: what is somebody's, and what never is."""

    pairs: set[frozenset[str]] = field(default_factory=set)
    """Of words of one name."""
    names: set[frozenset[str]] = field(default_factory=set)
    """All words of each name."""
    lines: _Words = field(default_factory=_Words)
    numbers: set[str] = field(default_factory=set)
    phones: dict[str, set[str]] = field(default_factory=dict)
    """All digits, by the last ones."""
    places: _Words = field(default_factory=_Words)
    kept: set[str] = field(default_factory=set)

    @property
    def is_any(self) -> bool:
        """Tell whether anything is somebody's."""
        return bool(self.names or self.lines.sequences or self.numbers or self.phones)

    def add(self, path: Path, value: str, kind: Kind | None, *, is_within: bool) -> None:
        """Take in one value of the document, which may be one of several that are declared together as a name."""
        member = path[-1].lower() if path else ""
        is_place = _LOCALITY.search(member) is not None and not any(map(str.isdecimal, value))
        words = [_plain(word) for word in _WORD.findall(value)] if is_place or kind else []
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
                self.kept.add("".join(_plain(word) for word in _WORD.findall(value)))

    def _keep_place(self, place: Place) -> None:
        for name in (place.city, place.state):
            if words := [_plain(word) for word in _WORD.findall(name or "")]:
                self.places.add(words)

    def _add_number(self, number: str, *, is_phone: bool) -> None:
        if not _SHORTEST_NUMBER <= len(number) <= _LONGEST_NUMBER or sum(map(str.isdecimal, number)) < _SHORTEST_WORD:
            return
        self.numbers.add(number)
        if is_phone and len(number) >= _PHONE_DIGITS:
            self.phones.setdefault(number[-_PHONE_DIGITS:], set()).add(number)

    def _add_address(self, value: str, words: Sequence[str]) -> None:
        """Take an address, and its street alone: the rest of it is often left out."""
        if len(words) > 1:
            self.lines.add(words)
        street = [_plain(word) for word in _WORD.findall(re.split(r"[\d,;\n]", value, maxsplit=1)[0])]
        if len(street) > 1 and _STREETS.fullmatch(street[0]):
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


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Read:
    """A carrier's words, taken apart; ``in_places`` are the indexes of those that name a place."""

    spelt: str
    words: Sequence[str]
    spans: Sequence[Span]
    in_places: set[int]


def _blanked(text: str, found: _Found) -> str:
    spelt = unicodedata.normalize("NFC", text)
    spans = [word.span() for word in _WORD.finditer(spelt)]
    words = [_plain(spelt[start:end]) for start, end in spans]
    read = _Read(spelt, words, spans, _in_places(words, found))
    cuts = sorted([*_lines(read, found), *_numbers(read, found), *_names(read, found)])
    if not cuts:
        return text
    parts: list[str] = []
    at = 0
    for start, end in cuts:
        if start >= at:
            between = spelt[at:start]
            # One blank for all that stands together.
            parts += [between] if parts and not between.strip(" ,") else [between, BLANK]
        at = max(at, end)
    cut = re.sub(rf"{re.escape(BLANK)}[ ,]+$", BLANK, "".join(parts)) + spelt[at:]
    return Text(cut, text.path) if isinstance(text, Text) else cut


def _lines(read: _Read, found: _Found) -> Iterator[Span]:
    words, spans = read.words, read.spans
    for at in range(len(words)):
        length = found.lines.longest_at(words, at)
        if length and not read.in_places.issuperset(range(at, at + length)):
            end = spans[at + length - 1][1]
            house = _HOUSE.match(read.spelt, end) if _STREETS.fullmatch(words[at]) else None
            yield spans[at][0], house.end() if house else end


def _numbers(read: _Read, found: _Found) -> Iterator[Span]:
    words, spans = read.words, read.spans
    for at in range(len(words)):
        number, longest = "", 0
        for end in range(at, min(len(words), at + _MOST_PARTS)):
            if end > at and not _JOINS.fullmatch(read.spelt, spans[end - 1][1], spans[end][0]):
                break
            number += words[end]
            if len(number) > _LONGEST_NUMBER:
                break
            if number not in found.kept and _is_somebodys(number, found):
                longest = end + 1
        if longest:
            yield spans[at][0], spans[longest - 1][1]


def _is_somebodys(number: str, found: _Found) -> bool:
    if number in found.numbers:
        return True
    # With or without the codes of country and area.
    known = found.phones.get(number[-_PHONE_DIGITS:], ()) if len(number) >= _PHONE_DIGITS else ()
    return any(one.endswith(number) or number.endswith(one) for one in known)


def _names(read: _Read, found: _Found) -> Iterator[Span]:
    words, spans = read.words, read.spans
    at = 0
    while at < len(words):
        run = [at]
        for after in range(at + 1, len(words)):
            if after - run[-1] > _MOST_BETWEEN:
                break
            between = read.spelt[spans[after - 1][1] : spans[after][0]]
            if between.strip(" .,'\u2019-\t"):
                break
            if _BETWEEN.fullmatch(words[after]):
                continue
            if frozenset({words[run[-1]], words[after]}) not in found.pairs:
                break
            run.append(after)
        name = frozenset(words[index] for index in run)
        is_whole = name in found.names
        if (len(run) > 1 or is_whole) and not read.in_places.issuperset(run):
            start, end = spans[run[0]][0], spans[run[-1]][1]
            # João Pessoa is a city, whatever else the receiver is called.
            if (is_whole and len(run) > 1) or not _STATE.match(read.spelt, end):
                yield start, end
        at = run[-1] + 1


def _in_places(words: Sequence[str], found: _Found) -> set[int]:
    inside: set[int] = set()
    for at in range(len(words)):
        inside.update(range(at, at + found.places.longest_at(words, at)))
    return inside


def _telling(words: Iterable[str]) -> list[str]:
    return [word for word in words if not _BETWEEN.fullmatch(word)]


def _is_number(words: Iterable[str]) -> bool:
    text = "".join(words)
    digits = sum(map(str.isdecimal, text))
    return digits >= _SHORTEST_NUMBER and digits >= len(text) - 3


def _plain(word: str) -> str:
    """Return a word without case and accents."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(character for character in folded if not unicodedata.combining(character))
