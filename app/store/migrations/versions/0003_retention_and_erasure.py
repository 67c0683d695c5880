"""Keep what outlives deleted data, so that it does not come back, and say what must not be deleted."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "erasure_keys",
        sa.Column("id", sa.Text(), nullable=False, comment="digest of the key"),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_keys")),
        comment="what the digests of erased orders and numbers are keyed with; one, and more after a restore",
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False, comment="of what was asked to be erased"),
        sa.Column(
            "terms",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="what bodies are searched for; null once that is done",
        ),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="the last webhook that was searched"),
        sa.Column("upto", sa.BigInteger(), nullable=False, comment="the latest webhook that there was"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False, comment="how many went, of all tables"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        comment="erasures by order or number: what they have still to search",
    )
    op.create_index(
        "ix_erasures_open",
        "erasures",
        ["id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "holds",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", "order_id", name=op.f("pk_holds")),
        comment="orders in dispute: nothing of them is deleted",
    )
    op.create_table(
        "mentions",
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "webhook_id", name=op.f("pk_mentions")),
        comment="webhooks that said nothing new of a subject; those that did are named by their events",
    )
    op.create_index("ix_mentions_webhook", "mentions", ["webhook_id"], unique=False)
    op.create_table(
        "remembered",
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False, comment="digest of owner, carrier and subject"),
        sa.Column(
            "event_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="of the deleted event: its order"
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "event_id", name=op.f("pk_remembered")),
        comment="fingerprints of deleted events, so that an old event that comes again is not new",
    )
    op.create_index("ix_remembered_expires_at", "remembered", ["expires_at"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column(
            "digest",
            sa.LargeBinary(length=32),
            nullable=False,
            comment="keyed, of an account and what was erased of it",
        ),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True, comment="numbers are used again by carriers, orders are not"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tombstones")),
        comment="what was erased and must not come back; of the data itself nothing is left",
    )
    op.create_index(
        "ix_tombstones_expires_at",
        "tombstones",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
