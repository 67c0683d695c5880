"""Put together when webhooks could not be taken, from what each process wrote down. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from app.outages.recording import SILENT
from app.store import Presence, TurnedAway

__all__ = ["Gap", "gaps_in"]

_SHORTEST: Final = timedelta(milliseconds=100)
_VANISHED: Final = "vanished"
_ALIKE: Final = timedelta(minutes=1)
"""What several processes saw of one source so close together is one gap."""
_GOES_ON: Final = timedelta(days=1)
"""A source that was refused and sent nothing for longer than this is silent, not refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which webhooks were not taken.

    Args:
        kind: ``down`` when no process took any; ``failed`` when a source was answered 503; ``refused`` when all
            requests of a source were refused.
        cause: Of ``down``: ``stopped``, ``suspended`` or ``vanished``; else why the latest was not taken.
        since: When it began; that of a process that vanished may be earlier than it was.
        until: When it ended, None while it goes on.
        source: Owner and carrier; None for all sources.
        requests: How many were turned away; None where nobody was there to count.

    """

    kind: Literal["down", "failed", "refused"]
    cause: str
    since: datetime
    until: datetime | None
    source: tuple[str, str] | None = None
    requests: int | None = None


def gaps_in(presences: Iterable[Presence], turned_away: Iterable[TurnedAway], now: datetime) -> list[Gap]:
    """List the gaps, the latest first."""
    found = [*_down(presences, now), *_of_sources(turned_away, now)]
    return sorted(found, key=lambda gap: (gap.until or now, gap.since), reverse=True)


def _down(presences: Iterable[Presence], now: datetime) -> Iterator[Gap]:
    """Find the times between the first process and now in which there was none."""
    last: Presence | None = None
    for presence in sorted(presences, key=lambda each: each.since):
        if last is not None and presence.since - last.until >= _SHORTEST:
            yield Gap(kind="down", cause=last.ended or _VANISHED, since=last.until, until=presence.since)
        if last is None or presence.until > last.until:
            last = presence
    if last is not None and now - last.until >= (_SHORTEST if last.ended else SILENT):
        yield Gap(kind="down", cause=last.ended or _VANISHED, since=last.until, until=None)


def _of_sources(turned_away: Iterable[TurnedAway], now: datetime) -> Iterator[Gap]:
    def of(row: TurnedAway) -> tuple[str, str, str]:
        return row.owner, row.carrier, row.kind

    for _, same in groupby(sorted(turned_away, key=lambda row: (of(row), row.since)), key=of):
        spans: list[list[TurnedAway]] = []
        until = datetime.min.replace(tzinfo=now.tzinfo)
        for row in same:
            if not spans or row.since - until > _ALIKE:
                spans.append([])
            spans[-1].append(row)
            until = max(until, row.until)
        for span in spans:
            yield from _of_source(span, now)


def _of_source(span: list[TurnedAway], now: datetime) -> Iterator[Gap]:
    last = max(span, key=lambda row: row.until)
    # Of a source of which others were taken meanwhile, those that were refused are likely not its carrier's.
    if last.kind == "refused" and any(row.taken for row in span):
        return
    is_over = last.is_over or now - last.until >= (_GOES_ON if last.kind == "refused" else SILENT)
    yield Gap(
        kind="refused" if last.kind == "refused" else "failed",
        cause=last.cause,
        since=min(row.since for row in span),
        until=last.until if is_over else None,
        source=(last.owner, last.carrier),
        requests=sum(row.count for row in span),
    )
