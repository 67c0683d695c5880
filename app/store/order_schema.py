"""The table of what VTEX tells of its orders: which are to be read, and when."""

from sqlalchemy import Boolean, Column, Integer, Table, Text, text

from app.store.columns import Instant, partial_index
from app.store.schema import metadata

__all__ = ["orders"]

orders = Table(
    "orders",
    metadata,
    Column("account", Text, primary_key=True),
    Column("order_id", Text, primary_key=True, comment="as it was told"),
    Column("source", Text, nullable=False, comment="who told of it last"),
    Column("told_at", Instant, nullable=False),
    Column("changed_at", Instant, comment="the latest change that was told and is to be read, by VTEX's clock"),
    Column("state", Text, comment="VTEX's word for the state that was told last"),
    Column("due_at", Instant, comment="as that of shipments"),
    Column("urgent", Boolean, nullable=False, comment="told as it happened, not found while looking back"),
    Column("lease", Text, comment="token of the claim that may settle it"),
    Column("tellings", Integer, nullable=False, server_default="1", comment="a read covers those from before it"),
    Column("echoes", Integer, nullable=False, server_default="0", comment="tellings of what the relay itself did"),
    Column("tries", Integer, nullable=False, server_default="0", comment="reads since it was told that found no order"),
    Column("failing_since", Instant),
    Column("reason", Text, comment="why it could not be read; with no due_at it was given up"),
    Column("read_at", Instant, comment="when the read began that last showed it"),
    Column("invoiced_at", Instant, comment="when its latest package was invoiced"),
    Column("incomplete", Boolean, nullable=False, server_default=text("false"), comment="a number is to come"),
    partial_index("ix_orders_due", "account", "urgent", "due_at", where="due_at IS NOT NULL"),
    partial_index("ix_orders_held", "account", where="lease IS NOT NULL"),
    partial_index("ix_orders_failed", "account", "told_at", where="reason IS NOT NULL"),
    partial_index("ix_orders_settled", "told_at", where="due_at IS NULL"),
    comment="what VTEX told of its orders, and when they are to be read",
)
