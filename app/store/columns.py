"""Column types and ids that mean the same on every engine."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from sqlalchemy import JSON as _JSON
from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, text
from sqlalchemy.types import TypeDecorator

__all__ = [
    "JSON",
    "NODES",
    "Ids",
    "Instant",
    "Pairs",
    "id_column",
    "instant_of",
    "made_at",
    "node_of",
    "number_of",
    "parse_public_id",
    "partial_index",
    "public_id",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS: Final = 86_400
_SECOND_MICROSECONDS: Final = 1_000_000


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970 so that both engines compare, index and round it alike."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:  # noqa: ARG002 - its shape
        """Store an aware time."""
        return number_of

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - its shape
        """Give the time back in UTC."""
        return instant_of


def number_of(value: datetime | None) -> int | None:
    """Return the number as which an `Instant` keeps a time."""
    if value is None:
        return None
    # A third of what dividing by a microsecond takes.
    since = value - _EPOCH
    return (since.days * _DAY_SECONDS + since.seconds) * _SECOND_MICROSECONDS + since.microseconds


def instant_of(value: Any) -> datetime | None:  # noqa: ANN401 - what the driver makes of a number
    """Return the time, in UTC, that an `Instant` keeps as a number."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


JSON: Final = _JSON(none_as_null=True)
"""Nested values as text; none at all is NULL."""


class Pairs(TypeDecorator[tuple[tuple[str, str], ...]]):
    """Pairs of texts in order, kept as JSON; they are written as `json.dumps` writes them, in a third of the time."""

    impl = _JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002 - its shape
        """Write pairs as text, whatever the engine."""
        return _written


def _written(pairs: Iterable[tuple[str, str]]) -> str:
    return f"[{', '.join([f'[{_quoted(name)}, {_quoted(value)}]' for name, value in pairs])}]"


def id_column() -> Column[int]:
    """Make the column of ids that grow with time."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Index only the rows that are worked on, so that claiming does not slow down as history grows.

    It is so on both engines. Migrations, which make it, say so to each; to say it here in PostgreSQL's words as well
    would import its dialect with every start.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where))


_ID_EPOCH_MILLISECONDS: Final = 1_577_836_800_000  # 2020-01-01: 41 bits last until 2089.
_NODE_BITS: Final = 9
_COUNT_BITS: Final = 13
NODES: Final = 1 << _NODE_BITS
"""How many processes can share a database."""


class Ids:
    """Make ids that grow with time, so that new rows land at the end of an index.

    63 bits: milliseconds since 2020 (41), the process that made it (9), a counter within the millisecond (13).
    """

    def __init__(self, node: int = 0, *, after: int = 0, now: Callable[[], int] = time.time_ns) -> None:
        """Make ids for one process.

        Args:
            node: Must differ between processes that share a database.
            after: The greatest id in use, so that ids grow although the clock was set back while no process ran.
            now: The clock, in nanoseconds since 1970.

        """
        self.become(node)
        self._now = now
        # The next millisecond, since another process may have made the greatest id.
        self._last = ((after >> (_NODE_BITS + _COUNT_BITS)) + 1 << _COUNT_BITS) - 1
        self._lock = threading.Lock()

    def become(self, node: int) -> None:
        """Make ids under another number from now on."""
        if not 0 <= node < NODES:
            msg = f"node {node} is not between 0 and {NODES - 1}"
            raise ValueError(msg)
        self._node = node

    def next(self) -> int:
        """Return an id greater than all before it, even when the clock is set back."""
        now = (self._now() // 1_000_000 - _ID_EPOCH_MILLISECONDS) << _COUNT_BITS
        with self._lock:
            self._last = max(self._last + 1, now)
            stamp, count = divmod(self._last, 1 << _COUNT_BITS)
        return (stamp << (_NODE_BITS + _COUNT_BITS)) | (self._node << _COUNT_BITS) | count


def made_at(id_: int) -> datetime:
    """Return when an id was made, by the clock of whoever made it."""
    milliseconds = _ID_EPOCH_MILLISECONDS + (id_ >> (_NODE_BITS + _COUNT_BITS))
    return _EPOCH + timedelta(milliseconds=milliseconds)


def node_of(id_: int) -> int:
    """Return the process that made an id."""
    return id_ >> _COUNT_BITS & (1 << _NODE_BITS) - 1


_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_ID_LENGTH: Final = 13


def public_id(prefix: str, number: int) -> str:
    """Write an id for people: ``wh_`` and 13 characters that sort like the number and survive being read aloud."""
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(50, -1, -10)]
    return f"{prefix}_{_ALPHABET[number >> 60]}{''.join(pairs)}"


def parse_public_id(prefix: str, text: str) -> int | None:
    """Read an id that `public_id` wrote, None when it is not one of this prefix."""
    head, _, body = text.partition("_")
    if head != prefix or len(body) != _ID_LENGTH or any(character not in _ALPHABET for character in body.upper()):
        return None
    number = 0
    for character in body.upper():
        number = number << 5 | _ALPHABET.index(character)
    return number
