"""The part of JSONata that filters of orders are written in: paths, comparisons, ``and``, ``or`` and a few functions.

As in JSONata, a path through an array goes through each of its members, what is not there is nothing, a null is
something, and a sequence of one is its only member. What is written in another way is ``UnknownExpression``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt

__all__ = ["Expression", "UnknownExpression", "read_expression"]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"[^"\\]*"|'[^'\\]*')
  | (?P<number>-?\d+(?:\.\d+)?)
  | (?P<function>\$[a-z]+)(?=\s*\()
  | (?P<name>[A-Za-z_]\w*|`[^`]+`)
  | (?P<sign>!=|<=|>=|[=<>().\[\]])
    )""",
    re.VERBOSE | re.ASCII,
)
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_LONGEST = 5000
_DEEPEST = 30

Evaluate = Callable[[object], object]


class UnknownExpression(ValueError):
    """An expression that is no JSONata, or of a part of it that is not known here."""


class _Nothing:
    """What a path that leads nowhere gives."""


_NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was understood."""

    text: str
    _evaluate: Evaluate

    def matches(self, document: object) -> bool:
        """Tell whether a document satisfies it."""
        return _is_true(self._evaluate(document))


def read_expression(text: str) -> Expression:
    """Read an expression; raise ``UnknownExpression`` for one that is not understood."""
    if len(text) > _LONGEST:
        raise UnknownExpression(f"longer than {_LONGEST:,} characters")
    return Expression(text, _Reader(text).whole())


class _Reader:
    """Read by recursive descent: or, and, comparison, operand."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Evaluate:
        evaluate = self._either()
        if self._kind() != "end":
            raise UnknownExpression(f"{self._text()!r} is not expected there")
        return evaluate

    def _kind(self) -> str:
        return self._tokens[self._place][0]

    def _text(self) -> str:
        return self._tokens[self._place][1]

    def _next(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1][1]

    def _takes(self, *texts: str) -> bool:
        taken = self._kind() in {"sign", "name"} and self._text() in texts
        self._place += taken
        return taken

    def _demand(self, sign: str) -> None:
        if not self._takes(sign):
            raise UnknownExpression(f"{sign} is missing before {self._text() or 'the end'!r}")

    def _either(self) -> Evaluate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnknownExpression("nested too deep")
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda value: any(_is_true(part(value)) for part in parts)

    def _both(self) -> Evaluate:
        parts = [self._comparison()]
        while self._takes("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda value: all(_is_true(part(value)) for part in parts)

    def _comparison(self) -> Evaluate:
        left = self._operand()
        sign = self._text()
        if self._kind() not in {"sign", "name"} or sign not in _COMPARISONS:
            return left
        self._next()
        right, compare = self._operand(), _COMPARISONS[sign]
        return lambda value: compare(left(value), right(value))

    def _operand(self) -> Evaluate:
        kind, text = self._kind(), self._text()
        if self._takes("("):
            inner = self._either()
            self._demand(")")
            return inner
        match kind:
            case "text":
                return _constant(self._next()[1:-1])
            case "number":
                return _constant(float(self._next()))
            case "function":
                return self._function()
            case "name" if text in _CONSTANTS:
                return _constant(_CONSTANTS[self._next()])
            case "name":
                return self._path()
            case _:
                raise UnknownExpression(f"{text or 'the end'!r} is not expected there")

    def _function(self) -> Evaluate:
        name = self._next()
        apply = _FUNCTIONS.get(name)
        if apply is None:
            raise UnknownExpression(f"the function {name} is not known here; known are {', '.join(_FUNCTIONS)}")
        self._demand("(")
        argument = self._either()
        self._demand(")")
        return lambda value: apply(argument(value))

    def _path(self) -> Evaluate:
        steps: list[Evaluate] = []
        while True:
            if self._kind() != "name":
                raise UnknownExpression(f"{self._text() or 'the end'!r} is no name")
            steps.append(_step(self._next().strip("`")))
            while self._takes("["):
                steps.append(_where(self._either()))
                self._demand("]")
            if not self._takes("."):
                return _chain(steps)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise UnknownExpression(f"{text[place : place + 20].strip()!r} is not understood")
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()
    yield "end", ""


def _constant(value: object) -> Evaluate:
    return lambda _: value


def _step(name: str) -> Evaluate:
    def step(value: object) -> object:
        found: list[object] = []
        for each in _members(value):
            if isinstance(each, Mapping) and name in each:
                found.extend(_members(each[name]))
        return _sequence(found)

    return step


def _where(condition: Evaluate) -> Evaluate:
    return lambda value: _sequence([each for each in _members(value) if _is_true(condition(each))])


def _chain(steps: list[Evaluate]) -> Evaluate:
    def walk(value: object) -> object:
        for step in steps:
            value = step(value)
        return value

    return walk


def _members(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value is _NOTHING else [value]


def _sequence(found: list[object]) -> object:
    if not found:
        return _NOTHING
    return found[0] if len(found) == 1 else found


def _is_true(value: object) -> bool:
    if isinstance(value, list):
        return any(_is_true(each) for each in value)
    return value is not _NOTHING and bool(value)


def _equals(left: object, right: object) -> bool:
    # True is 1 in Python, and is not in JSON.
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return left is not _NOTHING and right is not _NOTHING and left == right


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[object, object], bool]:
    def ordered(left: object, right: object) -> bool:
        numbers = [each for each in (left, right) if isinstance(each, int | float) and not isinstance(each, bool)]
        return len(numbers) == len((left, right)) and compare(*numbers)

    return ordered


_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "=": _equals,
    "!=": lambda left, right: not _equals(left, right),
    ">": _ordered(gt),
    ">=": _ordered(ge),
    "<": _ordered(lt),
    "<=": _ordered(le),
    "in": lambda left, right: any(_equals(left, each) for each in _members(right)),
}
_FUNCTIONS: Mapping[str, Callable[[object], object]] = {
    "$count": lambda value: len(_members(value)),
    "$exists": lambda value: value is not _NOTHING,
    "$not": lambda value: not _is_true(value),
    "$boolean": _is_true,
}
