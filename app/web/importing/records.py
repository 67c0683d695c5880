"""From bytes as they arrive to records with their line numbers; nothing is held longer than one record."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.errors import MalformedPayload
from app.payload import json_document

__all__ = ["BadRecord", "CsvRecords", "JsonRecords", "Lines", "Record"]

MAX_LINE_BYTES: Final = 65_536
_MAX_RECORD_LINES: Final = 50
_DELIMITERS: Final = ";,\t"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_SAVE: Final = "save the file as UTF-8 (in Excel: CSV UTF-8) and import it again"


class BadRecord(Exception):
    """A record that cannot be taken: where, what is wrong, and what to do."""

    def __init__(self, line: int, field: str, problem: str, advice: str) -> None:
        """Name the line on which the record begins, and the field; an empty field means the whole record."""
        super().__init__(f"line {line}: {field}: {problem}; {advice}")
        self.line = line
        self.field = field
        self.problem = problem
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: the line on which it begins, and its values by name."""

    line: int
    values: Mapping[str, Any]


@dataclass(slots=True)
class Lines:
    """Cut a stream into lines of text, counted from 1; a line that is too long or no UTF-8 is a bad record."""

    _rest: bytearray = field(default_factory=bytearray)
    _number: int = 0
    _too_long: bool = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, str] | BadRecord]:
        """Take some bytes, and yield the lines that are complete."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._hold(piece)
            yield self._line()
        self._hold(rest)

    def finish(self) -> Iterator[tuple[int, str] | BadRecord]:
        """Yield what stands after the last newline."""
        if self._rest or self._too_long:
            yield self._line()

    def _hold(self, piece: bytes) -> None:
        if self._too_long or len(self._rest) + len(piece) > MAX_LINE_BYTES:
            self._too_long = True
            self._rest.clear()
        else:
            self._rest += piece

    def _line(self) -> tuple[int, str] | BadRecord:
        line, too_long = bytes(self._rest), self._too_long
        self._rest.clear()
        self._too_long = False
        self._number += 1
        if too_long:
            return BadRecord(self._number, "", f"the line is longer than {MAX_LINE_BYTES} bytes", "split or shorten it")
        if self._number == 1:
            if line.startswith(_UTF16):
                return BadRecord(1, "", "the file is UTF-16", _SAVE)
            line = line.removeprefix(_UTF8_MARK)
        try:
            return self._number, line.decode().removesuffix("\r")
        except UnicodeDecodeError as error:
            return BadRecord(self._number, "", f"the line is not UTF-8 at its byte {error.start + 1}", _SAVE)


@dataclass(slots=True)
class JsonRecords:
    """Read NDJSON: one object a line."""

    def feed(self, number: int, line: str) -> Iterator[Record | BadRecord]:
        """Read one line; an empty one is none."""
        if not line.strip():
            return
        try:
            value = json_document(line).plain()
        except MalformedPayload as error:
            yield BadRecord(number, "", f"the line {error.problem}", "write one JSON object on each line")
            return
        if isinstance(value, dict):
            yield Record(line=number, values=value)
        else:
            yield BadRecord(number, "", "the line is JSON, but no object", 'write {"order_id": "…", …} on each line')

    def finish(self) -> Iterator[Record | BadRecord]:
        """Yield nothing: a line is a record."""
        yield from ()


@dataclass(slots=True)
class CsvRecords:
    """Read CSV whose first line names the columns, separated by semicolons, commas or tabs, whichever it uses."""

    names: tuple[str, ...] = ()
    _delimiter: str = ","
    _held: list[tuple[int, str]] = field(default_factory=list)

    def head(self, line: str) -> Sequence[str]:
        """Read the first line; return the columns' names as they are written."""
        self._delimiter = max(_DELIMITERS, key=line.count)
        return next(csv.reader([line], delimiter=self._delimiter), [])

    def feed(self, number: int, line: str) -> Iterator[Record | BadRecord]:
        """Take one line; a record that it leaves open goes on in the next."""
        self._held.append((number, line))
        if not _is_open(self._held):
            yield from self._read()
        elif len(self._held) > _MAX_RECORD_LINES or sum(len(text) for _, text in self._held) > MAX_LINE_BYTES:
            yield from self._give_up()

    def finish(self) -> Iterator[Record | BadRecord]:
        """Read what is still held."""
        while self._held:
            yield from self._give_up()

    def _give_up(self) -> Iterator[Record | BadRecord]:
        """Call the first held line bad, and read the others again without it."""
        (number, _), *others = self._held
        self._held = []
        what = f"a quotation mark is opened and not closed within {_MAX_RECORD_LINES} lines"
        yield BadRecord(number, "", what, 'close it; inside a quoted value write "" for one')
        for each in others:
            self._held.append(each)
            if not _is_open(self._held):
                yield from self._read()

    def _read(self) -> Iterator[Record | BadRecord]:
        first = self._held[0][0]
        reader = csv.reader([text + "\n" for _, text in self._held], delimiter=self._delimiter)
        self._held = []
        begins = 0
        try:
            for cells in reader:
                yield from self._record(first + begins, cells)
                begins = reader.line_num
        except csv.Error as error:
            yield BadRecord(first + begins, "", f"the line is not CSV: {error}", "write the row again")

    def _record(self, line: int, cells: Sequence[str]) -> Iterator[Record | BadRecord]:
        values = [cell.strip() for cell in cells]
        if not any(values):
            return
        if len(values) != len(self.names):
            what = f"it has {len(values)} values where the first line names {len(self.names)} columns"
            yield BadRecord(line, "", what, f"put values that hold {self._delimiter!r} in quotation marks")
            return
        yield Record(line=line, values=dict(zip(self.names, values, strict=True)))


def _is_open(lines: Sequence[tuple[int, str]]) -> bool:
    """Tell whether a quoted value goes on after these lines: inside quotes a quotation mark is written twice."""
    return sum(text.count('"') for _, text in lines) % 2 == 1
