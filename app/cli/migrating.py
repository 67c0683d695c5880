"""``carrier-relay migrate``: own the database, bring it to this release's schema, and let go of it."""

import asyncio

import typer

from app.settings import load_settings
from app.store import Store, database_of
from app.store.revisions import HEAD

__all__ = ["run"]


def run() -> None:
    """Migrate.

    Raises:
        ConfigurationError: The settings are wrong, or a newer release made the database.
        StoreBusy: A relay runs on it.

    """
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    place = database_of(url, pooled=settings.database_pooled).place
    store = Store.open(
        url, lock_wait_seconds=settings.lock_wait_seconds, pooled=settings.database_pooled, role="migrate"
    )
    before, after = store.revisions
    asyncio.run(store.close())
    nothing = "an empty database" if store.is_shared else "an empty file"
    if after != HEAD:
        typer.echo(f"{place} is at revision {after}, a newer release's, and this release works on it: nothing to do.")
    elif before == after:
        typer.echo(f"{place} is at revision {after}, which is this release's: nothing to do.")
    else:
        typer.echo(f"{place} went from {nothing if before is None else f'revision {before}'} to {after}.")
