"""Statements given to an engine's driver as they are, without what SQLAlchemy does around each."""

from collections.abc import Callable, Sequence
from struct import Struct, pack
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

__all__ = ["OPENING", "InBinary", "array_of", "asked_of_driver"]

OPENING: Final = "opening"
"""Under this name a connection's `info` holds the statements that its next transaction on PostgreSQL begins with."""


def asked_of_driver(
    connection: Connection,
    text: str,
    values: Sequence[Any] = (),
    **options: Any,  # noqa: ANN401 - the driver's own
) -> Any:  # noqa: ANN401 - its cursor
    """Have the driver run a statement; it fails as statements that go the ordinary way do."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    try:
        return driver.execute(text, values, **options)
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, driver, None)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=dialect,
        ) from error


class InBinary(bytes):
    """A value in PostgreSQL's own format, whose type the statement says."""

    __slots__ = ()


_LENGTH: Final = Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()


def _whole(size: int) -> Callable[[Any], bytes]:
    made = Struct(">iq" if size == 8 else ">ii")  # noqa: PLR2004 - bytes

    def write(value: int) -> bytes:
        return made.pack(size, value)

    return write


def _bytes(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _text(value: str) -> bytes:
    written = value.encode()
    # The server keeps no NUL in a text.
    return _bytes(written.replace(b"\0", _REPLACEMENT) if b"\0" in written else written)


_WRITTEN: Final[dict[str, tuple[int, type, Callable[[Any], bytes]]]] = {
    "BIGINT": (20, int, _whole(8)),
    "INTEGER": (23, int, _whole(4)),
    "TEXT": (25, str, _text),
    "VARCHAR": (1043, str, _text),
    "JSON": (114, str, _text),
    "BYTEA": (17, bytes, _bytes),
}
"""The number that PostgreSQL knows a type by, Python's type, and how a value is written."""


def array_of(values: Sequence[Any], kind: str) -> InBinary | list[Any]:
    """Lay a column of a type out as an array, which the driver does value by value in a tenth of the speed.

    What it has no words for is returned as a list, for the driver to lay out.
    """
    if kind not in _WRITTEN:
        return list(values)
    number, python, write = _WRITTEN[kind]
    first = values[0]
    if type(first) is python and values.count(first) == len(values):
        # Many rows say the same of most columns.
        return InBinary(pack(">5i", 1, 0, number, len(values), 1) + write(first) * len(values))
    parts = [pack(">5i", 1, int(None in values), number, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_NULL)
        elif type(value) is python:
            parts.append(write(value))
        else:
            return list(values)
    return InBinary(b"".join(parts))
