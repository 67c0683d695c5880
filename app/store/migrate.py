"""Bring a database to this release's schema. Revisions are forward-only and safe for the previous release."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app.errors import ConfigurationError, StoreUnavailable
from app.store.engine import open_reader
from app.store.revisions import HEAD, REVISIONS

__all__ = ["current_revision", "is_current", "migrate", "revision_of"]

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def current_revision(connection: Connection) -> str | None:
    """Return the revision that a database is at, None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def revision_of(database_url: str) -> str | None:
    """Return the revision that an existing database is at, whoever owns it; None when it is empty.

    Raises:
        StoreUnavailable: It cannot be read, or is no database.

    """
    engine = open_reader(database_url)
    try:
        with engine.connect() as connection:
            return current_revision(connection)
    except DBAPIError as error:
        raise StoreUnavailable(f"the database cannot be read: {error.orig}") from None
    finally:
        engine.dispose()


def is_current(connection: Connection) -> bool:
    """Tell whether a database has exactly this release's schema."""
    return current_revision(connection) == HEAD


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Apply what is missing, in one transaction; return the revisions before and after.

    Raises:
        ConfigurationError: The database was made by a newer release.

    """
    with engine.begin() as connection:
        before = current_revision(connection)
        if before is not None and before not in REVISIONS:
            raise ConfigurationError(
                f"database_url: the database is at revision {before}, which this release does not know; "
                "run the release that made it, or a newer one"
            )
        if before != HEAD:
            _upgrade(connection)
        return before, HEAD


def _upgrade(connection: Connection) -> None:
    # Imported here: Alembic costs a fifth of the start-up, and only a start that migrates needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
