"""What documents hold: texts that know their place, numbers as they were written, and nothing."""

from typing import Any, Final, Self


class Text(str):
    """A text taken from a document; ``path`` says from where."""

    __slots__ = ("path",)
    path: str

    def __new__(cls, value: str, path: str) -> Self:
        """Remember where ``value`` stood."""
        text = super().__new__(cls, value)
        text.path = path
        return text

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # str takes one argument
        """Let copies and pickles keep the path."""
        return str(self), self.path


class Number(str):
    """A JSON number, kept as its sender wrote it: references keep their digits, fingerprints their bytes."""

    __slots__ = ()


_TYPE_NAMES: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    Number: "a number",
    bool: "true or false",
    type(None): "null",
}


class Absent:
    """Stand for a value that the document does not have."""


ABSENT: Final = Absent()


def kind(value: object) -> str:
    """Say what a value is, for messages."""
    return _TYPE_NAMES.get(type(value), "nothing")


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a document's value as plain data, numbers as texts."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
