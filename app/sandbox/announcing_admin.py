"""The sandbox's own API for hooks and feeds: what waits, what became of it, and sending it by hand."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from app.sandbox.feeds import Feed
from app.sandbox.hooks import IDLE_SECONDS, Hook, Notification
from app.sandbox.state import Sandbox
from app.sandbox.timestamps import vtex_timestamp

__all__ = ["announcing_router"]

Limit = Annotated[int, Query(ge=1, le=10_000)]


def announcing_router(sandbox: Sandbox) -> APIRouter:
    """Make the routes."""
    router = APIRouter()
    announcements = sandbox.announcements

    @router.get("/hooks")
    async def show_hooks() -> dict[str, object]:
        """Show the hooks, without what they send as credentials."""
        return {"items": [_hook(sandbox, hook) for hook in announcements.hooks]}

    @router.get("/feeds")
    async def show_feeds() -> dict[str, object]:
        """Show the feeds, and how much is in them."""
        return {"items": [_feed(sandbox, feed) for feed in announcements.feeds]}

    @router.get("/notifications")
    async def show_notifications(limit: Limit = 1000) -> dict[str, object]:
        """Show the notifications that wait, the next first, and what became of the latest others."""
        waiting = announcements.hooks.waiting
        return {
            "waiting": len(waiting),
            "items": [_notification(each) for each in waiting[:limit]],
            "history": [_notification(each) for each in announcements.hooks.history],
        }

    @router.post("/notifications/send")
    async def send_notifications(everything: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 - in the query
        """Send what is due now, or everything that waits, and tell how it went."""
        if everything:
            announcements.hooks.hurry()
        return {"items": [_notification(each) for each in await announcements.send_due()]}

    @router.post("/orders/{order_id}/announce")
    async def announce_order(order_id: str, account: str | None = None) -> dict[str, int]:
        """Announce an order once more, to every hook and feed that wants orders like it."""
        account = account or sandbox.options.default_account
        order = sandbox.find(account, order_id)
        if order is None:
            raise HTTPException(404, f"account {account} has no order {order_id}")
        return {"announced": announcements.note(None, order, again=True)}

    return router


def _hook(sandbox: Sandbox, hook: Hook) -> dict[str, object]:
    return {
        "account": hook.account,
        "app_key": hook.app_key,
        "url": hook.target.url,
        "headers": sorted(hook.target.headers),
        "filter": hook.filter.document(),
        "waiting": sum(1 for each in sandbox.announcements.hooks.waiting if each.hook is hook),
        "delivered": hook.delivered,
        "failed_tries": hook.failed_tries,
        "dropped": hook.dropped,
        "removed_if_idle_until": vtex_timestamp(hook.active_at + sandbox.options.span(IDLE_SECONDS)),
    }


def _feed(sandbox: Sandbox, feed: Feed) -> dict[str, object]:
    retention: timedelta = sandbox.options.span(feed.queue.retention_seconds)
    return {
        "account": feed.account,
        "app_key": feed.app_key,
        "filter": feed.filter.document(),
        "queue": feed.queue.document(),
        "quantity": feed.quantity,
        "visible": feed.visible,
        "committed": feed.committed,
        "expired": feed.expired,
        "oldest_seconds": feed.age_seconds(sandbox.now()),
        "removed_if_idle_until": vtex_timestamp(feed.active_at + retention),
    }


def _notification(notification: Notification) -> dict[str, object]:
    event = notification.event
    return {
        "id": notification.id,
        "account": event.account,
        "app_key": notification.hook.app_key,
        "order_id": event.order_id,
        "domain": event.domain,
        "state": event.state,
        "standing": notification.state,
        "tries": notification.tries,
        "answer": notification.answer,
        "made_at": vtex_timestamp(notification.made_at),
        "due_at": vtex_timestamp(notification.due_at),
    }
