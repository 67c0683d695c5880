"""Write down who did what, in the transaction that does it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from app.store.columns import Ids
from app.store.schema import audit

__all__ = ["write_audit"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


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
