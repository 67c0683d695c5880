"""The audit log: who changed what, when and why."""

from datetime import date
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import StringConstraints

from app.web.console.routing import Search, Visitor, console_part, day_end, day_start
from app.web.ops import activity

__all__ = ["router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50
_PAGES: Final = {
    "account": "accounts",
    "shipment": "orders",
    "subject": "parked",
    "webhook": "webhooks",
    "replay": "replays",
}
_KINDS: Final = (
    "account.",
    "backfill.",
    "code.",
    "replay.",
    "shipment.",
    "shipments.",
    "subject.",
    "token.",
    "webhook.",
)

Name = Annotated[str, StringConstraints(max_length=100)]


class _AuditSearch(Search):
    actor: Name | None = None
    action: Name | None = None
    since: date | None = None
    until: date | None = None


@router.get("/audit")
async def index(visit: Visitor, search: Annotated[_AuditSearch, Query()]) -> Response:
    """List changes, newest first."""
    zone = visit.page.zone()
    listed = await activity.audit(
        visit.caller,
        actor=search.actor,
        action=search.action,
        since=day_start(search.since, zone),
        until=day_end(search.until, zone),
        limit=_ON_A_PAGE,
        cursor=search.cursor,
    )
    return visit.show(
        "audit.html",
        zone=zone,
        search=search,
        items=listed.items,
        next=listed.next,
        kinds=_KINDS,
        leads={item.id: _lead(item.target) for item in listed.items},
        actors=sorted(token.name for token in visit.caller.given.tokens) if visit.caller.accounts is None else (),
    )


def _lead(target: str) -> str | None:
    """Say which page is about a target; some have none."""
    kind, _, name = target.partition(":")
    return f"/console/{_PAGES[kind]}/{name}" if kind in _PAGES else None
