"""The tables: inbox, dedupe ledger, events, shipments (which are the queue), rows, attempts and audit.

One schema for every engine. Ids grow with time, times are microseconds, nested values are JSON, raw bodies are bytes.
"""

from sqlalchemy import text
from sqlalchemy.schema import Column, ForeignKey, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.types import BigInteger, Boolean, Integer, LargeBinary, Text

from app.store.columns import JSON, Instant, Pairs, id_column, partial_index

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


webhooks = Table(
    "webhooks",
    metadata,
    id_column(),
    Column("owner", Text, nullable=False, comment="account or group"),
    Column("carrier", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False, comment="credentials masked"),
    Column("query", Text, nullable=False, comment="credentials masked"),
    Column("headers", Pairs, nullable=False, comment="pairs in order, credentials masked"),
    Column("peer", Text, nullable=False),
    Column("body_sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("secret", Integer, nullable=False, comment="which live secret matched, -1 without"),
    Column("state", Text, nullable=False, comment="stored, mapped, ignored, unmappable"),
    Column("reason", Text),
    Column("adapter_version", Integer),
    Column("mapped_at", Instant),
    Column("map_at", Instant, comment="not to be mapped before: a call that it asks for failed"),
    Column("map_attempts", Integer, nullable=False, server_default="0"),
    Column("notes", JSON, comment="ignored parts and warnings of the mapping"),
    Column("duplicates", Integer, nullable=False, server_default="0"),
    Index("ix_webhooks_carrier", "carrier", "id"),
    Index("ix_webhooks_owner", "owner", "id"),
    Index("ix_webhooks_state", "state", "id"),
)

bodies = Table(
    "bodies",
    metadata,
    Column("webhook_id", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("webhooks.id"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("fetched", LargeBinary, comment="what the webhook pointed to"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("period", Integer, primary_key=True, comment="week of receipt: keeps the busy part of the index small"),
    Column("digest", LargeBinary(16), primary_key=True, comment="of source and delivery identity"),
    Column("webhook_id", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

erased_webhooks = Table(
    "erased_webhooks",
    metadata,
    Column("webhook_id", BigInteger, primary_key=True, autoincrement=False),
    comment="deliveries that the ledger goes on knowing although their bytes were erased",
)

refusals = Table(
    "refusals",
    metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("status", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False, comment="credentials masked"),
    Column("headers", Pairs, nullable=False, comment="credentials masked"),
    Column("peer", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the first kilobytes"),
    Index("ix_refusals_cause", "cause", "id"),
    Index("ix_refusals_owner", "owner", "id"),
)

subjects = Table(
    "subjects",
    metadata,
    id_column(),
    Column("owner", Text, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("numbers", JSON, nullable=False, comment="tracking numbers as shown"),
    Column("references", JSON, nullable=False),
    Column("derived", JSON, nullable=False, server_default="{}", comment="what the source's number rules make of them"),
    Column("state", Text, nullable=False, comment="placed, parked, unmatched, skipped"),
    Column("strategy", Text, comment="which strategy of resolution decided; null when none did"),
    Column("reason", Text),
    Column("cause", Text, comment="of a parked one, in one word of a closed set"),
    Column("since", Instant, nullable=False, comment="when the state began"),
    Column("created_at", Instant, nullable=False),
    Column("placed_at", Instant, comment="when it was placed first"),
    Column("linked_to", BigInteger, comment="the shipment that a person linked it to"),
    Column("lookup_at", Instant, comment="when to ask VTEX for the order that the references name"),
    Column("lookups", Integer, nullable=False, server_default="0"),
    UniqueConstraint("owner", "carrier", "subject"),
    # A person who looks for a tracking number does not know whose it is.
    Index("ix_subjects_subject", "subject"),
    partial_index("ix_subjects_lookup", "lookup_at", "owner", where="lookup_at IS NOT NULL"),
    partial_index("ix_subjects_parked", "since", where="state = 'parked'"),
    partial_index("ix_subjects_parked_id", "id", where="state = 'parked'"),
    partial_index("ix_subjects_unmatched_id", "id", where="state = 'unmatched'"),
    partial_index("ix_subjects_parked_cause", "owner", "carrier", "cause", "state", where="state = 'parked'"),
)

subject_keys = Table(
    "subject_keys",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="number, key, invoice, order"),
    Column("value", Text, primary_key=True, comment="normalised"),
    Column("subject_id", BigInteger, ForeignKey("subjects.id"), primary_key=True),
    Index("ix_subject_keys_subject", "subject_id"),
    comment="what wakes a parked subject",
)

events = Table(
    "events",
    metadata,
    id_column(),
    Column("subject_id", BigInteger, ForeignKey("subjects.id"), nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("webhook_id", BigInteger, nullable=False, comment="which brought it first"),
    Column("received_at", Instant, nullable=False),
    Column("code", Text, nullable=False),
    Column("milestone", Text, nullable=False),
    Column("occurred_at", Instant),
    Column("occurred_text", Text, comment="RFC 3339 in the zone it was read in"),
    Column("time_text", Text, comment="as sent"),
    Column("quality", Text),
    Column("city", Text),
    Column("state", Text),
    Column("description", Text),
    Column("event_id", Text),
    Column("tracking_number", Text),
    Column("reverses", JSON, nullable=False),
    Column("trace", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("revises", BigInteger, comment="the event of an earlier full history that it replaces"),
    UniqueConstraint("subject_id", "fingerprint"),
    Index("ix_events_webhook", "webhook_id"),
    partial_index("ix_events_unknown", "webhook_id", where="milestone = 'UNKNOWN'"),
)

shipments = Table(
    "shipments",
    metadata,
    id_column(),
    Column("account", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("invoice_number", Text, nullable=False),
    Column("invoice_bare", Text, nullable=False, comment="without leading zeros"),
    Column("invoice_key", Text),
    Column("sequence", Text, comment="the order's short number, once VTEX showed it"),
    Column("courier", Text),
    Column("invoiced_at", Instant),
    Column("origin", Text, nullable=False, comment="manual or order"),
    Column("created_at", Instant, nullable=False),
    # The queue: a shipment is due, or it is not. A claim moves ``due_at`` to the end of its lease.
    Column("due_at", Instant),
    Column("retrying", Boolean, nullable=False, server_default=text("false")),
    Column("later", Boolean, nullable=False, server_default=text("false"), comment="due by a replay: goes last"),
    Column("lease", Text, comment="token of the claim that may act"),
    Column("attempts", Integer, nullable=False, server_default="0", comment="since the last success"),
    Column("failing_since", Instant),
    Column("read_after", Instant, comment="read the order before the next PUT, not earlier than this"),
    Column("read_at", Instant, comment="when VTEX's rows were last read"),
    Column("baseline", JSON, nullable=False, server_default="[]", comment="rows of other writers"),
    Column("delivered_date", Text, comment="as sent with the accepted isDelivered"),
    Column("delivered_at", Instant, comment="when VTEX accepted isDelivered"),
    Column("observed_delivered_at", Instant, comment="when an observed one would have been called so"),
    Column("accepted_hash", Text, comment="of the last accepted body"),
    Column("accepted_puts", Integer, nullable=False, server_default="0"),
    Column("split", Boolean, nullable=False, server_default=text("false"), comment="send rows one by one"),
    Column("dead_reason", Text),
    Column("package", JSON, comment="number, courier and URL that VTEX's package has; null while that is not known"),
    Column("registration", Text, comment="what became of writing the number into VTEX; null while nothing did"),
    Column("voices", JSON, nullable=False, server_default="[]", comment="which carrier owned the timeline since when"),
    Column("news_at", Instant, comment="when the latest event of it arrived"),
    Column(
        "quiet_since", Instant, comment="the same while more is to be expected; null when it has arrived or came back"
    ),
    UniqueConstraint("account", "order_id", "invoice_number"),
    Index("ix_shipments_account", "account", "id"),
    partial_index("ix_shipments_quiet", "account", "quiet_since", "id", where="quiet_since IS NOT NULL"),
    partial_index("ix_shipments_due", "account", "later", "retrying", "due_at", where="due_at IS NOT NULL"),
    partial_index("ix_shipments_held", "account", where="lease IS NOT NULL"),
    Index("ix_shipments_key", "account", "invoice_key"),
    Index("ix_shipments_invoice", "account", "invoice_bare"),
    Index("ix_shipments_sequence", "account", "sequence"),
    partial_index("ix_shipments_dead", "account", "id", where="dead_reason IS NOT NULL"),
    # Without an account lists go by id alone.
    partial_index("ix_shipments_dead_id", "id", where="dead_reason IS NOT NULL"),
    partial_index("ix_shipments_due_id", "id", where="due_at IS NOT NULL"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("number", Text, primary_key=True, comment="normalised"),
    Column("shipment_id", BigInteger, ForeignKey("shipments.id"), primary_key=True),
    Column("shown", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("read", Boolean, nullable=False, server_default=text("false"), comment="VTEX showed it in the package"),
    Index("ix_numbers_shipment", "shipment_id"),
)

rows = Table(
    "rows",
    metadata,
    Column("shipment_id", BigInteger, ForeignKey("shipments.id"), primary_key=True),
    Column("event_id", BigInteger, ForeignKey("events.id"), primary_key=True),
    Column("state", Text, nullable=False, comment="pending, sent, applied, skipped, dead, observed, held"),
    Column("reason", Text),
    # Frozen when first sent: later settings touch unsent rows only.
    Column("city", Text),
    Column("uf", Text),
    Column("description", Text),
    Column("date", Text),
    Column("sent_at", Instant),
    Column("applied_at", Instant),
    Column("attempt_id", BigInteger, comment="the call or read that settled it"),
    # Of rows that are only observed: what another writer's timeline shows of the same event.
    Column("likeness", Text, comment="same, reworded; null while VTEX does not show it"),
    Column("shown_at", Instant, comment="when VTEX says that its row was made"),
    Index("ix_rows_event", "event_id"),
    partial_index("ix_rows_open", "shipment_id", where="state IN ('pending', 'sent')"),
    partial_index("ix_rows_held", "shipment_id", where="state = 'held'"),
    partial_index("ix_rows_observed", "shipment_id", where="state = 'observed'"),
    partial_index("ix_rows_dead", "shipment_id", where="state = 'dead'"),
)

attempts = Table(
    "attempts",
    metadata,
    id_column(),
    Column("shipment_id", BigInteger, ForeignKey("shipments.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("call", Text, nullable=False, comment="put, patch or get"),
    Column("lease", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Text, comment="null while in flight"),
    Column("status", Integer),
    Column("detail", Text),
    Column("receipt", Text),
    Column("receipted_at", Instant, comment="the date of the receipt, by VTEX's own clock"),
    Column("body", JSON),
    Column("body_hash", Text),
    Index("ix_attempts_shipment", "shipment_id", "id"),
    partial_index("ix_attempts_applied", "account", "id", where="outcome = 'applied'"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("state", Text, nullable=False, comment="open, paused, probing, held, stopped"),
    Column("until", Instant, comment="when the next call may start"),
    Column("reason", Text),
    Column("changed_at", Instant, nullable=False),
    Column("verdict", Text, comment="what its PUT does: delta, full; null while unknown"),
    Column("verdict_at", Instant),
    Column("evidence", JSON, nullable=False, server_default="[]", comment="the latest samples, newest last"),
    comment="what VTEX's answers and operators did to an account, and what was learnt of it",
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("reason", Text),
    Column("detail", JSON, nullable=False),
    Index("ix_audit_target", "target", "id"),
)
