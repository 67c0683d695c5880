"""The hooks of orders: who is notified of what, when it is tried again, and when VTEX gives up.

Nothing here sends anything: ``take`` says what is due by the clock, ``settle`` is told how it went.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from app.sandbox.events import Change, OrderEvent, Subscription
from app.sandbox.options import SandboxOptions
from app.sandbox.subscribing import Target

__all__ = ["IDLE_SECONDS", "KEPT_SECONDS", "MAX_TRIES", "Hook", "Hooks", "Notification"]

MAX_TRIES: Final = 100
KEPT_SECONDS: Final = 4 * 24 * 3600
"""How long VTEX tries to deliver a notification."""
IDLE_SECONDS: Final = 3 * 24 * 3600
"""After how long without a notification VTEX removes a hook."""
_HISTORY: Final = 500
_OK: Final = 200

NotificationState = Literal["waiting", "sending", "delivered", "dropped"]


@dataclass(slots=True, kw_only=True, eq=False)
class Hook(Subscription):
    """The hook of an application key."""

    target: Target
    delivered: int = 0
    failed_tries: int = 0
    dropped: int = 0

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {"filter": self.filter.document(), "hook": self.target.document()}


@dataclass(slots=True, kw_only=True, eq=False)
class Notification:
    """One event on its way to one hook."""

    id: int
    hook: Hook
    event: OrderEvent
    made_at: datetime
    due_at: datetime
    tries: int = 0
    state: NotificationState = "waiting"
    answer: str = ""
    """How the last try went."""


@dataclass(slots=True, eq=False)
class Hooks:
    """All hooks of a sandbox, and the notifications that wait."""

    now: Callable[[], datetime]
    options: Callable[[], SandboxOptions]
    history: deque[Notification] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    """What was delivered or dropped lately, oldest first."""
    _hooks: dict[tuple[str, str], Hook] = field(default_factory=dict)
    _open: dict[int, Notification] = field(default_factory=dict)
    _due: list[tuple[datetime, int]] = field(default_factory=list)
    _next_id: int = 1
    _random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable, and no secret

    def __iter__(self) -> Iterator[Hook]:
        """Go through the hooks that are there."""
        self._remove_idle()
        return iter(tuple(self._hooks.values()))

    @property
    def waiting(self) -> list[Notification]:
        """List the notifications that are not delivered, the next to be tried first."""
        self._remove_idle()
        return sorted(self._open.values(), key=lambda each: (each.due_at, each.id))

    @property
    def next_due_at(self) -> datetime | None:
        """Say when the next try is due; None when nothing waits."""
        while self._due and not self._is_current(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def find(self, account: str, app_key: str) -> Hook | None:
        """Find the hook of a key."""
        self._remove_idle()
        return self._hooks.get((account, app_key))

    def configure(self, hook: Hook) -> None:
        """Put a hook in the place of the one that its key had; what waits goes to the new address."""
        replaced = self._hooks.get((hook.account, hook.app_key))
        self._hooks[hook.account, hook.app_key] = hook
        for notification in self._open.values():
            if notification.hook is replaced:
                notification.hook = hook

    def remove(self, account: str, app_key: str) -> bool:
        """Remove a hook and what waits for it; tell whether it was there."""
        self._remove_idle()
        return self._remove(account, app_key)

    def offer(self, change: Change, *, again: bool = False) -> int:
        """Make the notifications that a change calls for; tell how many."""
        made = 0
        for hook in self:
            for event in hook.wanted(change, again=again):
                doubled = self._random.random() < self.options().duplicate_share
                for _ in range(1 + doubled):
                    self._add(hook, event)
                    made += 1
        return made

    def take(self, limit: int = 1_000_000) -> list[Notification]:
        """Take what is due now; each is to be settled afterwards."""
        self._remove_idle()
        now = self.now()
        taken: list[Notification] = []
        while len(taken) < limit and (due_at := self.next_due_at) is not None and due_at <= now:
            notification = self._open[heapq.heappop(self._due)[1]]
            if now - notification.made_at >= self.options().span(KEPT_SECONDS):
                self._close(notification, "dropped")
                continue
            notification.state = "sending"
            taken.append(notification)
        return taken

    def settle(self, notification: Notification, status: int | None, words: str = "") -> None:
        """Note how a try went: only 200 is an answer that VTEX takes; None stands for none at all."""
        if self._open.get(notification.id) is not notification:
            # Its hook was removed, or the sandbox reset, while it was on its way.
            return
        now, options, hook = self.now(), self.options(), notification.hook
        notification.tries += 1
        notification.answer = f"{status or ''} {words}".strip()
        hook.active_at = max(hook.active_at, now)
        if status == _OK:
            hook.delivered += 1
            self._close(notification, "delivered")
            return
        hook.failed_tries += 1
        # The exponent is bounded, so that the product stays a number.
        wait = options.hook_retry_seconds * options.hook_retry_factor ** min(notification.tries - 1, MAX_TRIES)
        pause = options.span(min(wait, KEPT_SECONDS))
        too_late = now + pause - notification.made_at >= options.span(KEPT_SECONDS)
        if notification.tries >= MAX_TRIES or too_late:
            self._close(notification, "dropped")
            return
        notification.state = "waiting"
        self._schedule(notification, now + pause)

    def hurry(self, notification_id: int | None = None) -> int:
        """Make what waits due now: one notification, or all; tell how many."""
        waiting = [
            each
            for each in self._open.values()
            if each.state == "waiting" and notification_id in {None, each.id} and each.due_at > self.now()
        ]
        for notification in waiting:
            self._schedule(notification, self.now())
        return len(waiting)

    def reset(self) -> None:
        """Forget hooks and notifications."""
        self._hooks.clear()
        self._open.clear()
        self._due.clear()
        self.history.clear()
        self._next_id = 1
        self._random.seed(1)

    def _add(self, hook: Hook, event: OrderEvent) -> None:
        now = self.now()
        hook.active_at = max(hook.active_at, now)
        held_back = self.options().span(self.options().hook_scatter_seconds) * self._random.random()
        notification = Notification(id=self._next_id, hook=hook, event=event, made_at=now, due_at=now)
        self._next_id += 1
        self._open[notification.id] = notification
        self._schedule(notification, now + held_back)

    def _schedule(self, notification: Notification, due_at: datetime) -> None:
        notification.due_at = due_at
        heapq.heappush(self._due, (due_at, notification.id))

    def _is_current(self, due_at: datetime, notification_id: int) -> bool:
        notification = self._open.get(notification_id)
        return notification is not None and notification.state == "waiting" and notification.due_at == due_at

    def _close(self, notification: Notification, state: Literal["delivered", "dropped"]) -> None:
        notification.state = state
        notification.hook.dropped += state == "dropped"
        del self._open[notification.id]
        self.history.append(notification)

    def _remove(self, account: str, app_key: str) -> bool:
        hook = self._hooks.pop((account, app_key), None)
        if hook is None:
            return False
        for notification in [each for each in self._open.values() if each.hook is hook]:
            notification.answer = notification.answer or "the hook was removed"
            self._close(notification, "dropped")
        return True

    def _remove_idle(self) -> None:
        oldest = self.now() - self.options().span(IDLE_SECONDS)
        for hook in [each for each in self._hooks.values() if each.active_at <= oldest]:
            self._remove(hook.account, hook.app_key)
