"""Where in a carrier's words something stands that is somebody's."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.blanking.found import BETWEEN, LONGEST_NUMBER, STREETS, WORD, Found, plain
from app.payload import Text
from app.personal import BLANK

__all__ = ["blanked"]

_JOINS: Final = re.compile(r"[\s.\-/()+]{0,3}")
"""What stands between the parts of one number."""
_HOUSE: Final = re.compile(r"[\s,]*(?:n[º°o.]{0,2}\s*)?\d{1,6}\b", re.IGNORECASE)
_STATE: Final = re.compile(r"\s*[-/]\s*(?:A[CLMP]|BA|CE|DF|ES|GO|M[AGST]|P[ABEIR]|R[JNORS]|S[CEP]|TO)\b")
_MOST_PARTS: Final = 7
_MOST_BETWEEN: Final = 3

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Read:
    """A carrier's words, taken apart; ``in_places`` are the indexes of those that name a place."""

    spelt: str
    words: Sequence[str]
    spans: Sequence[Span]
    in_places: set[int]


def blanked(text: str, found: Found) -> str:
    """Return a carrier's words with a blank wherever they say what is somebody's."""
    spelt = unicodedata.normalize("NFC", text)
    spans = [word.span() for word in WORD.finditer(spelt)]
    words = [plain(spelt[start:end]) for start, end in spans]
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


def _lines(read: _Read, found: Found) -> Iterator[Span]:
    words, spans = read.words, read.spans
    for at in range(len(words)):
        length = found.lines.longest_at(words, at)
        if length and not read.in_places.issuperset(range(at, at + length)):
            end = spans[at + length - 1][1]
            house = _HOUSE.match(read.spelt, end) if STREETS.fullmatch(words[at]) else None
            yield spans[at][0], house.end() if house else end


def _numbers(read: _Read, found: Found) -> Iterator[Span]:
    words, spans = read.words, read.spans
    for at in range(len(words)):
        number, longest = "", 0
        for end in range(at, min(len(words), at + _MOST_PARTS)):
            if end > at and not _JOINS.fullmatch(read.spelt, spans[end - 1][1], spans[end][0]):
                break
            number += words[end]
            if len(number) > LONGEST_NUMBER:
                break
            if found.has_number(number):
                longest = end + 1
        if longest:
            yield spans[at][0], spans[longest - 1][1]


def _names(read: _Read, found: Found) -> Iterator[Span]:
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
            if BETWEEN.fullmatch(words[after]):
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


def _in_places(words: Sequence[str], found: Found) -> set[int]:
    inside: set[int] = set()
    for at in range(len(words)):
        inside.update(range(at, at + found.places.longest_at(words, at)))
    return inside
