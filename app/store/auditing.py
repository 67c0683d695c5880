"""Write down who did what, in the transaction that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from app.store.columns import Ids
from app.store.schema import audit

__all__ = ["Audited", "write_audit"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A write that somebody asks for, and that stands in the audit log under a name.

    Args:
        actor: Who asks for it: the name of a token, or a part of the relay.
        reason: Why, in the words of who asks for it.
        ids: Makes ids.
        now: The time.

    """

    actor: str
    reason: str | None = None
    ids: Ids
    now: datetime

    def audit(self, connection: Connection, action: str, target: str, detail: Mapping[str, Any] = _NOTHING) -> None:
        """Write down who did what; for ``action``, ``target`` and ``detail`` see `write_audit`."""
        write_audit(
            connection,
            self.ids,
            self.now,
            actor=self.actor,
            action=action,
            target=target,
            reason=self.reason,
            detail=detail,
        )


def write_audit(
    connection: Connection,
    ids: Ids,
    now: datetime,
    *,
    actor: str,
    action: str,
    target: str,
    reason: str | None = None,
    detail: Mapping[str, Any] = _NOTHING,
) -> None:
    """Add an entry to the audit log.

    Args:
        connection: The transaction in which it is done.
        ids: Makes ids.
        now: The time.
        actor: Who asked for it: the name of a token, or a part of the relay.
        action: What was done, such as ``account.paused``.
        target: To what: its kind and its id, such as ``webhook:17``.
        reason: Why, in the words of who asked for it.
        detail: What else is worth knowing; no secrets, nothing of a person.

    """
    connection.execute(
        audit.insert().values(
            id=ids.next(), at=now, actor=actor, action=action, target=target, reason=reason, detail=dict(detail)
        )
    )
