"""The web application: webhooks in front, ordinary routes behind; the operators' interface with it or apart."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

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
from app.web.parts import Part
from app.web.problems import install, refuse_unexpected, response
from app.web.refusals import Refusals
from app.web.space import Space
from app.web.tokens import tokens_router
from app.web.webhooks import Webhooks

__all__ = ["Application", "create_app", "document", "export", "ops_app"]

_PROBES: Final = (probes_router, problems_router)
_CARRIERS: Final = (tokens_router, orders_hook_router)
_PUBLIC: Final = (*_PROBES, *_CARRIERS)
_OPERATORS: Final = (metrics_router, ops_router, docs_router, console_router)


class Application:
    """An ASGI application that is closed when its server has stopped."""

    def __init__(self, dependencies: Dependencies, *routers: APIRouter, takes: bool = True) -> None:
        """Take webhooks in, unless another process does, and serve the given routes beside them."""
        limits = dependencies.limits
        budgets, space = _guards(dependencies)
        self._refusals = Refusals(dependencies.store, kept=limits.refusals_kept, most_bytes=limits.refusals_bytes)
        served = _served(dependencies, budgets, space, *routers)
        self._serve: ASGIApp = Webhooks(dependencies, self._refusals, budgets, space, served) if takes else served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        await self._serve(scope, receive, send)

    async def close(self) -> None:
        """Write the refusals that wait; the store must still be open."""
        await self._refusals.close()


def create_app(dependencies: Dependencies, *, with_ops: bool = True, part: Part = Part.ALL) -> Application:
    """Make the application that carriers and probes call; without ops, `ops_app` serves those on its own listener."""
    carriers = _CARRIERS if part.takes_webhooks else ()
    operators = _operators(part) if with_ops else ()
    return Application(dependencies, *_PROBES, *carriers, *operators, takes=part.takes_webhooks)


def ops_app(dependencies: Dependencies, *, part: Part = Part.ALL) -> Edges:
    """Make the application of operators and scrapers, which takes no webhooks."""
    carriers = _CARRIERS if part.takes_webhooks else ()
    return _served(dependencies, *_guards(dependencies), *_PROBES, *carriers, *_operators(part))


def _operators(part: Part) -> tuple[APIRouter, ...]:
    return _OPERATORS if part.serves_operators else (metrics_router,)


def _guards(dependencies: Dependencies) -> tuple[Budgets, Space]:
    limits = dependencies.limits
    space = Space(
        dependencies.data_folder,
        limits.free_bytes,
        dependencies.clock,
        is_in_place=dependencies.store.is_in_place,
    )
    return Budgets(limits.refusals_per_minute, dependencies.clock), space


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
