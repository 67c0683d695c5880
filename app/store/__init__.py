"""One SQL database holds inbox, ledger, events, shipments (the queue), rows, attempts and audit.

`Store` opens it; operations and queries are values of this package's modules, run by `Store.write` and `Store.read`.
"""

from typing import TYPE_CHECKING

from app.exports import late_names

if TYPE_CHECKING:
    from app.store.accepting import AcceptRead
    from app.store.accounts import AccountChange, AccountState, ChangeAccount, Learnt, Sample, TakeProbe
    from app.store.alarms import Alarm, BeginAlarm, EndAlarm, is_any_dead, open_alarms
    from app.store.backfill_jobs import ChangeBackfill, StartBackfill
    from app.store.backfills import (
        AdvanceBackfill,
        Backfill,
        BackfillProgress,
        BeginSweep,
        HinderBackfill,
        Slice,
        TellPage,
    )
    from app.store.body_search import AdvanceErasure, search_bodies
    from app.store.clock_changes import SetBack, latest_arrival
    from app.store.columns import Ids, parse_public_id, public_id
    from app.store.due import Refresh, Requeue, next_due, next_order
    from app.store.duties import DutyHeld, FreeDuties, ReleaseDuties, TakeDuty
    from app.store.engine import Database, database_of
    from app.store.erasing import AuditErasure, EraseBatch
    from app.store.evidence import AuditExport
    from app.store.exclusion import EVERYTHING, Exclusion
    from app.store.holding import Hold, HoldOrder, ReleaseOrder, held_orders
    from app.store.hooks import HookRecord, KeepHook, NoteStranger, RecordHook, hook_records
    from app.store.importing import AuditImport, Imported, ImportShipments
    from app.store.inbox import Put, Received
    from app.store.index import AddOrder, AddShipment, Indexed, IndexedShipment, RemoveNumber
    from app.store.interventions import ProbeAccount, RecordVerdict, ResetLearnt, ResumeAccount, StopAccount
    from app.store.linking import Linked, LinkSubject, UnlinkSubject
    from app.store.lookups import ClaimLookups, ExpireParked, FinishLookup, Lookup, RelateOrder
    from app.store.mappings import Fact, Recorded, RecordMapping, RecordUnmappable
    from app.store.order_claims import ClaimedOrder, ClaimOrders
    from app.store.order_erasing import EraseOrder, Erasure, Held
    from app.store.order_reads import OrderShown, SettleOrder, SettleOrders
    from app.store.orders import Telling, TellOrders, ToldOrder
    from app.store.outages import NoteOutages, Presence, TurnedAway, presences_since, turned_away_since
    from app.store.placement import Candidate, Facts, Resolution
    from app.store.queue import Claim, Claims
    from app.store.redriving import Redrive
    from app.store.refused import AddRefusal, TrimRefusals
    from app.store.retention import RETENTION_KINDS, Candidates, DropExpired, Retention, Retire, candidates
    from app.store.service import Store
    from app.store.sessions import CloseSession, OpenSession, SeeSession, Session
    from app.store.settling import Settle, Settled, Settlement
    from app.store.tokens import MakeToken, NoteTokenUse, RevokeToken, RotateToken, StoredToken
    from app.store.upkeep import GiveBack, free_pages
    from app.store.work import Claimed, EventRow, Frozen, PackageFields, Plan, Seen, Skip, Voice, Work
    from app.store.writer import Ticket

