"""The tables of a long life: what outlives deleted data so that it does not come back, and what must not be deleted."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from app.store.columns import JSON, Instant, id_column, partial_index
from app.store.schema import metadata

__all__ = ["erasure_keys", "erasures", "holds", "mentions", "remembered", "tombstones"]

remembered = Table(
    "remembered",
    metadata,
    Column("subject", LargeBinary(16), primary_key=True, comment="digest of owner, carrier and subject"),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False, comment="of the deleted event: its order"),
    Column("fingerprint", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_remembered_expires_at", "expires_at"),
    comment="fingerprints of deleted events, so that an old event that comes again is not new",
)

mentions = Table(
    "mentions",
    metadata,
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False),
    Column("webhook_id", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_mentions_webhook", "webhook_id"),
    comment="webhooks that said nothing new of a subject; those that did are named by their events",
)

holds = Table(
    "holds",
    metadata,
    Column("account", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    comment="orders in dispute: nothing of them is deleted",
)

erasure_keys = Table(
    "erasure_keys",
    metadata,
    Column("id", Text, primary_key=True, comment="digest of the key"),
    Column("secret", LargeBinary(32), nullable=False),
    comment="what the digests of erased orders and numbers are keyed with; one, and more after a restore",
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True, comment="keyed, of an account and what was erased of it"),
    Column("key_id", Text, nullable=False),
    Column("erased_at", Instant, nullable=False),
    Column("expires_at", Instant, comment="numbers are used again by carriers, orders are not"),
    partial_index("ix_tombstones_expires_at", "expires_at", where="expires_at IS NOT NULL"),
    comment="what was erased and must not come back; of the data itself nothing is left",
)

erasures = Table(
    "erasures",
    metadata,
    id_column(),
    Column("account", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False, comment="of what was asked to be erased"),
    Column("terms", JSON, comment="what bodies are searched for; null once that is done"),
    Column("position", BigInteger, nullable=False, comment="the last webhook that was searched"),
    Column("upto", BigInteger, nullable=False, comment="the latest webhook that there was"),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("rows", Integer, nullable=False, server_default="0", comment="how many went, of all tables"),
    partial_index("ix_erasures_open", "id", where="ended_at IS NULL"),
    comment="erasures by order or number: what they have still to search",
)
