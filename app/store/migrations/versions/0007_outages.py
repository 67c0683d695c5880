"""Know when no process could take webhooks, and which sources were turned away; remember what alert_url was told of."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "presences",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False, comment="when the process was last seen able to take webhooks"),
        sa.Column("ended", sa.Text(), comment="stopped, suspended; null of one that goes on or vanished"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presences")),
        comment="when a process could take webhooks; what no row covers is a gap",
    )
    op.create_index("ix_presences_until", "presences", ["until"])
    op.create_table(
        "turned_away",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="refused, failed"),
        sa.Column("cause", sa.Text(), nullable=False, comment="of the latest: the slug of its problem, or disk"),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False, comment="when the latest was turned away"),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column(
            "taken", sa.BigInteger(), nullable=False, comment="webhooks of the source that were taken in between"
        ),
        sa.Column("is_over", sa.Boolean(), nullable=False, comment="whether one was taken since the latest"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turned_away")),
        comment="requests of a source that were refused or failed, as spans of time that a process saw",
    )
    op.create_index("ix_turned_away_until", "turned_away", ["until"])
    op.create_table(
        "alarms",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="the account or source; empty for the relay"),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_alarms")),
        comment="what alert_url was told of, and has not ended",
    )
