"""Copies of an SQLite file while it is in use, and taking one in its place without bringing back what was erased.

PostgreSQL is copied by its own tools; what was erased is noted beside such a copy as well, and erased again of it.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from app.errors import ConfigurationError, StoreUnavailable
from app.store.columns import instant_of
from app.store.dialect import insert
from app.store.engine import database_of
from app.store.lane import said
from app.store.privacy_schema import erasure_keys, tombstones
from app.store.schema import numbers, shipments, subject_keys, subjects
from app.store.sqlite import Ownership, file_of
from app.store.tombstones import Term, buried

__all__ = [
    "Bury",
    "ErasedList",
    "copy_database",
    "erased_left",
    "listed_in",
    "note_erased",
    "put_in_place",
    "read_list",
]

_LIST: Final = "erased.json"
_KEYS: Final = "SELECT id, secret FROM erasure_keys"
_TOMBSTONES: Final = "SELECT digest, key_id, erased_at, expires_at FROM tombstones ORDER BY digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedList:
    """What was erased, as digests with their keys: nothing can be read of it, but whether something is in it."""

    keys: Mapping[str, str]
    tombstones: Sequence[Mapping[str, Any]]

    def united(self, other: "ErasedList") -> "ErasedList":
        """Add what another list holds."""
        entries = {entry["digest"]: entry for entry in (*self.tombstones, *other.tombstones)}
        return ErasedList(keys={**self.keys, **other.keys}, tombstones=tuple(entries.values()))


_NOTHING: Final = ErasedList(keys={}, tombstones=())


def copy_database(database_url: str, folder: Path, name: str) -> Path:
    """Copy the database, whoever owns it and writes meanwhile, and write the list of what was erased beside it.

    Raises:
        ConfigurationError: There is no database, or the copy is not whole.

    """
    source = file_of(database_url)
    if not source.exists():
        raise ConfigurationError(f"database_url: there is no {source} to copy")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy, unfinished = folder / name, folder / f"{name}.unfinished"
    unfinished.touch(mode=0o600)
    with closing(_opened(source)) as old, closing(sqlite3.connect(unfinished)) as new:
        # In one step: a snapshot, which no writer waits for.
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    _demand_whole(unfinished)
    found = read_list(unfinished)
    _sync(unfinished)
    unfinished.replace(copy)
    _write_beside(folder, found)
    return copy


def note_erased(database_url: str, folder: Path, *, pooled: bool) -> Path:
    """Add to the list in a folder what a PostgreSQL database knows to be erased, and return the list.

    Raises:
        StoreUnavailable: The database cannot be read.

    """
    engine = database_of(database_url, pooled=pooled).open_reader()
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table(tombstones.name):
                keys = connection.exec_driver_sql(_KEYS).all()
                found = _list_of(keys, connection.exec_driver_sql(_TOMBSTONES).all())
            else:
                found = _NOTHING
    except DBAPIError as error:
        raise StoreUnavailable(f"the database cannot be read: {said(error)}") from None
    finally:
        engine.dispose()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _write_beside(folder, found)


def listed_in(folder: Path) -> ErasedList:
    """Read the list in a folder.

    Raises:
        ConfigurationError: There is none: what was erased would come back unnoticed.

    """
    if not (folder / _LIST).exists():
        raise ConfigurationError(
            f"there is no {folder / _LIST}, which says what is to stay erased; `carrier-relay backup` writes it"
        )
    return _read_beside(folder / _LIST)


def _write_beside(folder: Path, found: ErasedList) -> Path:
    """Unite the list in a folder with what was found."""
    beside = folder / _LIST
    united = _read_beside(beside).united(found)
    draft = folder / f"{_LIST}.unfinished"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"keys": united.keys, "tombstones": list(united.tombstones)}, indent=1), "utf-8")
    draft.replace(beside)
    return beside


def put_in_place(database_url: str, copy: Path, *, lock_wait_seconds: float) -> ErasedList:
    """Put a copy in the place of the database, which no relay may own; return what is to be erased of it again.

    The list beside the copy counts, and what the database that is replaced knows.

    Raises:
        ConfigurationError: The copy is not whole.
        StoreBusy: A relay owns the database.

    """
    _demand_whole(copy)
    file = file_of(database_url)
    ownership = Ownership(file, wait_seconds=lock_wait_seconds)
    try:
        erased = _read_beside(copy.parent / _LIST)
        if file.exists():
            erased = erased.united(read_list(file))
        fresh = file.with_name(f"{file.name}.restoring")
        shutil.copyfile(copy, fresh)
        _sync(fresh)
        if file.exists():
            file.replace(file.with_name(f"{file.name}.replaced"))
        for end in ("-wal", "-shm"):
            file.with_name(file.name + end).unlink(missing_ok=True)
        fresh.replace(file)
    finally:
        ownership.release()
    return erased


def read_list(file: Path) -> ErasedList:
    """Read what a database knows to be erased; nothing where its release did not erase yet."""
    with closing(_opened(file)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if tombstones.name not in tables:
            return _NOTHING
        return _list_of(connection.execute(_KEYS), connection.execute(_TOMBSTONES))


def _list_of(keys: Iterable[Any], found: Iterable[Any]) -> ErasedList:
    return ErasedList(
        keys={id_: secret.hex() for id_, secret in keys},
        tombstones=[
            {"digest": digest.hex(), "key_id": key_id, "erased_at": erased_at, "expires_at": expires_at}
            for digest, key_id, erased_at, expires_at in found
        ],
    )


def _read_beside(file: Path) -> ErasedList:
    if not file.exists():
        return _NOTHING
    document = json.loads(file.read_text("utf-8"))
    return ErasedList(keys=document["keys"], tombstones=document["tombstones"])


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)


def _demand_whole(file: Path) -> None:
    try:
        with closing(_opened(file)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        said = str(error)
    if said != "ok":
        raise ConfigurationError(f"{file} is no whole database: {said}")


def _sync(file: Path) -> None:
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury:
    """Take over a list of what was erased."""

    erased: ErasedList

    def run(self, connection: Connection) -> int:
        """Take it over; return how many entries are new."""
        keys = [{"id": id_, "secret": bytes.fromhex(secret)} for id_, secret in self.erased.keys.items()]
        if keys:
            connection.execute(insert(connection, erasure_keys).on_conflict_do_nothing(), keys)
        known = set(connection.execute(select(tombstones.c.digest)).scalars())
        columns = [column.name for column in tombstones.columns]
        entries = [
            {name: _value(entry, name) for name in columns}
            for entry in self.erased.tombstones
            if bytes.fromhex(entry["digest"]) not in known
        ]
        if entries:
            connection.execute(tombstones.insert(), entries)
        return len(entries)


def _value(entry: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - of any column
    value = entry[name]
    if name == "digest":
        return bytes.fromhex(value)
    return instant_of(value) if name.endswith("_at") else value


def erased_left(connection: Connection, now: datetime) -> set[Term]:
    """Find orders, numbers and keys of invoices that are there although they were erased."""
    terms: set[Term] = {
        ("order", row.account, row.order_id)
        for row in connection.execute(select(shipments.c.account, shipments.c.order_id).distinct())
    }
    terms |= {
        ("number", row.account, row.number)
        for row in connection.execute(select(numbers.c.account, numbers.c.number).distinct())
    }
    keyed = select(shipments.c.account, shipments.c.invoice_key).where(shipments.c.invoice_key.is_not(None)).distinct()
    terms |= {("key", row.account, row.invoice_key) for row in connection.execute(keyed)}
    for row in connection.execute(select(subjects.c.owner, subjects.c.subject)):
        kind, _, value = row.subject.partition(":")
        if kind in {"number", "key"}:
            terms.add((kind, row.owner, value))
    # What waits for its shipment says of which account it may be, though it came in through a group.
    waiting = select(subject_keys.c.account, subject_keys.c.kind, subject_keys.c.value)
    terms |= {
        (row.kind, row.account, row.value)
        for row in connection.execute(waiting.where(subject_keys.c.kind.in_(("number", "key", "order"))))
    }
    return buried(connection, terms, now)
