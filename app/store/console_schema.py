"""The tables behind the console: who is logged in, what was counted for its charts, and codes that nobody knew."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from app.store.columns import Instant
from app.store.schema import metadata

__all__ = ["match_counts", "overrides", "sessions", "tallies", "unknown_codes"]

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True, comment="of the session's id; the id itself is nowhere but in the cookie"),
    Column("holder", Text, nullable=False, comment="the token's name"),
    Column("proof", Text, nullable=False, comment="binds the session to that token as it was; tells nothing of it"),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_sessions_seen_at", "seen_at"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("carrier", Text, primary_key=True, comment="empty for calls to VTEX"),
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="since 1970"),
    Column("kind", Text, primary_key=True, comment="mapped, ignored, unmappable, applied, failed"),
    Column("node", Integer, primary_key=True, autoincrement=False, comment="of the process: none waits for another"),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Instant, comment="when it happened last"),
    Index("ix_tallies_hour", "hour"),
    comment="what happened hour by hour, counted as it happens so that nobody has to count rows",
)

unknown_codes = Table(
    "unknown_codes",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("count", BigInteger, nullable=False, comment="events that carried it"),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("webhook_id", BigInteger, nullable=False, comment="the latest that brought it"),
    comment="codes that their adapter did not list when they came",
)

match_counts = Table(
    "match_counts",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("subjects", BigInteger, nullable=False, server_default="0"),
    Column("placed_within_hour", BigInteger, nullable=False, server_default="0"),
    Column("placed", BigInteger, nullable=False, server_default="0"),
    comment="how many subjects of a source came, and how many of them found their shipment",
)

overrides = Table(
    "overrides",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("milestone", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    comment="what operators said that single codes of a source mean, over its settings and its adapter",
)
