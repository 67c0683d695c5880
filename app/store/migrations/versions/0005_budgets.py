"""Let the limits of an account hold for all processes together, and find what they have in flight."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0005"
down_revision = "0004"

_HELD = sa.text("lease IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column(
            "tokens",
            sa.Float(),
            nullable=False,
            comment="calls that could start at that time; below 0 it was overdrawn",
        ),
        sa.Column("filled_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_budgets")),
        comment="how many calls of an account all processes together may start",
    )
    for table in ("shipments", "orders"):
        op.create_index(f"ix_{table}_held", table, ["account"], sqlite_where=_HELD, postgresql_where=_HELD)
