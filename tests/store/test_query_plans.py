"""Work is found through an index, whatever else the tables hold."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from app.store import BeginSweep, ClaimLookups, ClaimOrders, Requeue, Store, TellOrders, ToldOrder, next_order
from app.store.backfill_jobs import recent_backfills
from app.store.backfills import next_backfill
from app.store.lookups import ExpireParked, next_lookup
from app.store.queries import (
    AttemptFilter,
    AuditFilter,
    EventFilter,
    RefusalFilter,
    ShipmentFilter,
    SubjectFilter,
    WebhookFilter,
    account_overviews,
    count_quiet,
    list_attempts,
    list_audit,
    list_events,
    list_refusals,
    list_shipments,
    list_subjects,
    list_webhooks,
    parked_causes,
    quiet_shipments,
    search,
    search_bodies,
)
from app.store.queries.backlog import waiting
from app.store.reads_left import being_read, waiting_reads
from app.store.redriving import dead_causes, given_up
from app.store.tables import metadata
from app.store.tallies import tallies_since
from app.store.unread import unmapped

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)

NEVER_SCANNED = {"an order by whatever is known of it", "why it was", "causes", "accounts"}
BOUNDED = {
    "webhooks",
    "webhooks of an account",
    "webhooks of several accounts",
    "webhooks of a carrier",
    "unmappable webhooks of an account and carrier",
    "webhooks that brought a code",
    "webhooks of a time",
    "events",
    "events of a code and time",
    "attempts that failed",
    "attempts of a time",
    "the audit log",
    "what one did",
    "what was done to one thing",
    "parked subjects",
    "unmatched subjects of a carrier",
    "shipments",
    "an account's shipments",
    "shipments that no carrier told of",
    "shipments that are due",
    "shipments that were given up",
    "an account's shipments that were given up",
}
"""Lists that look through so many rows at most, in the order of their ids: nothing is sorted or read ahead."""

QUERIES = {
    "webhooks that are not mapped": (lambda connection: unmapped(connection, 10, NOW), ["ix_webhooks_state"]),
    "what waits": (
        lambda connection: waiting(connection, NOW),
        ["ix_orders_due", "ix_rows_dead", "ix_shipments_due", "ix_subjects_parked"],
    ),
    "subjects parked for too long": (lambda c: ExpireParked(before=NOW, now=NOW).run(c), ["ix_subjects_parked"]),
    "look-ups": (next_lookup, ["ix_subjects_lookup"]),
    "look-ups to make": (
        lambda c: ClaimLookups(limit=9, lease=LEASE, now=NOW, without=["busy"]).run(c),
        ["ix_subjects_lookup"],
    ),
    "what to list next": (lambda c: next_backfill(c, "a"), ["ix_backfills_running"]),
    "reads that hold a backfill back": (lambda c: waiting_reads(c, "a", NOW, 9), ["COVERING INDEX ix_orders_due"]),
    "reads that are being made": (lambda c: being_read(c, "a", NOW, 9), ["ix_orders_due (account=? AND urgent=? AND"]),
    "an account's sweep": (
        lambda c: BeginSweep(account="a", every=LEASE, first=LEASE, overlap=LEASE, id=1, now=NOW).run(c),
        ["ix_backfills_sweep"],
    ),
    "an account's backfills": (
        lambda c: recent_backfills(c, ["a"], state=None, before=None, limit=9),
        ["ix_backfills_account"],
    ),
    "orders to read": (
        lambda c: ClaimOrders(
            free={"a": 1}, slots=2, later_slots=1, lease={"a": LEASE}, probe_every={"a": LEASE}, now=NOW
        ).run(c),
        ["ix_orders_due"],
    ),
    "the next order to read": (lambda connection: next_order(connection, ["a"]), ["ix_orders_due"]),
    "writes that a telling may echo": (
        lambda c: TellOrders(account="a", told=(ToldOrder(order_id="1", changed_at=NOW),), source="hook", now=NOW).run(
            c
        ),
        ["sqlite_autoindex_orders_1", "sqlite_autoindex_shipments_1", "ix_attempts_shipment"],
    ),
    "causes": (lambda c: parked_causes(c, None), ["COVERING INDEX ix_subjects_parked_cause"]),
    "parked subjects": (
        lambda c: list_subjects(c, SubjectFilter(state="parked"), before=7, limit=9),
        ["ix_subjects_parked_id"],
    ),
    "unmatched subjects": (
        lambda c: list_subjects(c, SubjectFilter(state="unmatched"), before=None, limit=9),
        ["ix_subjects_unmatched_id"],
    ),
    "what happened hour by hour": (lambda c: tallies_since(c, ["a", "b"], NOW), ["sqlite_autoindex_tallies_1"]),
    "webhooks": (lambda c: list_webhooks(c, WebhookFilter(), before=7, limit=9), ["USING INTEGER PRIMARY KEY"]),
    "webhooks of an account": (
        lambda c: list_webhooks(c, WebhookFilter(owners=("a",)), before=7, limit=9),
        ["ix_webhooks_owner (owner=? AND id<?)"],
    ),
    "webhooks of several accounts": (
        lambda c: list_webhooks(c, WebhookFilter(owners=("a", "b"), carrier="x"), before=7, limit=9),
        ["ix_webhooks_carrier (carrier=? AND id<?)"],
    ),
    "webhooks of a carrier": (
        lambda c: list_webhooks(c, WebhookFilter(carrier="x"), before=7, limit=9),
        ["ix_webhooks_carrier (carrier=? AND id<?)"],
    ),
    "unmappable webhooks of an account and carrier": (
        lambda c: list_webhooks(c, WebhookFilter(owners=("a",), carrier="x", state="unmappable"), before=7, limit=9),
        ["ix_webhooks_state (state=? AND id<?)"],
    ),
    "webhooks that brought a code": (
        lambda c: list_webhooks(c, WebhookFilter(code="BDE/01", milestone="EXCEPTION"), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY", "ix_events_webhook"],
    ),
    "webhooks of a time": (
        lambda c: list_webhooks(c, WebhookFilter(since=NOW, until=NOW), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "webhooks of a tracking number": (
        lambda c: list_webhooks(c, WebhookFilter(tracking_number="QX1", accounts=("a",)), before=7, limit=9),
        ["ix_subjects_subject", "sqlite_autoindex_numbers_1", "sqlite_autoindex_rows_1", "sqlite_autoindex_events_1"],
    ),
    "bodies": (
        lambda c: search_bodies(c, WebhookFilter(owners=("a",)), "text", before=None, limit=9),
        ["ix_webhooks_owner (owner=?)"],
    ),
    "events": (lambda c: list_events(c, EventFilter(), before=7, limit=9), ["USING INTEGER PRIMARY KEY"]),
    "events of a code and time": (
        lambda c: list_events(
            c, EventFilter(owners=("a",), code="1", milestone="X", placed=True, since=NOW), before=7, limit=9
        ),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "events of a tracking number": (
        lambda c: list_events(c, EventFilter(tracking_number="QX1"), before=7, limit=9),
        ["ix_subjects_subject", "sqlite_autoindex_events_1"],
    ),
    "attempts that failed": (
        lambda c: list_attempts(c, AttemptFilter(accounts=("a",), outcome="failed"), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "attempts of a time": (
        lambda c: list_attempts(c, AttemptFilter(since=NOW, status=503, call="put"), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "the audit log": (
        lambda c: list_audit(c, AuditFilter(limited_to=("x", ("a",))), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "what one did": (
        lambda c: list_audit(c, AuditFilter(actor="x", action="account.", since=NOW), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "what was done to one thing": (
        lambda c: list_audit(c, AuditFilter(target="account:a"), before=7, limit=9),
        ["ix_audit_target (target=? AND id<?)"],
    ),
    "unmatched subjects of a carrier": (
        lambda c: list_subjects(c, SubjectFilter(state="unmatched", owners=("a",), carrier="x"), before=7, limit=9),
        ["ix_subjects_unmatched_id"],
    ),
    "shipments": (
        lambda c: list_shipments(c, ShipmentFilter(since=NOW, until=NOW), before=7, limit=9),
        ["USING INTEGER PRIMARY KEY"],
    ),
    "an account's shipments": (
        lambda c: list_shipments(c, ShipmentFilter(accounts=("a",)), before=7, limit=9),
        ["ix_shipments_account (account=? AND id<?)"],
    ),
    "shipments that no carrier told of": (
        lambda c: list_shipments(c, ShipmentFilter(accounts=("a",), heard=False), before=7, limit=9),
        ["ix_shipments_account (account=? AND id<?)"],
    ),
    "shipments without news": (
        lambda c: quiet_shipments(c, ["a", "b"], NOW, after=(NOW, 7), limit=9),
        ["COVERING INDEX ix_shipments_quiet"],
    ),
    "how many shipments are without news": (
        lambda c: count_quiet(c, ["a"], NOW),
        ["COVERING INDEX ix_shipments_quiet"],
    ),
    "accounts": (
        lambda c: account_overviews(c, ["a", "b"], NOW),
        ["ix_shipments_due (account=?", "ix_shipments_dead", "ix_rows_open", "ix_rows_observed", "ix_rows_dead"],
    ),
    "shipments of an invoice": (
        lambda c: list_shipments(c, ShipmentFilter(accounts=("a",), invoice_number="7"), before=None, limit=9),
        ["ix_shipments_invoice"],
    ),
    "shipments that were given up": (
        lambda c: list_shipments(c, ShipmentFilter(state="dead"), before=7, limit=9),
        ["ix_shipments_dead_id"],
    ),
    "an account's shipments that were given up": (
        lambda c: list_shipments(c, ShipmentFilter(accounts=("a",), state="dead"), before=7, limit=9),
        ["ix_shipments_dead "],
    ),
    "shipments that are due": (
        lambda c: list_shipments(c, ShipmentFilter(state="due"), before=7, limit=9),
        ["ix_shipments_due_id"],
    ),
    "refusals by cause": (
        lambda c: list_refusals(c, RefusalFilter(cause="wrong-credential"), before=7, limit=9),
        ["ix_refusals_cause"],
    ),
    "an account's refusals": (
        lambda c: list_refusals(c, RefusalFilter(owners=("a",)), before=7, limit=9),
        ["ix_refusals_owner"],
    ),
    "what was given up": (
        lambda c: given_up(c, ["a"], cause="refused", after=7, limit=9),
        ["ix_shipments_dead", "ix_rows_dead"],
    ),
    "why it was": (lambda c: dead_causes(c, None), ["ix_shipments_dead", "ix_rows_dead"]),
    "an order by whatever is known of it": (
        lambda c: search(c, ["a", "b"], None, "527103", limit=9),
        [
            "sqlite_autoindex_numbers_1",
            "ix_shipments_key",
            "sqlite_autoindex_shipments_1 (account=? AND order_id=?",
            "sqlite_autoindex_shipments_1 (account=? AND order_id>?",
            "ix_shipments_sequence",
            "ix_shipments_invoice",
            "sqlite_autoindex_subject_keys_1",
            "ix_subjects_subject",
        ],
    ),
    "open rows": (
        lambda c: Requeue(live={"a": None}, now=NOW).run(c),
        ["ix_rows_held", "ix_rows_observed", "ix_rows_open"],
    ),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.anyio
async def test_a_search_for_work_reads_its_index(name: str, tmp_path: Path) -> None:
    query, expected = QUERIES[name]
    store = Store.open(f"sqlite:///{tmp_path}/relay.db")
    try:
        plan = await store.write(_Explained(query))
    finally:
        await store.close()

    assert [index for index in expected if index not in plan] == []
    if name in NEVER_SCANNED:
        scans = [line for line in plan.splitlines() if "SCAN " in line]
        assert [] == [table for table in metadata.tables if any(f"SCAN {table}'" in line for line in scans)]
    if name in BOUNDED:
        assert [] == [each for each in plan.split("\n\n") if "id<?" in each and "FOR ORDER BY" in each]


class _Explained:
    """Run a query, and explain every statement that it ran."""

    def __init__(self, query: object) -> None:
        self._query = query

    def run(self, connection: Connection) -> str:
        statements: list[tuple[str, object]] = []

        def note(*arguments: object) -> None:
            statements.append((str(arguments[2]), arguments[3]))

        event.listen(connection, "before_cursor_execute", note)
        assert callable(self._query)
        self._query(connection)
        event.remove(connection, "before_cursor_execute", note)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            for statement, parameters in statements
            if not statement.startswith("EXPLAIN")
        ]
        connection.execute(text("SELECT 1"))
        return "\n\n".join("\n".join(str(row) for row in plan) for plan in plans)
