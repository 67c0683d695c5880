"""Tokens that were made at run time: known by their digests, limited, rotated, ended; every change written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection, Row, or_, select, update

from app.store.access_schema import token_uses, tokens
from app.store.auditing import Audited
from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion

__all__ = [
    "MakeToken",
    "NoteTokenUse",
    "RevokeToken",
    "RotateToken",
    "StoredToken",
    "list_tokens",
    "stored_token",
    "token_named",
    "uses",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token; ``old_sha256`` is the digest of the one before it was rotated, which opens until ``old_until``."""

    name: str
    role: str
    accounts: tuple[str, ...] | None
    sha256: str = field(repr=False)
    old_sha256: str | None = field(default=None, repr=False)
    old_until: datetime | None = None
    created_at: datetime
    created_by: str
    rotated_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Tell whether it has neither ended nor been taken back."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change(Audited):
    """A change of one token.

    Args:
        name: Whose.

    """

    name: str

    def note(self, connection: Connection, action: str, detail: Mapping[str, Any]) -> None:
        """Write down who did what to the token."""
        self.audit(connection, action, f"token:{self.name}", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeToken(_Change):
    """Keep a new token by its digest, unless there is or was one of its name."""

    role: str
    accounts: tuple[str, ...] | None
    sha256: str = field(repr=False)
    expires_at: datetime | None = None

    def run(self, connection: Connection) -> bool:
        """Tell whether it was made."""
        values = {
            "role": self.role,
            "accounts": None if self.accounts is None else list(self.accounts),
            "sha256": self.sha256,
            "created_at": self.now,
            "created_by": self.actor,
            "expires_at": self.expires_at,
        }
        made = connection.execute(
            insert(connection, tokens).values(name=self.name, **values).on_conflict_do_nothing(index_elements=["name"])
        )
        if not made.rowcount:
            return False
        limits = {"role": self.role, "accounts": values["accounts"]}
        expires = None if self.expires_at is None else self.expires_at.isoformat()
        self.note(connection, "token.made", {**limits, "expires_at": expires})
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateToken(_Change):
    """Give a token another secret; the one that it has opens for a while longer."""

    sha256: str = field(repr=False)
    grace: timedelta

    def run(self, connection: Connection) -> bool:
        """Tell whether there is such a token, not taken back."""
        until = self.now + self.grace if self.grace else None
        changed = connection.execute(
            update(tokens)
            .where(tokens.c.name == self.name, tokens.c.revoked_at.is_(None))
            .values(
                sha256=self.sha256,
                old_sha256=tokens.c.sha256 if until else None,
                old_until=until,
                rotated_at=self.now,
            )
        )
        if changed.rowcount:
            self.note(connection, "token.rotated", {"old_until": until.isoformat() if until else None})
        return bool(changed.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken(_Change):
    """Take a token back for good."""

    def run(self, connection: Connection) -> bool:
        """Tell whether it opened anything until now."""
        changed = connection.execute(
            update(tokens)
            .where(tokens.c.name == self.name, tokens.c.revoked_at.is_(None))
            .values(revoked_at=self.now, old_sha256=None, old_until=None)
        )
        if changed.rowcount:
            self.note(connection, "token.revoked", {})
        return bool(changed.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTokenUse:
    """Remember that a token was used."""

    name: str
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Note it."""
        connection.execute(
            insert(connection, token_uses)
            .values(name=self.name, used_at=self.now)
            .on_conflict_do_update(index_elements=["name"], set_={"used_at": self.now})
        )


def stored_token(connection: Connection, sha256: str, now: datetime) -> StoredToken | None:
    """Find the token of a digest, None when there is none that opens anything."""
    old = (tokens.c.old_sha256 == sha256) & (tokens.c.old_until > now)
    row = connection.execute(select(tokens).where(or_(tokens.c.sha256 == sha256, old))).first()
    found = None if row is None else _token(row)
    return found if found is not None and found.opens(now) else None


def token_named(connection: Connection, name: str) -> StoredToken | None:
    """Find a token by its name, whatever became of it."""
    row = connection.execute(select(tokens).where(tokens.c.name == name)).first()
    return None if row is None else _token(row)


def list_tokens(connection: Connection) -> tuple[StoredToken, ...]:
    """List all tokens by name, those that open nothing any more as well; there are never many."""
    return tuple(_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.name)))


def uses(connection: Connection, names: Sequence[str]) -> dict[str, datetime]:
    """Read when tokens were last used."""
    found = connection.execute(select(token_uses).where(token_uses.c.name.in_(names)))
    return {row.name: row.used_at for row in found}


def _token(row: Row[Any]) -> StoredToken:
    return StoredToken(
        name=row.name,
        role=row.role,
        accounts=None if row.accounts is None else tuple(row.accounts),
        sha256=row.sha256,
        old_sha256=row.old_sha256,
        old_until=row.old_until,
        created_at=row.created_at,
        created_by=row.created_by,
        rotated_at=row.rotated_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
