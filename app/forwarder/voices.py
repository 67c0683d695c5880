"""Which of several carriers that speak of one parcel is shown. Pure.

A carrier and the service that sold it may both report every scan. The first that spoke owns the timeline; the others
are held back, and take over when the owner has been silent for too long while they have news. Ownerships part the time
line of the parcel: each covers what happened after everything that was told before it, so that no scan is told twice,
and whatever an owner says of its own time is shown whenever it comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.account import Account
from app.forwarder.timeline import moment
from app.model import BY_HAND, Milestone
from app.store import EventRow, Skip, Voice, Work

__all__ = ["Heard", "heard", "ownerships"]

_ENDS: Final = frozenset({Milestone.DELIVERED, Milestone.RETURNED, Milestone.CANCELLED})
_UNDONE: Final = _ENDS | {Milestone.RETURNING}
_ON_TIMELINE: Final = frozenset({"sent", "applied", "observed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A shipment as its owner tells it.

    Args:
        work: The shipment with the rows that are shown; held ones that are shown now are pending again.
        skips: The rows of others, held back or left out for good.
        voices: Who owned the timeline since when; empty where the account prefers nobody.
        takeover_at: When somebody else takes over unless the owner speaks.

    """

    work: Work
    skips: tuple[Skip, ...] = ()
    voices: tuple[Voice, ...] = ()
    takeover_at: datetime | None = None


def heard(work: Work, account: Account, now: datetime) -> Heard:
    """Say which rows of a shipment are shown; all of them where the account has no preference."""
    if not account.prefer:
        return Heard(work=replace(work, rows=tuple(_wanted(row) for row in work.rows)), voices=work.voices)
    said = [row for row in work.rows if row.carrier != BY_HAND]
    voices = ownerships(said, account, now, work.voices)
    shown: list[EventRow] = []
    skips: list[Skip] = []
    for row in work.rows:
        covering = next((voice for voice in reversed(voices) if voice.told is None or _told(row) > voice.told), None)
        if covering is None or row.carrier in {covering.carrier, BY_HAND}:
            shown.append(_wanted(row))
        elif row.row_state in _ON_TIMELINE:
            shown.append(row)  # It was sent before anybody was preferred.
        elif covering is not voices[-1] and row.row_state in {"pending", "held"}:
            skips.append(Skip(event_id=row.event_id, reason=f"{covering.carrier} told of that time"))
        elif row.row_state == "pending":
            reason = f"{covering.carrier} owns the timeline since {covering.since.isoformat(timespec='seconds')}"
            skips.append(Skip(event_id=row.event_id, reason=reason, state="held"))
    found = _takeover(said, voices, account) if voices else None
    return Heard(
        work=replace(work, rows=tuple(shown)),
        skips=tuple(skips),
        voices=voices,
        takeover_at=found.since if found is not None else None,
    )


def ownerships(
    rows: Sequence[EventRow], account: Account, now: datetime, known: Sequence[Voice] = ()
) -> tuple[Voice, ...]:
    """Say who owned the timeline since when; what is known of that already stays as it is.

    It hangs on nothing but what was said when, and the clock.
    """
    voices = list(known)
    if rows and not voices:
        first = min(rows, key=lambda row: (row.received_at, _rank(row, account), row.event_id))
        voices.append(Voice(carrier=first.carrier, since=first.received_at))
    while voices and (following := _takeover(rows, voices, account)) is not None and following.since <= now:
        voices.append(following)
    return tuple(voices)


def _takeover(rows: Sequence[EventRow], voices: Sequence[Voice], account: Account) -> Voice | None:
    """Find the first silence of the owner in which somebody else has news for long enough."""
    owner = voices[-1]
    words = {row.received_at for row in rows if row.carrier == owner.carrier and row.received_at > owner.since}
    starts = [owner.since, *sorted(words)]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        mine = [row for row in rows if row.carrier == owner.carrier and row.received_at <= start]
        told = max((_told(row) for row in mine), default=start)
        told = told if owner.told is None else max(told, owner.told)
        news = [
            row
            for row in rows
            if row.carrier != owner.carrier and _told(row) > told and (end is None or row.received_at < end)
        ]
        news = _after_the_end(news, mine)
        if not news:
            continue
        at = max(start + account.voice_takeover, min(row.received_at for row in news))
        if end is None or at < end:
            ready = (row for row in news if row.received_at <= at)
            best = min(ready, key=lambda row: (_rank(row, account), row.received_at, row.event_id))
            return Voice(carrier=best.carrier, since=at, told=told)
    return None


def _after_the_end(news: Sequence[EventRow], mine: Sequence[EventRow]) -> list[EventRow]:
    """Leave out what is no news to somebody who told of the parcel's end: silence is in order then."""
    latest = max(mine, key=lambda row: (_told(row), row.event_id), default=None)
    if latest is None or latest.milestone not in _ENDS:
        return list(news)
    return [row for row in news if row.milestone in _UNDONE and row.milestone is not latest.milestone]


def _told(row: EventRow) -> datetime:
    """Say what time a row tells of; nobody can tell of the future, whatever their clock says."""
    return min(moment(row), row.received_at)


def _rank(row: EventRow, account: Account) -> int:
    return account.prefer.index(row.carrier) if row.carrier in account.prefer else len(account.prefer)


def _wanted(row: EventRow) -> EventRow:
    return replace(row, row_state="pending") if row.row_state == "held" else row