__all__ = [
    "EVERYTHING",
    "RETENTION_KINDS",
    "AcceptRead",
    "AccountChange",
    "AccountState",
    "AddOrder",
    "AddRefusal",
    "AddShipment",
    "AdvanceBackfill",
    "AdvanceErasure",
    "Alarm",
    "AuditErasure",
    "AuditExport",
    "AuditImport",
    "Backfill",
    "BackfillProgress",
    "BeginAlarm",
    "BeginSweep",
    "Candidate",
    "Candidates",
    "ChangeAccount",
    "ChangeBackfill",
    "Claim",
    "ClaimLookups",
    "ClaimOrders",
    "Claimed",
    "ClaimedOrder",
    "Claims",
    "CloseSession",
    "Database",
    "DropExpired",
    "DutyHeld",
    "EndAlarm",
    "EraseBatch",
    "EraseOrder",
    "Erasure",
    "EventRow",
    "Exclusion",
    "ExpireParked",
    "Fact",
    "Facts",
    "FinishLookup",
    "FreeDuties",
    "Frozen",
    "GiveBack",
    "Held",
    "HinderBackfill",
    "Hold",
    "HoldOrder",
    "HookRecord",
    "Ids",
    "ImportShipments",
    "Imported",
    "Indexed",
    "IndexedShipment",
    "KeepHook",
    "Learnt",
    "LinkSubject",
    "Linked",
    "Lookup",
    "MakeToken",
    "NoteOutages",
    "NoteStranger",
    "NoteTokenUse",
    "OpenSession",
    "OrderShown",
    "PackageFields",
    "Plan",
    "Presence",
    "ProbeAccount",
    "Put",
    "Received",
    "RecordHook",
    "RecordMapping",
    "RecordUnmappable",
    "RecordVerdict",
    "Recorded",
    "Redrive",
    "Refresh",
    "RelateOrder",
    "ReleaseDuties",
    "ReleaseOrder",
    "RemoveNumber",
    "Requeue",
    "ResetLearnt",
    "Resolution",
    "ResumeAccount",
    "Retention",
    "Retire",
    "RevokeToken",
    "RotateToken",
    "Sample",
    "SeeSession",
    "Seen",
    "Session",
    "SetBack",
    "Settle",
    "SettleOrder",
    "SettleOrders",
    "Settled",
    "Settlement",
    "Skip",
    "Slice",
    "StartBackfill",
    "StopAccount",
    "Store",
    "StoredToken",
    "TakeDuty",
    "TakeProbe",
    "TellOrders",
    "TellPage",
    "Telling",
    "Ticket",
    "ToldOrder",
    "TrimRefusals",
    "TurnedAway",
    "UnlinkSubject",
    "Voice",
    "Work",
    "candidates",
    "database_of",
    "free_pages",
    "held_orders",
    "hook_records",
    "is_any_dead",
    "latest_arrival",
    "next_due",
    "next_order",
    "open_alarms",
    "parse_public_id",
    "presences_since",
    "public_id",
    "search_bodies",
    "turned_away_since",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "accepting": "AcceptRead",
            "accounts": "AccountChange AccountState ChangeAccount Learnt Sample TakeProbe",
            "alarms": "Alarm BeginAlarm EndAlarm is_any_dead open_alarms",
            "backfill_jobs": "ChangeBackfill StartBackfill",
            "backfills": "AdvanceBackfill Backfill BackfillProgress BeginSweep HinderBackfill Slice TellPage",
            "body_search": "AdvanceErasure search_bodies",
            "clock_changes": "SetBack latest_arrival",
            "columns": "Ids parse_public_id public_id",
            "due": "Refresh Requeue next_due next_order",
            "duties": "DutyHeld FreeDuties ReleaseDuties TakeDuty",
            "engine": "Database database_of",
            "erasing": "AuditErasure EraseBatch",
            "evidence": "AuditExport",
            "exclusion": "EVERYTHING Exclusion",
            "holding": "Hold HoldOrder ReleaseOrder held_orders",
            "hooks": "HookRecord KeepHook NoteStranger RecordHook hook_records",
            "importing": "AuditImport Imported ImportShipments",
            "inbox": "Put Received",
            "index": "AddOrder AddShipment Indexed IndexedShipment RemoveNumber",
            "interventions": "ProbeAccount RecordVerdict ResetLearnt ResumeAccount StopAccount",
            "linking": "Linked LinkSubject UnlinkSubject",
            "lookups": "ClaimLookups ExpireParked FinishLookup Lookup RelateOrder",
            "mappings": "Fact Recorded RecordMapping RecordUnmappable",
            "order_claims": "ClaimedOrder ClaimOrders",
            "order_erasing": "EraseOrder Erasure Held",
            "order_reads": "OrderShown SettleOrder SettleOrders",
            "orders": "Telling TellOrders ToldOrder",
            "outages": "NoteOutages Presence TurnedAway presences_since turned_away_since",
            "placement": "Candidate Facts Resolution",
            "queue": "Claim Claims",
            "redriving": "Redrive",
            "refused": "AddRefusal TrimRefusals",
            "retention": "RETENTION_KINDS Candidates DropExpired Retention Retire candidates",
            "service": "Store",
            "sessions": "CloseSession OpenSession SeeSession Session",
            "settling": "Settle Settled Settlement",
            "tokens": "MakeToken NoteTokenUse RevokeToken RotateToken StoredToken",
            "upkeep": "GiveBack free_pages",
            "work": "Claimed EventRow Frozen PackageFields Plan Seen Skip Voice Work",
            "writer": "Ticket",
        },
    )
