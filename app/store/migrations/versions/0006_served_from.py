"""Say in the database which releases work on it: those of before need not stop for a migration that only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "compatibility",
        sa.Column(
            "served_from",
            sa.Text(),
            nullable=False,
            comment="the revision of the oldest release that works on this database",
        ),
        sa.PrimaryKeyConstraint("served_from", name=op.f("pk_compatibility")),
        comment="one row, written by whoever migrates: which releases may use the database",
    )
