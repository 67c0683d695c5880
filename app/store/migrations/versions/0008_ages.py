"""Find what was counted long ago."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_tallies_hour", "tallies", ["hour"])
