"""What operators say that codes mean: kept with who said it, and with the replay of what came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, delete, select

from app.store.auditing import write_audit
from app.store.bulk_replays import Replay
from app.store.columns import Ids
from app.store.console_schema import overrides
from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion
from app.store.queries.webhooks import WebhookFilter
from app.store.replay_jobs import PreviewReplay, Scope, StartReplay

__all__ = ["Override", "OverrideCode", "RemoveOverride", "list_overrides"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a code of a source means, who said so and why."""

    owner: str
    carrier: str
    code: str
    milestone: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideCode:
    """Give a code its meaning and, in the same transaction, begin to read again what came before it had one.

    Args:
        override: The meaning.
        scope: How much is read again; None for nothing.
        rate: How many webhooks per second at most.
        ids: Makes ids.

    """

    override: Override
    scope: Scope | None
    rate: float
    ids: Ids
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> Replay | None:
        """Return the replay."""
        said = self.override
        values = {"milestone": said.milestone, "actor": said.actor, "reason": said.reason, "at": said.at}
        connection.execute(
            insert(connection, overrides)
            .values(owner=said.owner, carrier=said.carrier, code=said.code, **values)
            .on_conflict_do_update(index_elements=["owner", "carrier", "code"], set_=values)
        )
        _audit(connection, said, "code.overridden", self.ids)
        if self.scope is None or self.scope.count == 0:
            return None
        wanted = WebhookFilter(owners=(said.owner,), carrier=said.carrier, unknown=True)
        seen = PreviewReplay(wanted=wanted, scope=self.scope, actor=said.actor, ids=self.ids, now=said.at)
        token = seen.run(connection).token
        return StartReplay(
            token=token, actor=said.actor, reason=said.reason, most=None, rate=self.rate, ids=self.ids, now=said.at
        ).run(connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOverride:
    """Let a code mean again what the settings and the adapter say; what was read stays as it is."""

    override: Override
    ids: Ids
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> bool:
        """Tell whether there was one."""
        said = self.override
        mine = (overrides.c.owner == said.owner) & (overrides.c.carrier == said.carrier)
        removed = connection.execute(delete(overrides).where(mine, overrides.c.code == said.code)).rowcount
        if removed:
            _audit(connection, said, "code.override-removed", self.ids)
        return bool(removed)


def list_overrides(connection: Connection, owners: Sequence[str] | None) -> tuple[Override, ...]:
    """List the overrides, by source and code; there are never many."""
    query = select(overrides).order_by(overrides.c.owner, overrides.c.carrier, overrides.c.code)
    if owners is not None:
        query = query.where(overrides.c.owner.in_(owners))
    return tuple(
        Override(
            owner=row.owner,
            carrier=row.carrier,
            code=row.code,
            milestone=row.milestone,
            actor=row.actor,
            reason=row.reason,
            at=row.at,
        )
        for row in connection.execute(query)
    )


def _audit(connection: Connection, said: Override, action: str, ids: Ids) -> None:
    write_audit(
        connection,
        ids,
        said.at,
        actor=said.actor,
        action=action,
        target=f"account:{said.owner}",
        reason=said.reason,
        detail={"carrier": said.carrier, "code": said.code, "milestone": said.milestone},
    )
