"""Whether a commit waits until the disk has it.

Every commit does but those of what can be made again from what is on disk already, as the reading of a stored webhook.
Such a commit lasts with the next one that waits, since both engines write their logs in the order of the commits: so
whatever is done on the strength of it, once that was committed and waited for, is never older than it.
"""

from sqlalchemy import Connection, RootTransaction

from app.store.driver import OPENING
from app.store.exclusion import Exclusion, locks_of

__all__ = ["begin"]

_LEVELS = {True: "FULL", False: "NORMAL"}


def begin(connection: Connection, excludes: Exclusion, *, lasting: bool, before: bool) -> RootTransaction:
    """Begin a transaction that keeps out what it excludes.

    Its commit waits for the disk if it is ``lasting``; ``before`` says whether that of the last one did.
    """
    is_file = connection.dialect.name == "sqlite"
    if is_file and lasting is not before:
        # Of the connection, and only between transactions. In a log of writes NORMAL leaves out nothing but the wait.
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - the connection is open
        driver.execute(f"PRAGMA synchronous={_LEVELS[lasting]}")
    if not is_file:
        unlasting = () if lasting else ("SET LOCAL synchronous_commit = off",)
        connection.info[OPENING] = (*unlasting, *locks_of(excludes))
    return connection.begin()
