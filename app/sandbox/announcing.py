"""Every change of an order, told to the hooks and the feeds."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.egress import Egress
from app.errors import CallFailed, EgressRefused
from app.sandbox.events import Change
from app.sandbox.feeds import Feeds
from app.sandbox.hooks import Hooks, Notification
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Order
from app.sandbox.subscribing import Target

__all__ = ["Announcements", "answers_ping"]

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 8
_LONGEST_NAP_SECONDS: Final = 0.5
"""The clock may be another than the machine's, so it is looked at again and again while something waits."""
_OK: Final = 200


class Announcements:
    """The hooks and feeds of a sandbox, and the task that sends what is due."""

    def __init__(self, now: Callable[[], datetime], options: Callable[[], SandboxOptions]) -> None:
        """Start without any."""
        self.hooks = Hooks(now, options)
        self.feeds = Feeds(now, options)
        self._now = now
        self._options = options
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    def note(self, before: Order | None, after: Order, *, again: bool = False) -> int:
        """Tell everyone who wants to know of an order that was written; tell how many times."""
        change = Change(before, after, self._options(), self._now())
        return self.hooks.offer(change, again=again) + self.feeds.offer(change, again=again)

    def reset(self) -> None:
        """Forget everything."""
        self.hooks.reset()
        self.feeds.reset()

    def nudge(self) -> None:
        """See to it that what is due is sent, if it goes out by itself."""
        if self.hooks.next_due_at is None or self._options().hook_delivery != "automatic":
            return
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="sandbox-notifications")
            self._task.add_done_callback(self._ended)

    async def send_due(self) -> list[Notification]:
        """Send what is due now, and wait until all of it is answered."""
        async with Egress(connections=_AT_ONCE) as egress:
            taken = self.hooks.take()
            for start in range(0, len(taken), _AT_ONCE):
                batch = taken[start : start + _AT_ONCE]
                await asyncio.gather(*(self._send(egress, each) for each in batch))
        return taken

    async def _run(self) -> None:
        async with Egress(connections=_AT_ONCE) as egress:
            while self._options().hook_delivery == "automatic" and (due_at := self.hooks.next_due_at) is not None:
                self._woken.clear()
                batch = self.hooks.take(_AT_ONCE)
                if batch:
                    await asyncio.gather(*(self._send(egress, each) for each in batch))
                    continue
                nap = min(max((due_at - self._now()).total_seconds(), 0.001), _LONGEST_NAP_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), nap)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if error := task.exception():
            _log.error("notifications are no longer sent", exc_info=error)
            return
        # What came while the task was ending is not to wait for the next request.
        self.nudge()

    async def _send(self, egress: Egress, notification: Notification) -> None:
        options, hook = self._options(), notification.hook
        document = notification.event.notification(hook.app_key, full=options.notification_shape == "full")
        status, words = await _post(egress, hook.target, document, options)
        self.hooks.settle(notification, status, words)


async def answers_ping(target: Target, options: SandboxOptions) -> bool:
    """Tell whether an address answers the call by which VTEX tries it out."""
    async with Egress() as egress:
        status, _ = await _post(egress, target, {"hookConfig": "ping"}, options)
    return status == _OK


async def _post(egress: Egress, target: Target, document: object, options: SandboxOptions) -> tuple[int | None, str]:
    content = json.dumps(document, ensure_ascii=False).encode()
    try:
        reply = await egress.call(
            "POST",
            target.url,
            headers=target.sent_headers,
            content=content,
            total_seconds=options.hook_answer_seconds,
        )
    except (CallFailed, EgressRefused) as error:
        return None, str(error)
    return reply.status, reply.body[:200].decode(errors="replace") if reply.status != _OK else ""
