"""The web application: webhooks in front, ordinary routes behind; the operators' interface with it or apart."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from app import __version__
from app.adapter import Adapter
from app.web import openapi
from app.web.budgets import Budgets
from app.web.console import console_router
from app.web.dependencies import Dependencies
from app.web.edges import LOGGED, Edges
from app.web.health import Readiness, metrics_router, probes_router
from app.web.ops import router as ops_router
from app.web.orders_hook import orders_hook_router
from app.web.pages import docs_router, problems_router
from app.web.problems import install, refuse_unexpected, response
from app.web.refusals import Refusals
from app.web.space import Space
from app.web.tokens import tokens_router
from app.web.webhooks import Webhooks

__all__ = ["Application", "create_app", "document", "export", "ops_app"]

_PUBLIC: Final = (probes_router, problems_router, tokens_router, orders_hook_router)
_OPERATORS: Final = (metrics_router, ops_router, docs_router, console_router)


class Application:
    """An ASGI application that is closed when its server has stopped."""

    def __init__(self, dependencies: Dependencies, *routers: APIRouter) -> None:
        """Take webhooks in, and serve the given routes beside them."""
        limits = dependencies.limits
        budgets = Budgets(limits.refusals_per_minute, dependencies.clock)
        space = _space(dependencies)
        self._refusals = Refusals(dependencies.store, kept=limits.refusals_kept, most_bytes=limits.refusals_bytes)
        self._webhooks = Webhooks(
            dependencies, self._refusals, budgets, space, _served(dependencies, budgets, space, *routers)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        await self._webhooks(scope, receive, send)

    async def close(self) -> None:
        """Write the refusals that wait; the store must still be open."""
        await self._refusals.close()


def create_app(dependencies: Dependencies, *, with_ops: bool = True) -> Application:
    """Make the application that carriers and probes call; without ops, `ops_app` serves those on its own listener."""
    return Application(dependencies, *_PUBLIC, *(_OPERATORS if with_ops else ()))


def ops_app(dependencies: Dependencies) -> Edges:
    """Make the application of operators and scrapers, which takes no webhooks."""
    limits = dependencies.limits
    budgets = Budgets(limits.refusals_per_minute, dependencies.clock)
    space = _space(dependencies)
    return _served(dependencies, budgets, space, *_PUBLIC, *_OPERATORS)


def _space(dependencies: Dependencies) -> Space:
    given = dependencies
    return Space(given.data_folder, given.limits.free_bytes, given.clock, is_in_place=given.store.is_in_place)


def _served(dependencies: Dependencies, budgets: Budgets, space: Space, *routers: APIRouter) -> Edges:
    api = _api(*routers)
    api.state.dependencies = dependencies
    api.state.readiness = Readiness(dependencies)
    api.state.space = space

    @cache
    def described() -> dict[str, Any]:
        return document(dependencies.adapters, version=dependencies.version, url=dependencies.public_url)

    # The framework's own would know nothing of webhooks.
    api.openapi = described  # type: ignore[method-assign]
    return Edges(api, budgets, dependencies.trusted_proxies, body_seconds=dependencies.limits.body_seconds)


def _api(*routers: APIRouter) -> FastAPI:
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for router in routers:
        api.include_router(router)
    install(api)
    api.add_exception_handler(Exception, _on_unexpected)
    return api


async def _on_unexpected(request: Request, error: Exception) -> Response:
    id_, detail = refuse_unexpected(error, path=request.url.path)
    request.scope[LOGGED] = True
    return response("unexpected", detail, id=id_)


def document(adapters: Mapping[str, Adapter], *, version: str = __version__, url: str | None = None) -> dict[str, Any]:
    """Make the OpenAPI document of everything that is served."""
    return openapi.describe(_api(*_PUBLIC, *_OPERATORS), adapters, version=version, url=url)


def export(path: Path, adapters: Mapping[str, Adapter]) -> None:
    """Write the OpenAPI document to a file."""
    openapi.write(document(adapters), path)
