"""Create the first schema: inbox, ledger, events, shipments, rows, attempts, audit."""

import sqlalchemy as sa
from alembic import op

from app.store.columns import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, paused, probing, held, stopped"),
        sa.Column("until", Instant(), nullable=True, comment="when the next call may start"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True, comment="what its PUT does: delta, full; null while unknown"),
        sa.Column("verdict_at", Instant(), nullable=True),
        sa.Column(
            "evidence",
            sa.JSON(none_as_null=True),
            server_default="[]",
            nullable=False,
            comment="the latest samples, newest last",
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_accounts")),
        comment="what VTEX's answers and operators did to an account, and what was learnt of it",
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_target", "audit", ["target", "id"], unique=False)
    op.create_table(
        "backfills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="asked: by a person; sweep: by the relay, one row per account"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="running, paused, done, cancelled"),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column(
            "rate",
            sa.Float(),
            nullable=True,
            comment="most orders told per second; null for as fast as the account's limits allow",
        ),
        sa.Column(
            "slices",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="spans of time still to be listed, the next one last",
        ),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False, comment="guards against a second process"),
        sa.Column(
            "tail_since",
            Instant(),
            nullable=True,
            comment="the end is listed again from here, once the list has caught up",
        ),
        sa.Column("resume_at", Instant(), nullable=True, comment="nothing is listed before"),
        sa.Column("expected", sa.Integer(), nullable=True, comment="how many orders VTEX said there are"),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "listed", sa.Integer(), server_default="0", nullable=False, comment="told by pages of the slice at hand"
        ),
        sa.Column(
            "unlisted", sa.Integer(), server_default="0", nullable=False, comment="counted by VTEX but not shown"
        ),
        sa.Column("problem", sa.Text(), nullable=True, comment="why it does not get on"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
        comment="looking back over an account's orders",
    )
    op.create_index("ix_backfills_account", "backfills", ["account", "id"], unique=False)
    op.create_index(
        "ix_backfills_running",
        "backfills",
        ["account", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_backfills_sweep",
        "backfills",
        ["account"],
        unique=True,
        sqlite_where=sa.text("kind = 'sweep'"),
        postgresql_where=sa.text("kind = 'sweep'"),
    )
    op.create_table(
        "duties",
        sa.Column("name", sa.Text(), nullable=False, comment="periodic work that one process does for all"),
        sa.Column("holder", sa.Text(), nullable=False, comment="the process; empty when it was given up"),
        sa.Column(
            "beat",
            sa.BigInteger(),
            nullable=False,
            comment="counts takings and renewals; while it stands still, so do they",
        ),
        sa.Column("renewed_at", Instant(), nullable=False, comment="by the holder's clock, for people only"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duties")),
    )
    op.create_table(
        "erased_webhooks",
        sa.Column("webhook_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_erased_webhooks")),
        comment="deliveries that the ledger goes on knowing although their bytes were erased",
    )
    op.create_table(
        "ledger",
        sa.Column(
            "period", sa.Integer(), nullable=False, comment="week of receipt: keeps the busy part of the index small"
        ),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False, comment="of source and delivery identity"),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("period", "digest", name=op.f("pk_ledger")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "match_counts",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("subjects", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("placed_within_hour", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("placed", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("owner", "carrier", name=op.f("pk_match_counts")),
        comment="how many subjects of a source came, and how many of them found their shipment",
    )
    op.create_table(
        "order_hooks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=True,
            comment="what was last found at VTEX: none, ours, differs, foreign, unknown",
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="where the hook that was found leads, without credentials"),
        sa.Column("problem", sa.Text(), nullable=True, comment="what is wrong with it, or why that is not known"),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column(
            "kept_url",
            sa.Text(),
            nullable=True,
            comment="where this relay's own hook leads; it is made again when VTEX deletes it; empty: it was removed",
        ),
        sa.Column("restored_at", Instant(), nullable=True, comment="when it was last made again"),
        sa.Column(
            "stranger",
            sa.Text(),
            nullable=True,
            comment="an account of another name that notifications with the right key were about",
        ),
        sa.Column("stranger_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_order_hooks")),
        comment="VTEX's order hook of each account",
    )
    op.create_table(
        "orders",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False, comment="as it was told"),
        sa.Column("source", sa.Text(), nullable=False, comment="who told of it last"),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column(
            "changed_at",
            Instant(),
            nullable=True,
            comment="the latest change that was told and is to be read, by VTEX's clock",
        ),
        sa.Column("state", sa.Text(), nullable=True, comment="VTEX's word for the state that was told last"),
        sa.Column("due_at", Instant(), nullable=True, comment="as that of shipments"),
        sa.Column("urgent", sa.Boolean(), nullable=False, comment="told as it happened, not found while looking back"),
        sa.Column("lease", sa.Text(), nullable=True, comment="token of the claim that may settle it"),
        sa.Column(
            "tellings", sa.Integer(), server_default="1", nullable=False, comment="a read covers those from before it"
        ),
        sa.Column(
            "echoes", sa.Integer(), server_default="0", nullable=False, comment="tellings of what the relay itself did"
        ),
        sa.Column(
            "tries",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="reads since it was told that found no order",
        ),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why it could not be read; with no due_at it was given up"
        ),
        sa.Column("read_at", Instant(), nullable=True, comment="when the read began that last showed it"),
        sa.Column("invoiced_at", Instant(), nullable=True, comment="when its latest package was invoiced"),
        sa.Column(
            "incomplete", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a number is to come"
        ),
        sa.PrimaryKeyConstraint("account", "order_id", name=op.f("pk_orders")),
        comment="what VTEX told of its orders, and when they are to be read",
    )
    op.create_index(
        "ix_orders_due",
        "orders",
        ["account", "urgent", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_failed",
        "orders",
        ["account", "told_at"],
        unique=False,
        sqlite_where=sa.text("reason IS NOT NULL"),
        postgresql_where=sa.text("reason IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_settled",
        "orders",
        ["told_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NULL"),
        postgresql_where=sa.text("due_at IS NULL"),
    )
    op.create_table(
        "overrides",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("milestone", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "carrier", "code", name=op.f("pk_overrides")),
        comment="what operators said that single codes of a source mean, over its settings and its adapter",
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="credentials masked"),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False, comment="credentials masked"),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the first kilobytes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index("ix_refusals_cause", "refusals", ["cause", "id"], unique=False)
    op.create_index("ix_refusals_owner", "refusals", ["owner", "id"], unique=False)
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "token", sa.Text(), nullable=False, comment="what the preview gave out: whoever has it saw what it showed"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="previewed, running, paused, done, cancelled"),
        sa.Column(
            "wanted",
            sa.JSON(none_as_null=True),
            nullable=False,
            comment="which webhooks, with the accounts that its maker may see",
        ),
        sa.Column("upto", sa.BigInteger(), nullable=False, comment="the latest webhook that there was at the preview"),
        sa.Column(
            "position", sa.BigInteger(), server_default="0", nullable=False, comment="the last webhook that was read"
        ),
        sa.Column(
            "expected",
            sa.Integer(),
            nullable=False,
            comment="how many there were at the preview, at most as many as asked",
        ),
        sa.Column("most", sa.Integer(), nullable=True, comment="how many are read at most"),
        sa.Column("rate", sa.Float(), nullable=True, comment="most webhooks read per second"),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new_events", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "changed", sa.Integer(), server_default="0", nullable=False, comment="events that were read differently"
        ),
        sa.Column(
            "failures",
            sa.JSON(none_as_null=True),
            server_default="[]",
            nullable=False,
            comment="the first that failed, with the reason",
        ),
        sa.Column("problem", sa.Text(), nullable=True, comment="why it does not get on"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replays")),
        comment="reading many webhooks again",
    )
    op.create_index(
        "ix_replays_running",
        "replays",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "sessions",
        sa.Column(
            "digest",
            sa.Text(),
            nullable=False,
            comment="of the session's id; the id itself is nowhere but in the cookie",
        ),
        sa.Column("holder", sa.Text(), nullable=False, comment="the token's name"),
        sa.Column(
            "proof", sa.Text(), nullable=False, comment="binds the session to that token as it was; tells nothing of it"
        ),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_seen_at", "sessions", ["seen_at"], unique=False)
    op.create_table(
        "shipments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("invoice_number", sa.Text(), nullable=False),
        sa.Column("invoice_bare", sa.Text(), nullable=False, comment="without leading zeros"),
        sa.Column("invoice_key", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Text(), nullable=True, comment="the order's short number, once VTEX showed it"),
        sa.Column("courier", sa.Text(), nullable=True),
        sa.Column("invoiced_at", Instant(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False, comment="manual or order"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("retrying", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "later", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="due by a replay: goes last"
        ),
        sa.Column("lease", sa.Text(), nullable=True, comment="token of the claim that may act"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False, comment="since the last success"),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column(
            "read_after", Instant(), nullable=True, comment="read the order before the next PUT, not earlier than this"
        ),
        sa.Column("read_at", Instant(), nullable=True, comment="when VTEX's rows were last read"),
        sa.Column(
            "baseline", sa.JSON(none_as_null=True), server_default="[]", nullable=False, comment="rows of other writers"
        ),
        sa.Column("delivered_date", sa.Text(), nullable=True, comment="as sent with the accepted isDelivered"),
        sa.Column("delivered_at", Instant(), nullable=True, comment="when VTEX accepted isDelivered"),
        sa.Column(
            "observed_delivered_at", Instant(), nullable=True, comment="when an observed one would have been called so"
        ),
        sa.Column("accepted_hash", sa.Text(), nullable=True, comment="of the last accepted body"),
        sa.Column("accepted_puts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "split", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="send rows one by one"
        ),
        sa.Column("dead_reason", sa.Text(), nullable=True),
        sa.Column(
            "package",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="number, courier and URL that VTEX's package has; null while that is not known",
        ),
        sa.Column(
            "registration",
            sa.Text(),
            nullable=True,
            comment="what became of writing the number into VTEX; null while nothing did",
        ),
        sa.Column(
            "voices",
            sa.JSON(none_as_null=True),
            server_default="[]",
            nullable=False,
            comment="which carrier owned the timeline since when",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("account", "order_id", "invoice_number", name=op.f("uq_shipments_account")),
    )
    op.create_index(
        "ix_shipments_dead",
        "shipments",
        ["account", "id"],
        unique=False,
        sqlite_where=sa.text("dead_reason IS NOT NULL"),
        postgresql_where=sa.text("dead_reason IS NOT NULL"),
    )
    op.create_index(
        "ix_shipments_dead_id",
        "shipments",
        ["id"],
        unique=False,
        sqlite_where=sa.text("dead_reason IS NOT NULL"),
        postgresql_where=sa.text("dead_reason IS NOT NULL"),
    )
    op.create_index(
        "ix_shipments_due",
        "shipments",
        ["account", "later", "retrying", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_shipments_due_id",
        "shipments",
        ["id"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_invoice", "shipments", ["account", "invoice_bare"], unique=False)
    op.create_index("ix_shipments_key", "shipments", ["account", "invoice_key"], unique=False)
    op.create_index("ix_shipments_sequence", "shipments", ["account", "sequence"], unique=False)
    op.create_table(
        "subjects",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(none_as_null=True), nullable=False, comment="tracking numbers as shown"),
        sa.Column("references", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "derived",
            sa.JSON(none_as_null=True),
            server_default="{}",
            nullable=False,
            comment="what the source's number rules make of them",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="placed, parked, unmatched, skipped"),
        sa.Column(
            "strategy", sa.Text(), nullable=True, comment="which strategy of resolution decided; null when none did"
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True, comment="of a parked one, in one word of a closed set"),
        sa.Column("since", Instant(), nullable=False, comment="when the state began"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("placed_at", Instant(), nullable=True, comment="when it was placed first"),
        sa.Column("linked_to", sa.BigInteger(), nullable=True, comment="the shipment that a person linked it to"),
        sa.Column(
            "lookup_at", Instant(), nullable=True, comment="when to ask VTEX for the order that the references name"
        ),
        sa.Column("lookups", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sa.UniqueConstraint("owner", "carrier", "subject", name=op.f("uq_subjects_owner")),
    )
    op.create_index(
        "ix_subjects_lookup",
        "subjects",
        ["lookup_at", "owner"],
        unique=False,
        sqlite_where=sa.text("lookup_at IS NOT NULL"),
        postgresql_where=sa.text("lookup_at IS NOT NULL"),
    )
    op.create_index(
        "ix_subjects_parked",
        "subjects",
        ["since"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "ix_subjects_parked_cause",
        "subjects",
        ["owner", "carrier", "cause", "state"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index(
        "ix_subjects_parked_id",
        "subjects",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'parked'"),
        postgresql_where=sa.text("state = 'parked'"),
    )
    op.create_index("ix_subjects_subject", "subjects", ["subject"], unique=False)
    op.create_index(
        "ix_subjects_unmatched_id",
        "subjects",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'unmatched'"),
        postgresql_where=sa.text("state = 'unmatched'"),
    )
    op.create_table(
        "tallies",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False, comment="empty for calls to VTEX"),
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False, comment="since 1970"),
        sa.Column("kind", sa.Text(), nullable=False, comment="mapped, ignored, unmappable, applied, failed"),
        sa.Column(
            "node", sa.Integer(), autoincrement=False, nullable=False, comment="of the process: none waits for another"
        ),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "carrier", "hour", "kind", "node", name=op.f("pk_tallies")),
        comment="what happened hour by hour, counted as it happens so that nobody has to count rows",
    )
    op.create_table(
        "unknown_codes",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="events that carried it"),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False, comment="the latest that brought it"),
        sa.PrimaryKeyConstraint("owner", "carrier", "code", name=op.f("pk_unknown_codes")),
        comment="codes that their adapter did not list when they came",
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment="account or group"),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="credentials masked"),
        sa.Column("query", sa.Text(), nullable=False, comment="credentials masked"),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=False, comment="pairs in order, credentials masked"),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("secret", sa.Integer(), nullable=False, comment="which live secret matched, -1 without"),
        sa.Column("state", sa.Text(), nullable=False, comment="stored, mapped, ignored, unmappable"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("adapter_version", sa.Integer(), nullable=True),
        sa.Column("mapped_at", Instant(), nullable=True),
        sa.Column(
            "map_at", Instant(), nullable=True, comment="not to be mapped before: a call that it asks for failed"
        ),
        sa.Column("map_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "notes", sa.JSON(none_as_null=True), nullable=True, comment="ignored parts and warnings of the mapping"
        ),
        sa.Column("duplicates", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_carrier", "webhooks", ["carrier", "id"], unique=False)
    op.create_index("ix_webhooks_owner", "webhooks", ["owner", "id"], unique=False)
    op.create_index("ix_webhooks_state", "webhooks", ["state", "id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False, comment="put, patch or get"),
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="null while in flight"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("receipted_at", Instant(), nullable=True, comment="the date of the receipt, by VTEX's own clock"),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_attempts_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(
        "ix_attempts_applied",
        "attempts",
        ["account", "id"],
        unique=False,
        sqlite_where=sa.text("outcome = 'applied'"),
        postgresql_where=sa.text("outcome = 'applied'"),
    )
    op.create_index("ix_attempts_shipment", "attempts", ["shipment_id", "id"], unique=False)
    op.create_table(
        "bodies",
        sa.Column("webhook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched", sa.LargeBinary(), nullable=True, comment="what the webhook pointed to"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_bodies_webhook_id")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_bodies")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False, comment="which brought it first"),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("milestone", sa.Text(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=True),
        sa.Column("occurred_text", sa.Text(), nullable=True, comment="RFC 3339 in the zone it was read in"),
        sa.Column("time_text", sa.Text(), nullable=True, comment="as sent"),
        sa.Column("quality", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("reverses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("trace", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "revises", sa.BigInteger(), nullable=True, comment="the event of an earlier full history that it replaces"
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_events_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("subject_id", "fingerprint", name=op.f("uq_events_subject_id")),
    )
    op.create_index(
        "ix_events_unknown",
        "events",
        ["webhook_id"],
        unique=False,
        sqlite_where=sa.text("milestone = 'UNKNOWN'"),
        postgresql_where=sa.text("milestone = 'UNKNOWN'"),
    )
    op.create_index("ix_events_webhook", "events", ["webhook_id"], unique=False)
    op.create_table(
        "numbers",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="normalised"),
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column(
            "read",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="VTEX showed it in the package",
        ),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_numbers_shipment_id")),
        sa.PrimaryKeyConstraint("account", "number", "shipment_id", name=op.f("pk_numbers")),
    )
    op.create_index("ix_numbers_shipment", "numbers", ["shipment_id"], unique=False)
    op.create_table(
        "subject_keys",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="number, key, invoice, order"),
        sa.Column("value", sa.Text(), nullable=False, comment="normalised"),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_subject_keys_subject_id")),
        sa.PrimaryKeyConstraint("account", "kind", "value", "subject_id", name=op.f("pk_subject_keys")),
        comment="what wakes a parked subject",
    )
    op.create_index("ix_subject_keys_subject", "subject_keys", ["subject_id"], unique=False)
    op.create_table(
        "rows",
        sa.Column("shipment_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, sent, applied, skipped, dead, observed, held"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("uf", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("date", sa.Text(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True, comment="the call or read that settled it"),
        sa.Column("likeness", sa.Text(), nullable=True, comment="same, reworded; null while VTEX does not show it"),
        sa.Column("shown_at", Instant(), nullable=True, comment="when VTEX says that its row was made"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_rows_event_id")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name=op.f("fk_rows_shipment_id")),
        sa.PrimaryKeyConstraint("shipment_id", "event_id", name=op.f("pk_rows")),
    )
    op.create_index(
        "ix_rows_dead",
        "rows",
        ["shipment_id"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index("ix_rows_event", "rows", ["event_id"], unique=False)
    op.create_index(
        "ix_rows_held",
        "rows",
        ["shipment_id"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_rows_observed",
        "rows",
        ["shipment_id"],
        unique=False,
        sqlite_where=sa.text("state = 'observed'"),
        postgresql_where=sa.text("state = 'observed'"),
    )
    op.create_index(
        "ix_rows_open",
        "rows",
        ["shipment_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'sent')"),
        postgresql_where=sa.text("state IN ('pending', 'sent')"),
    )
