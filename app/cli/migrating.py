"""``carrier-relay migrate``: own the database, bring it to this release's schema, and let go of it."""

import asyncio

import typer

from app.settings import load_settings
from app.store import Store, database_file

__all__ = ["run"]


def run() -> None:
    """Migrate.

    Raises:
        ConfigurationError: The settings are wrong, or a newer release made the database.
        StoreBusy: A relay runs on it.

    """
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    file = database_file(url)
    store = Store.open(url, lock_wait_seconds=settings.lock_wait_seconds)
    before, after = store.revisions
    asyncio.run(store.close())
    if before == after:
        typer.echo(f"{file} is at revision {after}, which is this release's: nothing to do.")
    else:
        typer.echo(f"{file} went from {'an empty file' if before is None else f'revision {before}'} to {after}.")
