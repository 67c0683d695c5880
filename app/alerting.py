"""Tell an address of the operator's when something begins, and ends, that a person must act upon.

Best effort, for who has no Prometheus: one process of all tells, what it told of is kept in the store, and nothing
waits for it. What cannot be posted is tried again as long as it is true.
"""

import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.duties import Duties
from app.errors import RelayError, StoreUnavailable
from app.store import Alarm, BeginAlarm, EndAlarm, Store, open_alarms, public_id
from app.telemetry import Metrics, log_event
from app.worker import Worker

__all__ = ["Alerting", "Kind", "Trouble"]

logger = logging.getLogger(__name__)

_DUTY: Final = "alerts"
_EVERY_SECONDS: Final = 5.0
_BEGINS_SECONDS: Final = 30.0
"""What is over sooner is not told of."""
_ENDS_SECONDS: Final = 60.0
"""What comes back sooner had not ended."""
_MOST: Final = 10
_WITHIN_SECONDS: Final = 60.0
"""So many posts within so long; what is left is told of afterwards, if it is still true."""
_REST: Final = timedelta(minutes=1)
"""After a post that failed."""


class Kind(StrEnum):
    """What an alert is about."""

    ACCOUNT_HELD = "account-held"
    DEAD_WORK = "dead-work"
    DISK_FULL = "disk-full"
    SOURCE_QUIET = "source-quiet"
    STORE_FAILING = "store-failing"


_SAID: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.ACCOUNT_HELD: ("VTEX refuses the key of {subject}, and nothing is sent to it", "RelayAccountHeld"),
    Kind.DEAD_WORK: ("work was given up and waits for a person", "RelayDeadRowsGrow"),
    Kind.DISK_FULL: ("less than min_free_bytes are free, and webhooks are answered 503", "RelayDiskFull"),
    Kind.SOURCE_QUIET: ("{subject} has been silent for longer than is usual for it", "RelaySourceQuiet"),
    Kind.STORE_FAILING: ("the database takes nothing, and webhooks are answered 503", "RelayStoreSilent"),
}
"""What it says, and the chapter of the runbook about it."""


