"""One SQL database holds inbox, ledger, events, shipments (the queue), rows, attempts and audit.

`Store` opens it; operations and queries are values of this package's modules, run by `Store.write` and `Store.read`.
"""

from app.store.accounts import AccountChange, AccountState, Learnt, Sample
from app.store.columns import Ids, parse_public_id, public_id
from app.store.due import Refresh, Requeue, next_due
from app.store.engine import database_file
from app.store.inbox import AddRefusal, Put, Received
from app.store.index import AddOrder, AddShipment, Indexed, IndexedShipment, RemoveNumber
from app.store.interventions import ProbeAccount, RecordVerdict, ResetLearnt, ResumeAccount, StopAccount
from app.store.lookups import ClaimLookups, ExpireParked, FinishLookup, Lookup, RelateOrder
from app.store.mappings import Fact, Recorded, RecordMapping, RecordUnmappable
from app.store.placement import Candidate, Facts, Resolution
from app.store.queue import Claim
from app.store.service import Store
from app.store.settling import AcceptRead, Settle, Settlement
from app.store.work import Claimed, EventRow, Frozen, PackageFields, Plan, Seen, Skip, Voice, Work

__all__ = [
    "AcceptRead",
    "AccountChange",
    "AccountState",
    "AddOrder",
    "AddRefusal",
    "AddShipment",
    "Candidate",
    "Claim",
    "ClaimLookups",
    "Claimed",
    "EventRow",
    "ExpireParked",
    "Fact",
    "Facts",
    "FinishLookup",
    "Frozen",
    "Ids",
    "Indexed",
    "IndexedShipment",
    "Learnt",
    "Lookup",
    "PackageFields",
    "Plan",
    "ProbeAccount",
    "Put",
    "Received",
    "RecordMapping",
    "RecordUnmappable",
    "RecordVerdict",
    "Recorded",
    "Refresh",
    "RelateOrder",
    "RemoveNumber",
    "Requeue",
    "ResetLearnt",
    "Resolution",
    "ResumeAccount",
    "Sample",
    "Seen",
    "Settle",
    "Settlement",
    "Skip",
    "StopAccount",
    "Store",
    "Voice",
    "Work",
    "database_file",
    "next_due",
    "parse_public_id",
    "public_id",
]
