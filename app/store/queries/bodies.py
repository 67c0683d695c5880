"""Webhooks by what stands in their bodies: looked for among so few that reading them all is no burden."""

import json
from typing import Final

from sqlalchemy import Connection, select

from app.store.queries.paging import Page
from app.store.queries.webhooks import WebhookFilter, WebhookSummary, looked_through, matching, summaries_of
from app.store.schema import bodies, webhooks

__all__ = ["SEARCHED", "search_bodies"]

SEARCHED: Final = 10_000
"""Among how many webhooks a text is looked for at most."""
_AT_ONCE: Final = 1_000


def search_bodies(
    connection: Connection, wanted: WebhookFilter, text: str, *, before: int | None, limit: int
) -> Page[WebhookSummary] | None:
    """List the webhooks whose bodies hold a text, newest first; None when too many would have to be read."""
    found_by, times = looked_through(connection, wanted)
    query = select(webhooks.c.id).where(*matching(wanted), *times).order_by(webhooks.c.id.desc())
    if found_by is not None:
        if found_by.floor(connection) is not None:
            return None
        query = found_by.hinted(query)
    ids = connection.execute(query.limit(SEARCHED + 1)).scalars().all()
    if len(ids) > SEARCHED:
        return None
    needles = {text.encode("utf-8", "surrogatepass"), _escaped(text)}
    wanted_ids = [id_ for id_ in ids if before is None or id_ < before]
    found: list[int] = []
    for start in range(0, len(wanted_ids), _AT_ONCE):
        some = wanted_ids[start : start + _AT_ONCE]
        held = select(bodies.c.webhook_id, bodies.c.body).where(bodies.c.webhook_id.in_(some))
        hits = {row.webhook_id for row in connection.execute(held) if any(each in row.body for each in needles)}
        found += [id_ for id_ in some if id_ in hits]
        if len(found) > limit:
            break
    shown = found[:limit]
    return Page(items=summaries_of(connection, shown), before=shown[-1] if len(found) > limit else None)


def _escaped(text: str) -> bytes:
    """Write a text as those do whose JSON is ASCII only."""
    return json.dumps(text)[1:-1].encode()
