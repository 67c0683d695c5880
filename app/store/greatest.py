"""The greatest id that is in use."""

from typing import Final

from sqlalchemy import Connection, text

__all__ = ["WITH_IDS", "greatest_id"]

WITH_IDS: Final = (
    "alarms",
    "attempts",
    "audit",
    "backfills",
    "erasures",
    "events",
    "presences",
    "refusals",
    "replays",
    "shipments",
    "subjects",
    "turned_away",
    "webhooks",
)
"""The tables whose ids `Ids` makes: named here, so that a start needs no declarations of them and one statement."""

_ALL: Final = " UNION ALL ".join(f"SELECT max(id) AS id FROM {table}" for table in WITH_IDS)  # noqa: S608 - our names
_GREATEST: Final = f"SELECT max(id) FROM ({_ALL}) AS greatest"  # noqa: S608


def greatest_id(connection: Connection) -> int:
    """Return the greatest id that any table holds, 0 when all are empty."""
    return int(connection.execute(text(_GREATEST)).scalar() or 0)
