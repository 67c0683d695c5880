"""Whether the database can be used, by whom it is used, and whether its disk has room."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.cli.serving import base_url
from app.errors import ConfigurationError, StoreBusy, StoreUnavailable
from app.settings import Settings
from app.store import database_of
from app.store.migrate import revision_of
from app.store.revisions import HEAD, REVISIONS
from app.store.sqlite import Ownership, refuse_network_file_system

__all__ = ["examine_storage"]

_ABOUT: Final = "database"
_ENOUGH: Final = 64 * 1024 * 1024
_PLENTY: Final = 1024 * 1024 * 1024
_MEGABYTE: Final = 1024 * 1024
_ADVICE: Final = "who owns it, whether it is mounted to be read only, and whether its disk is full"


def examine_storage(settings: Settings, *, answers: bool) -> Iterator[Finding]:
    """Look at the database, and change nothing about it; a relay ``answers`` where the settings say, or none does."""
    url = settings.database_url.get_secret_value()
    try:
        database = database_of(url, pooled=settings.database_pooled)
        if database.file is None:
            yield _revision(url, pooled=database.pooled)
            if (risk := database.failover_risk()) is not None:
                yield warning(_ABOUT, risk)
            return
        file = database.file.absolute()
        refuse_network_file_system(file)
    except ConfigurationError as error:
        yield from (problem(_ABOUT, text) for text in error.problems)
        return
    folder = next(each for each in file.parents if each.exists())
    obstacle = _obstacle(folder)
    if obstacle is not None:
        yield problem(_ABOUT, f"{folder} cannot be written ({obstacle}), and {file} is there: see {_ADVICE}")
    elif not file.exists():
        yield note(_ABOUT, f"{file} does not exist yet; the first start makes it")
    else:
        yield _ownership(file, settings, answers=answers)
        yield _revision(url)
    yield _space(folder)


def _obstacle(folder: Path) -> str | None:
    """Say what keeps this user from writing here; a file without a name is written, synced, and gone."""
    try:
        with TemporaryFile(dir=folder) as written:
            written.write(b"carrier-relay")
            written.flush()
            os.fsync(written.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return None


def _ownership(file: Path, settings: Settings, *, answers: bool) -> Finding:
    """Take the lock for a moment: what owns it otherwise is named."""
    if not os.access(file, os.R_OK | os.W_OK):
        return problem(_ABOUT, f"{file} cannot be read and written by this user")
    try:
        Ownership(file, wait_seconds=0).release()
    except StoreBusy as error:
        owned = str(error).partition(";")[0]
        if answers:
            return note(_ABOUT, f"{owned}: right if that is the relay")
        text = f"{owned}, and no relay answers at {base_url(settings.listen)}: two processes want one file"
        return problem(_ABOUT, f"{text}; stop one, give this one a database_url of its own, or correct `listen`")
    except ConfigurationError as error:
        return problem(_ABOUT, str(error))
    return ok(_ABOUT, f"{file} can be read and written, and nobody uses it now")


def _revision(url: str, *, pooled: bool = False) -> Finding:
    try:
        revision, is_usable = revision_of(url, pooled=pooled)
    except StoreUnavailable as error:
        return problem(_ABOUT, str(error))
    if revision == HEAD:
        return ok(_ABOUT, f"it has this release's schema, revision {HEAD}")
    if revision is None or revision in REVISIONS:
        here = "it is empty" if revision is None else f"it is at revision {revision}"
        return note(
            _ABOUT, f"{here}, this release's is {HEAD}: the next start brings it there, or carrier-relay migrate"
        )
    if is_usable:
        return ok(_ABOUT, f"it is at revision {revision}, which a newer release made, and this release works on it")
    return problem(_ABOUT, f"it is at revision {revision}, which a newer release made: run that one")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free // _MEGABYTE} MiB are free on its disk"
    if free < _ENOUGH:
        return problem(_ABOUT, f"{text}, and /readyz demands {_ENOUGH // _MEGABYTE}")
    return warning(_ABOUT, f"{text}; retention needs some room to work") if free < _PLENTY else ok(_ABOUT, text)
