"""``carrier-relay backup`` and ``restore``: a copy while the relay runs, and a copy in its place.

PostgreSQL has better tools for both; here the commands see to it that what was erased stays erased.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import typer

from app.settings import Settings, load_settings
from app.store import AdvanceErasure, EraseOrder, Held, Store, database_of, search_bodies
from app.store.backups import (
    Bury,
    ErasedList,
    copy_database,
    erased_left,
    listed_in,
    note_erased,
    put_in_place,
)

__all__ = ["make_copy", "put_copy"]

_SEARCHED: Final = 500


def make_copy(folder: Path) -> None:
    """Copy the SQLite database into a folder, and write beside it what was erased; of PostgreSQL only that."""
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    if database_of(url, pooled=settings.database_pooled).is_shared:
        beside = note_erased(url, folder, pooled=settings.database_pooled)
        typer.echo(f"Wrote {beside}: what was erased so far.")
        typer.echo(f"Copy the database itself now: pg_dump --format=custom --file={folder}/relay.dump URL")
        return
    name = f"relay-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
    copy = copy_database(url, folder, name)
    typer.echo(f"Wrote {copy} ({copy.stat().st_size} bytes), and erased.json beside it.")


def put_copy(copy: Path, *, is_agreed: bool) -> None:
    """Put a copy in the place of the SQLite database, once somebody agreed, and erase again what was erased.

    PostgreSQL holds the copy already, and ``copy`` is the folder with the list, or a file beside it.
    """
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    if database_of(url, pooled=settings.database_pooled).is_shared:
        erased = listed_in(copy if copy.is_dir() else copy.parent)
        if not is_agreed:
            typer.confirm("What is there and was erased before is erased for good. Go on?", abort=True)
        count, held = asyncio.run(_erase_again(settings, url, erased))
        typer.echo(f"{count} erased orders and parcels that the database held were erased again.")
        _name_held(held)
        return
    if not is_agreed:
        typer.confirm("What came in since the copy was made is put aside. Go on?", abort=True)
    erased = put_in_place(url, copy, lock_wait_seconds=settings.lock_wait_seconds)
    count, held = asyncio.run(_erase_again(settings, url, erased))
    typer.echo(f"{copy} is in place; {count} erased orders and parcels of it were erased again.")
    _name_held(held)
    typer.echo("What was there before ends with .replaced: delete it once it is not needed; it holds everything.")


def _name_held(held: Mapping[str, set[str]]) -> None:
    """Say what was erased before and stays, because the copy has it as held."""
    for account, each in sorted(held.items()):
        orders = ", ".join(sorted(each))
        typer.echo(
            f"Not erased again, because they were held when the copy was made: {orders} of {account}. Start the relay, "
            f"release each with carrier-relay hold release {account} ORDER, and erase it once more.",
            err=True,
        )


async def _erase_again(settings: Settings, url: str, erased: ErasedList) -> tuple[int, dict[str, set[str]]]:
    """Erase what is there although it was erased; count it, and name the held orders that stay, by account."""
    store = Store.open(
        url, lock_wait_seconds=settings.lock_wait_seconds, pooled=settings.database_pooled, role="restore"
    )
    try:
        await store.write(Bury(erased=erased))
        left = await store.read(lambda connection: erased_left(connection, datetime.now(UTC)))
        # Orders first: with them most numbers are gone.
        count, held = 0, defaultdict[str, set[str]](set)
        for kind, account, value in sorted(left, reverse=True):
            kept = await _erase(store, settings, account, kind, value)
            count += kept is None
            if kept is not None:
                held[account].add(kept.order_id)
        await store.truncate_log()
        return count, dict(held)
    finally:
        await store.close()


async def _erase(store: Store, settings: Settings, account: str, kind: str, value: str) -> Held | None:
    """Erase one order or parcel; return what holds it."""
    begun = await store.write(
        EraseOrder(
            account=account,
            owners=_owners(settings, account),
            order_id=value if kind == "order" else None,
            number=value if kind == "number" else None,
            key=value if kind == "key" else None,
            actor="restore",
            reason="it was erased before the copy was put in place",
            numbers_until=datetime.now(UTC) + timedelta(days=settings.tombstone_days),
            ids=store.ids,
            now=datetime.now(UTC),
        )
    )
    if isinstance(begun, Held):
        return begun
    position = begun.position
    while True:
        found = await store.read(partial(search_bodies, erasure=begun, limit=_SEARCHED, after=position))
        await store.write(AdvanceErasure(erasure=begun, searched=found, now=datetime.now(UTC)))
        if found.is_last:
            return None
        position = found.position


def _owners(settings: Settings, account: str) -> tuple[str, ...]:
    return (account, *(name for name, group in settings.groups.items() if account in group.accounts))
