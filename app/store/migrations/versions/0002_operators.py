"""Keep when each parcel was last heard of, tokens made at run time, operators' limits, and since when secrets stand."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0002"
down_revision = "0001"

_STILL_OPEN = sa.text("quiet_since IS NOT NULL")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        # Whoever waits for a lock makes everybody wait who comes after: rather fail, and be run again.
        op.execute("SET LOCAL lock_timeout = '10s'")
        op.execute("SET LOCAL statement_timeout = '15min'")
    _tables()
    op.add_column("tallies", sa.Column("last_at", Instant(), nullable=True, comment="when it happened last"))
    op.add_column(
        "shipments", sa.Column("news_at", Instant(), nullable=True, comment="when the latest event of it arrived")
    )
    op.add_column(
        "shipments",
        sa.Column(
            "quiet_since",
            Instant(),
            nullable=True,
            comment="the same while more is to be expected; null when it has arrived or came back",
        ),
    )
    _fill()
    op.create_index("ix_shipments_account", "shipments", ["account", "id"], unique=False)
    op.create_index(
        "ix_shipments_quiet",
        "shipments",
        ["account", "quiet_since", "id"],
        unique=False,
        sqlite_where=_STILL_OPEN,
        postgresql_where=_STILL_OPEN,
    )


def _tables() -> None:
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text(), nullable=False, comment="stands in the audit log; never given again"),
        sa.Column("role", sa.Text(), nullable=False, comment="viewer, support, operator, admin"),
        sa.Column(
            "accounts",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="the accounts that it is limited to; null for all",
        ),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the token; the token itself is nowhere"),
        sa.Column("old_sha256", sa.Text(), nullable=True, comment="of the one before the latest rotation"),
        sa.Column("old_until", Instant(), nullable=True, comment="until when that one opens as well"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("rotated_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tokens")),
        sa.UniqueConstraint("sha256", name=op.f("uq_tokens_sha256")),
        comment="keys to the operators' interface that were made at run time",
    )
    op.create_index("ix_tokens_old_sha256", "tokens", ["old_sha256"], unique=False)
    op.create_table(
        "token_uses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False, comment="to some minutes"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_token_uses")),
        comment="when tokens were last used, those of the settings as well",
    )
    op.create_table(
        "secrets_seen",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False, comment="a slow digest of the secret, salted with its source"),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "carrier", "mark", name=op.f("pk_secrets_seen")),
        comment="since when the relay has been configured with a secret",
    )
    op.create_table(
        "account_limits",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column(
            "rate_per_second", sa.Float(), nullable=True, comment="in place of the setting's; null where that holds"
        ),
        sa.Column("concurrency", sa.Integer(), nullable=True, comment="the same"),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_limits")),
        comment="how operators limited the calls to accounts",
    )


def _fill() -> None:
    """Find out of the parcels that are known already when they were last heard of."""
    op.execute(
        "UPDATE shipments SET news_at = (SELECT max(events.received_at) FROM rows "
        "JOIN events ON events.id = rows.event_id WHERE rows.shipment_id = shipments.id)"
    )
    op.execute(
        "UPDATE shipments SET quiet_since = news_at WHERE news_at IS NOT NULL AND delivered_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM rows JOIN events ON events.id = rows.event_id "
        "WHERE rows.shipment_id = shipments.id AND events.milestone IN ('DELIVERED', 'RETURNED', 'CANCELLED'))"
    )
