"""PostgreSQL: one database that many processes share, reached through psycopg.

What must hold for each transaction is said in the connection's options, or, behind a pooler that hands out another
session for each transaction, at the beginning of each.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from app.errors import ConfigurationError
from app.store.driver import OPENING, InBinary, asked_of_driver

__all__ = ["READERS", "connect", "failover_risk", "open_reader", "open_writer", "place_of"]

READERS: Final = 4
_CONNECT_SECONDS: Final = 5
_LOCK: Final = "10s"
"""How long a statement waits for what another process holds: longer than any transaction of the relay takes."""
_STATEMENT: Final = "30s"
_IDLE: Final = "30s"
"""After which the server ends a transaction whose process was suspended or cut off, and frees what it held."""
_TIMEOUTS: Final = {
    "lock_timeout": _LOCK,
    "statement_timeout": _STATEMENT,
    "idle_in_transaction_session_timeout": _IDLE,
}
_DEFAULTS: Final[dict[str, Any]] = {
    "application_name": "carrier-relay",
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Of several hosts, the one that can be written to: after a failover that is another one.
    "target_session_attrs": "read-write",
    # A packet that nobody acknowledges means that the server is gone, long before TCP says so.
    "tcp_user_timeout": 10_000,
}
_DURABLE: Final = frozenset({"on", "remote_apply"})


class _TextDumper(StrDumper):
    """Write text as the server can keep it: it knows no NUL."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\x00", "�") if "\x00" in obj else obj)


class _BinaryDumper(Dumper):
    """Hand over what is laid out already; the statement says its type."""

    format = Format.BINARY

    def dump(self, obj: InBinary) -> Buffer | None:
        return obj


def _given(database_url: str) -> dict[str, Any]:
    """Return what a URL says, as libpq reads it: several hosts and every parameter that it knows."""
    try:
        return conninfo_to_dict("postgresql://" + database_url.partition("://")[2])
    except psycopg.ProgrammingError as error:
        # Its text may quote a password.
        raise ConfigurationError(
            f"database_url cannot be read ({type(error).__name__}); write postgresql://user:password@host/database"
        ) from None


def place_of(database_url: str) -> str:
    """Name the database for people, without its credentials."""
    given = _given(database_url)
    hosts = str(given.get("host") or given.get("hostaddr") or "localhost").split(",")
    ports = str(given.get("port") or "5432").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    where = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=False))
    return f"postgresql://{where}/{given.get('dbname') or ''}"


def connect(database_url: str, *, pooled: bool, **more: Any) -> "psycopg.Connection[Any]":  # noqa: ANN401 - libpq's
    """Connect; ``pooled`` says that each transaction may get another session."""
    arguments = {**_DEFAULTS, **_given(database_url), **more}
    if not pooled:
        options = " ".join(f"-c {name}={value}" for name, value in _TIMEOUTS.items())
        arguments["options"] = f"{options} {arguments.get('options', '')}".strip()
    # A statement that one session prepared is unknown to the next.
    threshold = None if pooled else 5
    connection = psycopg.connect(**arguments, prepare_threshold=threshold)
    connection.adapters.register_dumper(str, _TextDumper)
    connection.adapters.register_dumper(InBinary, _BinaryDumper)
    return connection


def open_writer(database_url: str, *, pooled: bool) -> Engine:
    """Make the engine of the writing connections: durable before a COMMIT is answered, and asserted to be."""
    engine = _engine(database_url, pooled=pooled, poolclass=NullPool)

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        _demand_durability(connection)
        connection.commit()
        # Or the driver would send a BEGIN of its own, and each transaction would be one more way to the server.
        connection.autocommit = True

    limits = tuple(f"SET LOCAL {name} = '{value}'" for name, value in _TIMEOUTS.items()) if pooled else ()

    def begin(connection: Connection) -> None:
        """Begin, and all that the transaction begins with, in one message."""
        said = "; ".join(("BEGIN", *limits, *connection.info.pop(OPENING, ())))
        asked_of_driver(connection, said, prepare=False)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def open_reader(database_url: str, *, pooled: bool) -> Engine:
    """Make the engine of the reading connections, which cannot write and see one moment for a whole query."""
    engine = _engine(
        database_url, pooled=pooled, poolclass=QueuePool, pool_size=READERS, max_overflow=0, pool_pre_ping=True
    )

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    event.listen(engine, "connect", prepare)
    if pooled:
        event.listen(engine, "begin", _limit_transaction)
    return engine


def _engine(database_url: str, *, pooled: bool, **more: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's
    return create_engine(
        "postgresql+psycopg://",
        creator=cast("Callable[[], Any]", lambda: connect(database_url, pooled=pooled)),
        # What a statement was given may be somebody's name, and errors are logged.
        hide_parameters=True,
        **more,
    )


def _limit_transaction(connection: Connection) -> None:
    said = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _TIMEOUTS.items())
    connection.exec_driver_sql(f"SELECT {said}")


def _demand_durability(connection: Any) -> None:  # noqa: ANN401 - the driver's own connection
    names = ("synchronous_commit", "fsync", "full_page_writes", "server_encoding")
    found = dict(zip(names, connection.execute(f"SELECT {', '.join(map(_setting, names))}").fetchone(), strict=True))
    if found["synchronous_commit"] not in _DURABLE:
        raise ConfigurationError(
            f"database_url: the server has synchronous_commit={found['synchronous_commit']}, so that it forgets what "
            "was answered when it crashes; ALTER DATABASE … SET synchronous_commit = on"
        )
    if "off" in {found["fsync"], found["full_page_writes"]}:
        raise ConfigurationError(
            "database_url: the server has fsync or full_page_writes off, so that a crash can destroy the database; "
            "switch both on"
        )
    if found["server_encoding"] != "UTF8":
        raise ConfigurationError(
            f"database_url: the database is encoded in {found['server_encoding']}; make one WITH ENCODING 'UTF8'"
        )


def _setting(name: str) -> str:
    return f"current_setting('{name}')"


def failover_risk(database_url: str, *, pooled: bool) -> str | None:
    """Say why an answer might not outlast a failover; None when it does, there is none, or nobody can be asked."""
    try:
        with connect(database_url, pooled=pooled) as connection:
            found = connection.execute(
                "SELECT current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication)"
            ).fetchone()
    except psycopg.Error:
        return None
    names, standbys = found or ("", 0)
    has_several = "," in str(_given(database_url).get("host") or "")
    if names or not (has_several or standbys):
        return None
    where = "database_url names several hosts" if has_several else "the server has standbys"
    return (
        f"{where}, and synchronous_standby_names is empty: what the last moments before a failover answered can be "
        "lost by it; name a standby there, and a COMMIT waits for it"
    )
