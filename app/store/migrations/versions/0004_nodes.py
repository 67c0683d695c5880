"""Give each process that shares a database a number of its own."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column(
            "node",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="stands in the ids that the process makes",
        ),
        sa.Column("holder", sa.Text(), nullable=False, comment="the process"),
        sa.Column("role", sa.Text(), nullable=False, comment="what it does: all, ingest, forward, ops"),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False, comment="by the server's clock; it is renewed long before"),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_nodes")),
        comment="the processes that share the database, each with a number of its own",
    )
