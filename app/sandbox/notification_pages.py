"""The page of hooks and feeds: what is configured, what waits with how many tries, and what became of the rest."""

from datetime import timedelta
from http import HTTPStatus
from itertools import islice

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.sandbox.hooks import IDLE_SECONDS
from app.sandbox.page_forms import PageForms
from app.sandbox.rendering import Pages, View, ViewChoice
from app.sandbox.state import Sandbox

__all__ = ["notification_page_router"]

_PATH = "/notifications"
_SHOWN = 100


def notification_page_router(sandbox: Sandbox, pages: Pages, forms: PageForms) -> APIRouter:
    """Make the page, and what its forms are sent to."""
    router = APIRouter(prefix=_PATH, include_in_schema=False, default_response_class=HTMLResponse)

    def show(view: View, status: int = HTTPStatus.OK) -> HTMLResponse:
        forged = status == HTTPStatus.FORBIDDEN
        return pages.show(
            "notifications.html", view, _PATH, status, forms=True, token=forms.token, forged=forged, **_shown(sandbox)
        )

    @router.get("")
    async def notifications_page(view: ViewChoice) -> HTMLResponse:
        """Show the state of hooks and feeds."""
        return show(view)

    @router.post("")
    async def send_again(request: Request, view: ViewChoice) -> Response:
        """Send one notification that waits, or all of them, now."""
        form = await forms.read(request)
        if not forms.is_ours(request, form):
            return show(view, HTTPStatus.FORBIDDEN)
        chosen = form.get("id", "")
        if chosen == "all":
            sandbox.announcements.hooks.hurry()
        elif chosen.isascii() and chosen.isdecimal():
            sandbox.announcements.hooks.hurry(int(chosen[:18]))
        await sandbox.announcements.send_due()
        return RedirectResponse(view.link(_PATH), HTTPStatus.SEE_OTHER)

    return router


def _shown(sandbox: Sandbox) -> dict[str, object]:
    announcements, options, now = sandbox.announcements, sandbox.options, sandbox.now()
    waiting = announcements.hooks.waiting
    idle: timedelta = options.span(IDLE_SECONDS)
    return {
        "hooks": [(hook, hook.active_at + idle) for hook in announcements.hooks],
        "feeds": [
            (feed, feed.age_seconds(now), feed.active_at + options.span(feed.queue.retention_seconds))
            for feed in announcements.feeds
        ],
        "waiting": waiting[:_SHOWN],
        "waiting_total": len(waiting),
        "history": list(islice(reversed(announcements.hooks.history), _SHOWN)),
        "by_hand": options.hook_delivery == "by_hand",
        "speed": options.speed,
    }
