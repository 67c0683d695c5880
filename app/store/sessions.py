"""Who is logged in to the console, known by the digest of a session's id: a copy of the database opens nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, delete, select, update

from app.store.console_schema import sessions
from app.store.exclusion import FREE, Exclusion

__all__ = ["CloseSession", "OpenSession", "SeeSession", "Session", "session_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is logged in.

    Args:
        digest: Of the session's id.
        holder: The name of the token that it was opened with.
        proof: Binds it to that token; when the token is changed or taken out, nothing fits any more.
        opened_at: When it was opened.
        seen_at: When it was last used, to the minute.

    """

    digest: str
    holder: str
    proof: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Let somebody in, and forget those who are long gone."""

    session: Session
    idle_since: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write the session down."""
        opened = self.session
        connection.execute(delete(sessions).where(sessions.c.seen_at < self.idle_since))
        connection.execute(
            sessions.insert().values(
                digest=opened.digest,
                holder=opened.holder,
                proof=opened.proof,
                opened_at=opened.opened_at,
                seen_at=opened.seen_at,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeSession:
    """Note that a session is being used."""

    digest: str
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Move its end; one that was closed meanwhile stays closed."""
        connection.execute(update(sessions).where(sessions.c.digest == self.digest).values(seen_at=self.now))


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Let a session open nothing any more."""

    digest: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Forget it."""
        connection.execute(delete(sessions).where(sessions.c.digest == self.digest))


def session_of(connection: Connection, digest: str) -> Session | None:
    """Find a session, None when there is none."""
    row = connection.execute(select(sessions).where(sessions.c.digest == digest)).one_or_none()
    if row is None:
        return None
    return Session(digest=row.digest, holder=row.holder, proof=row.proof, opened_at=row.opened_at, seen_at=row.seen_at)
