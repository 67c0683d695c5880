"""Reading the JSON object of a request field by field, with every problem collected."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from app.sandbox.timestamps import read_sent_date

__all__ = ["Fields", "Problems"]

Problems = dict[str, list[str]]
"""What is wrong, by place (``events[0].date``); empty when nothing is."""

_Kind = TypeVar("_Kind", bool, str, list[object])
_KINDS: Mapping[type, str] = {bool: "a boolean", str: "a string", list: "an array"}


class Fields:
    """One JSON object of a request.

    When strict, a field that is read must be there, and null only where the reading allows it.
    Otherwise it may be absent or null, but never of another type: that is how far clients in
    production get.
    """

    def __init__(self, value: object, *, strict: bool, place: str = "", problems: Problems | None = None) -> None:
        """Wrap a decoded value; anything but an object is a problem, and has no fields."""
        self.strict = strict
        self.problems = {} if problems is None else problems
        self._place = place
        self.values: dict[str, object] = {}
        if isinstance(value, dict):
            self.values = value
        else:
            self.problems.setdefault(place or "$", []).append("must be an object")

    @property
    def optional(self) -> "Fields":
        """Read the same object with every field optional; problems are shared."""
        return Fields(self.values, strict=False, place=self._place, problems=self.problems)

    def __contains__(self, name: str) -> bool:
        """Tell whether the field is there, be it null."""
        return name in self.values

    def flag(self, name: str) -> bool:
        """Read a boolean; false when it may be absent and is."""
        return bool(self._value(name, bool))

    def text(self, name: str, *, nullable: bool = False) -> str | None:
        """Read a string."""
        return self._value(name, str, nullable=nullable)

    def date(self, name: str, *, nullable: bool = False) -> datetime | None:
        """Read a date in any of the formats that VTEX is known to take."""
        text = self.text(name, nullable=nullable)
        if text is None:
            return None
        try:
            return read_sent_date(text)
        except ValueError as error:
            self.complain(name, str(error))
            return None

    def whole_number(self, name: str) -> int:
        """Read a number; amounts are documented as strings and sent as either."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        text = self.text(name)
        if text is None:
            return 0
        if text.isascii() and text.isdecimal():
            return int(text)
        self.complain(name, "must be a whole number")
        return 0

    def objects(self, name: str) -> list["Fields"]:
        """Read an array of objects."""
        values = self._value(name, list) or []
        places = (f"{self._at(name)}[{index}]" for index in range(len(values)))
        return [
            Fields(value, strict=self.strict, place=place, problems=self.problems)
            for value, place in zip(values, places, strict=True)
        ]

    def complain(self, name: str, message: str) -> None:
        """Add a problem with a field."""
        self.problems.setdefault(self._at(name), []).append(message)

    def _value(self, name: str, kind: type[_Kind], *, nullable: bool = False) -> _Kind | None:
        value = self.values.get(name)
        if isinstance(value, kind):
            return value
        if value is None and not self.strict:
            return None
        if name not in self.values:
            self.complain(name, "is missing")
        elif value is not None or not nullable:
            self.complain(name, f"must be {_KINDS[kind]}")
        return None

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name
