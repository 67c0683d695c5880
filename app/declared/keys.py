"""Take a table of the configuration apart, and collect everything that is wrong with it."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias, TypeVar

from app.declared.expressions import Expression, InvalidExpression

__all__ = ["JSON", "Keys", "or_nearest"]

JSON: TypeAlias = Mapping[str, "JSON"] | Sequence["JSON"] | str | int | float | bool | None
"""What a configuration holds."""

Choice = TypeVar("Choice")

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def or_nearest(given: str, known: Collection[str]) -> str:
    """Say which of the known words was probably meant, or which there are."""
    nearest = get_close_matches(given, known, n=1, cutoff=0.5)
    return f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(sorted(known))}"


class Keys:
    """A table whose keys are asked for one by one; what was not asked for is unknown.

    Whatever is asked for and wrong is reported, and answered with a value that lets the asking go on.
    """

    def __init__(self, table: Mapping[str, JSON] | None, path: str, problems: list[str]) -> None:
        """Read a table that stands at ``path``, None where there is none; ``problems`` gets one sentence each."""
        self.path = path
        self.is_given = table is not None
        self._table = table or {}
        self._problems = problems
        self._asked: list[str] = []
        self._inner: list[Keys] = []

    def lacks(self, key: str) -> bool:
        """Tell whether a key is missing or holds nothing."""
        return not self._table.get(key)

    def report(self, key: str, problem: str) -> None:
        """Add a problem with a key."""
        self._problems.append(f"{self._at(key)}: {problem}")

    def finish(self) -> None:
        """Report every key that nobody asked for, here and in the tables within."""
        for key in self._table:
            if key not in self._asked:
                self.report(key, f"is no key of a declared carrier; {or_nearest(key, self._asked)}")
        for inner in self._inner:
            inner.finish()

    def text(self, key: str, default: str | None = None, *, required: bool = False) -> str | None:
        """Take a text."""
        value = self._take(key, required=required)
        if value is None:
            return default
        if isinstance(value, str) and value.strip():
            return value
        self.report(key, "must be a text")
        return default

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Take true or false."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self.report(key, "must be true or false")
        return value if isinstance(value, bool) else default

    def status(self, key: str) -> int | None:
        """Take an HTTP status."""
        value = self._take(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 200 <= value < 600):  # noqa: PLR2004 - the statuses of HTTP
            return value
        self.report(key, "must be an HTTP status, such as 200")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Take one text or a list of texts."""
        return tuple(text for text, _ in self._each_text(key))

    def choice(self, key: str, choices: Mapping[str, Choice], default: Choice, *, required: bool = False) -> Choice:
        """Take one of the names of ``choices`` for what it stands for."""
        name = self.text(key, required=required)
        if name is None or name in choices:
            return default if name is None else choices[name]
        self.report(key, f"{name!r} is not possible; {or_nearest(name, choices)}")
        return default

    def choices(self, key: str, choices: Mapping[str, Choice]) -> dict[str, Choice]:
        """Take a table from texts to names of ``choices``, for what these stand for."""
        words = self.words(key)
        inner = Keys(None, self._at(key), self._problems)
        for name, word in words.items():
            if word not in choices:
                inner.report(name, f"{word!r} is not possible; {or_nearest(word.upper(), choices)}")
        return {name: choices[word] for name, word in words.items() if word in choices}

    def words(self, key: str) -> dict[str, str]:
        """Take a table of texts."""
        value = self._take(key)
        if value is None:
            return {}
        if isinstance(value, Mapping) and all(isinstance(word, str) and word for word in value.values()):
            return {name: str(word) for name, word in value.items()}
        self.report(key, "must be a table of texts")
        return {}

    def expression(self, key: str, *, required: bool = False) -> Expression | None:
        """Take a JMESPath expression."""
        text = self.text(key, required=required)
        return self._checked(key, text) if text is not None else None

    def expressions(self, key: str, *, required: bool = False) -> tuple[Expression, ...]:
        """Take one JMESPath expression or a list of them."""
        if required and key not in self._table:
            self._take(key, required=True)
            return ()
        found = (self._checked(name, text) for text, name in self._each_text(key))
        return tuple(expression for expression in found if expression is not None)

    def table(self, key: str, *, required: bool = False) -> "Keys":
        """Take a table within this one; an empty one where there is none."""
        value = self._take(key, required=required)
        if value is not None and not isinstance(value, Mapping):
            self.report(key, "must be a table")
        return self._within(key, value)

    def tables(self, key: str) -> list["Keys"]:
        """Take one table or a list of tables."""
        value = self._take(key)
        if isinstance(value, Mapping):
            return [self._within(key, value)]
        if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(t, Mapping) for t in value):
            return [self._within(f"{key}[{number}]", table) for number, table in enumerate(value)]
        if value is not None:
            self.report(key, "must be a table or a list of tables")
        return []

    def _take(self, key: str, *, required: bool = False) -> JSON:
        self._asked.append(key)
        if required and self.is_given and self._table.get(key) is None:
            self.report(key, "is missing")
        return self._table.get(key)

    def _each_text(self, key: str) -> list[tuple[str, str]]:
        """Take one text or several, each with what to call it in a problem."""
        value = self._take(key)
        if isinstance(value, str) and value.strip():
            return [(value, key)]
        if isinstance(value, Sequence) and not isinstance(value, str) and all(t and isinstance(t, str) for t in value):
            return [(str(text), f"{key}[{number}]") for number, text in enumerate(value)]
        if value is not None:
            self.report(key, "must be a text or a list of texts")
        return []

    def _checked(self, key: str, text: str) -> Expression | None:
        try:
            return Expression(text)
        except InvalidExpression as problem:
            self.report(key, str(problem))
            return None

    def _within(self, key: str, value: JSON) -> "Keys":
        inner = Keys(value if isinstance(value, Mapping) else None, self._at(key), self._problems)
        self._inner.append(inner)
        return inner

    def _at(self, key: str) -> str:
        """Write a key's path as TOML does."""
        name, bracket, number = key.partition("[")
        is_item = bracket and number.endswith("]") and number[:-1].isdecimal()
        bare, rest = (name, bracket + number) if is_item else (key, "")
        return f"{self.path}.{bare if _BARE_KEY.fullmatch(bare) else json.dumps(bare, ensure_ascii=False)}{rest}"
