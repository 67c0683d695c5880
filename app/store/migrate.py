"""Bring a database to this release's schema, or find that it has a newer one beside which this release works."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from app.errors import ConfigurationError, StoreBusy, StoreUnavailable
from app.store.cluster_schema import compatibility
from app.store.engine import database_of
from app.store.lane import said
from app.store.revisions import HEAD, REVISIONS, SERVED_FROM

__all__ = ["bring_to", "current_revision", "is_usable", "migrate", "revision_of"]

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_TURN: Final = 0x6361_7272_6965_72
"""The number of the lock that who migrates holds: "carrier" in bytes."""
_LOCK_TIMEOUT: Final = "5s"
"""How long a change waits for a table that is in use: who wants it then waits behind the change."""
_STATEMENT_TIMEOUT: Final = "15min"
_LOCK_NOT_AVAILABLE: Final = "55P03"


def current_revision(connection: Connection) -> str | None:
    """Return the revision that a database is at, None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def revision_of(database_url: str, *, pooled: bool = False) -> tuple[str | None, bool]:
    """Return the revision that an existing database is at, whoever owns it, and whether this release works on it.

    The revision is None when it is empty; that it can be brought to this release's is not looked at.

    Raises:
        StoreUnavailable: It cannot be read, or is no database.

    """
    engine = database_of(database_url, pooled=pooled).open_reader()
    try:
        with engine.connect() as connection:
            return current_revision(connection), is_usable(connection)
    except DBAPIError as error:
        raise StoreUnavailable(f"the database cannot be read: {said(error)}") from None
    finally:
        engine.dispose()


def is_usable(connection: Connection) -> bool:
    """Tell whether a database has this release's schema, or a newer one that says that this release works on it."""
    return _is_served(connection, current_revision(connection))


def _is_served(connection: Connection, revision: str | None) -> bool:
    if revision is None or revision in REVISIONS:
        return revision == HEAD
    if not inspect(connection).has_table(compatibility.name):
        return False
    # What this release does not know either came after it.
    return connection.execute(select(compatibility.c.served_from)).scalar() in REVISIONS


def migrate(engine: Engine, *, wait_seconds: float = 30.0) -> tuple[str | None, str]:
    """Apply what is missing, in one transaction; return the revisions before and after.

    A newer release's schema stays as it is where this release works on it. Of several processes that start at once
    one migrates, and the others wait for it.

    Raises:
        ConfigurationError: The database was made by a newer release, beside which this one does not work.
        StoreBusy: Another process is migrating it for longer than ``wait_seconds``, or uses what is to be changed.

    """
    with engine.begin() as connection:
        before = current_revision(connection)
        if before is not None and _is_served(connection, before):
            return before, before
    with engine.begin() as connection:
        _take_turns(connection, wait_seconds)
        before = current_revision(connection)
        if before is not None and _is_served(connection, before):
            return before, before
        if before is not None and before not in REVISIONS:
            raise ConfigurationError(
                f"database_url: the database is at revision {before}, which this release does not know and does not "
                "work on; run the release that made it, or a newer one"
            )
        try:
            bring_to(connection, HEAD)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            raise StoreBusy(
                "a table that is to be changed is in use by another transaction; nothing was changed: start again, and "
                "see in pg_stat_activity who uses it if it goes on"
            ) from None
        connection.execute(compatibility.delete())
        connection.execute(compatibility.insert().values(served_from=SERVED_FROM))
        return before, HEAD


def bring_to(connection: Connection, revision: str) -> None:
    """Apply the migrations up to one, as `migrate` does."""
    _upgrade(connection, revision)
    _collate(connection)


def _take_turns(connection: Connection, wait_seconds: float) -> None:
    """Let one process migrate, and no statement of it hold up those that are at work for long."""
    if connection.dialect.name != "postgresql":
        return  # It is this process's alone.
    connection.execute(text(f"SET LOCAL lock_timeout = {max(1, int(wait_seconds * 1000))}"))
    try:
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise StoreBusy(
            f"another process is migrating the database (waited {wait_seconds:g} s, lock_wait_seconds)"
        ) from None
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT}'"))


def _collate(connection: Connection) -> None:
    """Have texts compared by their bytes, as SQLite does: ids are no words of a language, and ranges of them are read.

    A database's own collation may besides change with its operating system, and break every index on text.
    """
    if connection.dialect.name != "postgresql":
        return
    found = connection.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' ORDER BY table_name, column_name"
        )
    ).all()
    quote = connection.dialect.identifier_preparer.quote
    for table in dict.fromkeys(row.table_name for row in found):
        changes = [
            f'ALTER COLUMN {quote(row.column_name)} TYPE text COLLATE "C"' for row in found if row.table_name == table
        ]
        connection.execute(text(f"ALTER TABLE {quote(table)} {', '.join(changes)}"))


def _upgrade(connection: Connection, revision: str) -> None:
    # Imported here: Alembic costs a fifth of the start-up, and only a start that migrates needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
