"""The tables of what operators change at run time: tokens, limits of accounts; and since when a secret is known."""

from sqlalchemy import Column, Float, Integer, Table, Text

from app.store.columns import JSON, Instant
from app.store.schema import metadata

__all__ = ["account_limits", "secrets_seen", "token_uses", "tokens"]

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True, comment="stands in the audit log; never given again"),
    Column("role", Text, nullable=False, comment="viewer, support, operator, admin"),
    Column("accounts", JSON, comment="the accounts that it is limited to; null for all"),
    Column("sha256", Text, nullable=False, unique=True, comment="of the token; the token itself is nowhere"),
    Column("old_sha256", Text, index=True, comment="of the one before the latest rotation"),
    Column("old_until", Instant, comment="until when that one opens as well"),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("rotated_at", Instant),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    comment="keys to the operators' interface that were made at run time",
)

token_uses = Table(
    "token_uses",
    metadata,
    Column("name", Text, primary_key=True),
    Column("used_at", Instant, nullable=False, comment="to some minutes"),
    comment="when tokens were last used, those of the settings as well",
)

secrets_seen = Table(
    "secrets_seen",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("mark", Text, primary_key=True, comment="a slow digest of the secret, salted with its source"),
    Column("since", Instant, nullable=False),
    comment="since when the relay has been configured with a secret",
)

account_limits = Table(
    "account_limits",
    metadata,
    Column("account", Text, primary_key=True),
    Column("rate_per_second", Float, comment="in place of the setting's; null where that holds"),
    Column("concurrency", Integer, comment="the same"),
    comment="how operators limited the calls to accounts",
)
