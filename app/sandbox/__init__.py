"""A faithful VTEX order system in memory, for tests, demonstrations and staging.

It answers the calls by which invoices, tracking numbers and tracking events reach VTEX, keeps
what VTEX would keep, and shows an order as its shopper would see it. Where VTEX does not
document what it does, ``SandboxOptions`` has a switch.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from app.sandbox.admin import admin_router
from app.sandbox.delivery import note_connection
from app.sandbox.fault_pages import fault_page_router
from app.sandbox.gateway import api_router
from app.sandbox.notification_pages import notification_page_router
from app.sandbox.options import Credential, Mode, SandboxOptions
from app.sandbox.order_pages import order_page_router
from app.sandbox.page_forms import PageForms
from app.sandbox.pages import page_router
from app.sandbox.rendering import STATIC_PATH, Pages
from app.sandbox.shop_admin import fill_shop
from app.sandbox.state import Sandbox

__all__ = ["Credential", "Mode", "SandboxOptions", "create_sandbox", "seed_shop"]


class _Application(FastAPI):
    """Know each request's connection, because a fault may end it; after each, send what it made due."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note_connection(scope, receive)
        try:
            await super().__call__(scope, receive, send)
        finally:
            sandbox: Sandbox = self.state.sandbox
            sandbox.announcements.nudge()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_sandbox(options: SandboxOptions | None = None, now: Callable[[], datetime] = _utc_now) -> FastAPI:
    """Make the sandbox; its state lives as long as the application."""
    sandbox = Sandbox(options or SandboxOptions(), now)
    app = _Application(
        title="VTEX sandbox",
        description="The sandbox's own API. The emulated one is VTEX's, under /api/oms.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/sandbox/openapi.json",
    )
    app.state.sandbox = sandbox
    app.include_router(admin_router(sandbox))
    pages, forms = Pages(sandbox.at_work), PageForms()
    app.include_router(page_router(sandbox, pages))
    app.include_router(order_page_router(sandbox, pages, forms))
    app.include_router(notification_page_router(sandbox, pages, forms))
    app.include_router(fault_page_router(sandbox, pages, forms))
    static = StaticFiles(directory=Path(__file__).with_name("static"))
    app.mount(STATIC_PATH, static, name="static")
    # Last, because its account in front of the path would take in the other routes.
    app.include_router(api_router(sandbox))
    return app


async def seed_shop(application: FastAPI, orders: int, seed: int) -> Mapping[str, int]:
    """Fill a sandbox with orders of every kind before it is served; count each kind."""
    sandbox: Sandbox = application.state.sandbox
    return await fill_shop(sandbox, orders, seed, account=sandbox.options.default_account)
