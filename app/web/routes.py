"""The ordinary routes: everything that a web framework serves, and the document that describes it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response

from app import __version__
from app.adapter import Adapter
from app.web import openapi
from app.web.budgets import Budgets
from app.web.console import console_router
from app.web.dependencies import Dependencies
from app.web.edges import LOGGED, Edges
from app.web.health import metrics_router, probes_router
from app.web.ops import router as ops_router
from app.web.orders_hook import orders_hook_router
from app.web.pages import docs_router, problems_router
from app.web.parts import Part
from app.web.problem_answers import install, response
from app.web.problems import refuse_unexpected
from app.web.space import Space
from app.web.tokens import tokens_router

__all__ = ["document", "export", "ordinary_routes"]

_PROBES: Final = (probes_router, problems_router)
_CARRIERS: Final = (tokens_router, orders_hook_router)
_OPERATORS: Final = (metrics_router, ops_router, docs_router, console_router)


def ordinary_routes(dependencies: Dependencies, budgets: Budgets, space: Space, *, with_ops: bool, part: Part) -> Edges:
    """Make the application of everything but webhooks and probes."""
    carriers = _CARRIERS if part.takes_webhooks else ()
    api = _api(*_PROBES, *carriers, *(_operators(part) if with_ops else ()))
    api.state.dependencies = dependencies
    api.state.space = space

    @cache
    def described() -> dict[str, Any]:
        return document(dependencies.adapters, version=dependencies.version, url=dependencies.public_url)

    # The framework's own would know nothing of webhooks.
    api.openapi = described  # type: ignore[method-assign]
    return Edges(api, budgets, dependencies.trusted_proxies, body_seconds=dependencies.limits.body_seconds)


def _operators(part: Part) -> tuple[APIRouter, ...]:
    return _OPERATORS if part.serves_operators else (metrics_router,)


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
    return openapi.describe(_api(*_PROBES, *_CARRIERS, *_OPERATORS), adapters, version=version, url=url)


def export(path: Path, adapters: Mapping[str, Adapter]) -> None:
    """Write the OpenAPI document to a file."""
    openapi.write(document(adapters), path)