_KINDS: Final = frozenset(_SAID)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now: of an account, of a source, or of the relay."""

    kind: Kind
    subject: str = ""


class Alerting(Worker):
    """The one who tells, among all processes."""

    def __init__(
        self,
        store: Store,
        duties: Duties,
        metrics: Metrics,
        *,
        look: Callable[[], Awaitable[Collection[Trouble]]],
        post: Callable[[bytes], Awaitable[int]],
        now: Callable[[], datetime],
        relay: str | None = None,
        version: str = "",
    ) -> None:
        """Tell of what ``look`` finds.

        Args:
            store: Where is kept what was told of.
            duties: Decide which process tells.
            metrics: Where posts are counted.
            look: Finds what is wrong now, the store left aside; raises `StoreUnavailable` when it cannot.
            post: Posts a document and returns the status of the answer.
            now: The clock.
            relay: The relay's address, to tell one from another.
            version: The release.

        """
        super().__init__("alerting", now)
        self._store = store
        self._duties = duties
        self._metrics = metrics
        self._look = look
        self._post = post
        self._now = now
        self._about = {"relay": relay, "version": version}
        self._seen: dict[Trouble, datetime] = {}
        self._gone: dict[Trouble, datetime] = {}
        self._failing: Alarm | None = None
        self._is_mine_to_tell = self._is_told = False
        self._posted: deque[datetime] = deque(maxlen=_MOST)
        self._not_before = now()

    async def step(self) -> float:
        """Tell of what began and ended since; return how long to rest."""
        was_mine = self._duties.holds(_DUTY)
        try:
            is_mine = await self._duties.keep(_DUTY)
            found = set(await self._look()) if is_mine else set()
            told = await self._store.read(open_alarms) if is_mine else ()
        except StoreUnavailable:
            await self._store_fails(was_mine=was_mine)
            return _EVERY_SECONDS
        await self._store_is_back()
        if is_mine:
            await self._compare(found, {_trouble(alarm): alarm for alarm in told if alarm.kind in _KINDS})
        else:
            # Another process sees now when something begins and ends.
            self._seen, self._gone = {}, {}
        return _EVERY_SECONDS

    async def _compare(self, found: set[Trouble], told: Mapping[Trouble, Alarm]) -> None:
        now = self._now()
        self._seen = {trouble: self._seen.get(trouble, now) for trouble in found}
        self._gone = {trouble: self._gone.get(trouble, now) for trouble in told if trouble not in found}
        for trouble, since in sorted(self._seen.items(), key=lambda each: each[1]):
            if trouble not in told and (now - since).total_seconds() >= _BEGINS_SECONDS:
                alarm = self._alarm(trouble, since)
                if self._duties.holds(_DUTY) and await self._tell(alarm, until=None):
                    await self._store.write(BeginAlarm(alarm=alarm))
        for trouble, until in self._gone.items():
            is_over = (now - until).total_seconds() >= _ENDS_SECONDS and self._duties.holds(_DUTY)
            if is_over and await self._tell(told[trouble], until=until):
                await self._store.write(EndAlarm(alarm=told[trouble]))

    async def _store_fails(self, *, was_mine: bool) -> None:
        """Tell that the store fails, which nothing can be kept of; only who had the duty when it began does."""
        if self._failing is None:
            self._failing = self._alarm(Trouble(Kind.STORE_FAILING), self._now())
            self._is_mine_to_tell = was_mine
        is_lasting = (self._now() - self._failing.since).total_seconds() >= _BEGINS_SECONDS
        if self._is_mine_to_tell and is_lasting and not self._is_told:
            self._is_told = await self._tell(self._failing, until=None)

    async def _store_is_back(self) -> None:
        if self._failing is not None and (not self._is_told or await self._tell(self._failing, until=self._now())):
            self._failing, self._is_told = None, False

    def _alarm(self, trouble: Trouble, since: datetime) -> Alarm:
        return Alarm(id=self._store.ids.next(), kind=trouble.kind, subject=trouble.subject, since=since)

    async def _tell(self, alarm: Alarm, *, until: datetime | None) -> bool:
        """Post, unless that was done too often lately or failed a moment ago; tell whether it was taken."""
        now = self._now()
        is_full = len(self._posted) == _MOST and (now - self._posted[0]).total_seconds() < _WITHIN_SECONDS
        if is_full or now < self._not_before:
            return False
        self._posted.append(now)
        try:
            status = await self._post(self._document(alarm, until))
            reason = None if 200 <= status < 300 else f"it answered {status}"  # noqa: PLR2004 - the good answers
        except RelayError as error:
            # Its words may hold the address, which is a secret.
            reason = error.reason
        self._metrics.alert(alarm.kind, "failed" if reason else "sent")
        if reason:
            log_event(logger, "alert.failed", level=logging.WARNING, kind=alarm.kind, reason=reason)
            self._not_before = now + _REST
        return reason is None

    def _document(self, alarm: Alarm, until: datetime | None) -> bytes:
        text, chapter = _SAID[Kind(alarm.kind)]
        said = text.format(subject=alarm.subject)
        told = {
            "id": public_id("al", alarm.id),
            "state": "begun" if until is None else "ended",
            "kind": alarm.kind,
            "subject": alarm.subject or None,
            "since": alarm.since.isoformat(),
            "until": None if until is None else until.isoformat(),
            "text": f"carrier-relay: {said}." if until is None else f"carrier-relay: over: {said}.",
            "runbook": chapter,
        }
        return json.dumps(told | self._about).encode()


def _trouble(alarm: Alarm) -> Trouble:
    return Trouble(Kind(alarm.kind), alarm.subject)
