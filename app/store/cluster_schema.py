"""The tables of what processes that share a database must know of each other."""

from sqlalchemy import Column, Float, Integer, Table, Text

from app.store.columns import Instant
from app.store.schema import metadata

__all__ = ["budgets", "compatibility", "nodes"]

nodes = Table(
    "nodes",
    metadata,
    Column("node", Integer, primary_key=True, autoincrement=False, comment="stands in the ids that the process makes"),
    Column("holder", Text, nullable=False, comment="the process"),
    Column("role", Text, nullable=False, comment="what it does: all, ingest, forward, ops"),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, comment="by the server's clock; it is renewed long before"),
    comment="the processes that share the database, each with a number of its own",
)

compatibility = Table(
    "compatibility",
    metadata,
    Column(
        "served_from", Text, primary_key=True, comment="the revision of the oldest release that works on this database"
    ),
    comment="one row, written by whoever migrates: which releases may use the database",
)

budgets = Table(
    "budgets",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tokens", Float, nullable=False, comment="calls that could start at that time; below 0 it was overdrawn"),
    Column("filled_at", Instant, nullable=False),
    comment="how many calls of an account all processes together may start",
)
