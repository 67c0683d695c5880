"""Learn what an account's PUT does to the rows that are there, from what reads show. Pure.

VTEX does not say whether a PUT appends, merges or replaces. A shipment that was sent its rows in two calls tells: if
the rows of the first call are still there after the second, sending what is new is right; if they are gone, every call
must carry everything.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.account import Account, History
from app.store import EventRow, Frozen, Learnt, Sample, Work

__all__ = ["conclude", "is_full", "sample", "wants_sample"]

_EVIDENCE_KEPT: Final = 20
_SAMPLE_EVERY: Final = timedelta(hours=24)
_OVERTURNING: Final = 2
"""How many samples in a row, of different shipments, overturn a verdict: one may be another writer's doing."""
_MEANING: Final = {"kept": "delta", "replaced": "full", "doubled": "delta"}


def is_full(account: Account, learnt: Learnt) -> bool:
    """Tell whether every call must carry the whole timeline."""
    if account.history is History.AUTO:
        return learnt.verdict == "full"
    return account.history is History.FULL


def wants_sample(account: Account, work: Work, carried: Collection[int], now: datetime) -> bool:
    """Tell whether an accepted call should be followed by a read that tells what it did to the rows before it."""
    earlier = [row for row in work.rows if row.row_state == "applied" and row.event_id not in carried]
    if account.history is not History.AUTO or not (earlier or work.baseline):
        return False
    learnt = work.learnt
    if learnt.verdict is None or not learnt.evidence:
        return True
    latest = learnt.evidence[-1]
    unsettled = _MEANING.get(latest.kind) != learnt.verdict
    return unsettled or now - datetime.fromisoformat(latest.at) >= _SAMPLE_EVERY


def sample(
    work: Work, found: Collection[int], foreign: Sequence[Frozen], *, doubled: bool, account: Account, now: datetime
) -> Sample | None:
    """Say what a read tells about the last call, None when it tells nothing.

    Args:
        work: The shipment as it was claimed for the read.
        found: Our events whose rows are there.
        foreign: The rows of other writers that are there.
        doubled: Whether a row of ours stands there more than once.
        account: Whose shipment it is.
        now: The time.

    """
    latest, earlier = _calls(work)
    if account.history is not History.AUTO or not latest or any(row.event_id not in found for row in latest):
        return None  # Nothing is to be learnt, or the last call does not show.
    kept = [row.event_id in found for row in earlier] + [row in foreign for row in work.baseline]
    if doubled and work.learnt.verdict == "full":
        kind = "doubled"
    elif not kept or work.learnt.verdict == "full":
        return None  # What is sent whole every time cannot show whether it had to be.
    elif all(kept):
        kind = "kept"
    elif any(kept) or (foreign and tuple(foreign) != work.baseline):
        kind = "blurred"  # Another writer was there too: what it did and what we did cannot be told apart.
    else:
        kind = "replaced"
    return Sample(kind=kind, shipment_id=work.shipment_id, order_id=work.order_id, at=now.isoformat())


def _calls(work: Work) -> tuple[list[EventRow], list[EventRow]]:
    """Part our rows into those of the last call and those that were there before it."""
    sent = [row for row in work.rows if row.sent_at is not None and row.row_state in {"sent", "applied"}]
    last = max((row.sent_at for row in sent if row.sent_at is not None), default=None)
    latest = [row for row in sent if row.sent_at == last]
    return latest, [row for row in work.rows if row.row_state == "applied" and row not in latest]


def conclude(before: Learnt, new: Sample) -> Learnt:
    """Weigh a new sample: the first clear one decides, later ones must agree with each other to overturn that."""
    evidence = (*before.evidence, new)[-_EVIDENCE_KEPT:]
    meaning = _MEANING.get(new.kind)
    at = datetime.fromisoformat(new.at)
    if meaning is None or meaning == before.verdict:
        return replace(before, evidence=evidence)
    if before.verdict is None or new.kind == "doubled":
        return Learnt(verdict=meaning, verdict_at=at, evidence=evidence)
    clear = [entry for entry in evidence if entry.kind in _MEANING][-_OVERTURNING:]
    contrary = {entry.shipment_id for entry in clear if _MEANING[entry.kind] == meaning}
    if len(contrary) >= _OVERTURNING:
        return Learnt(verdict=meaning, verdict_at=at, evidence=evidence)
    return replace(before, evidence=evidence)
