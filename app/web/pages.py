"""Pages for people, without scripts and without anything from elsewhere: the interface's documentation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.web.catalogue import CATALOGUE
from app.web.problems import Problem

__all__ = ["docs_router", "problems_router"]

_STYLE: Final = Path(__file__).parent / "static" / "pages.css"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("app.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")

problems_router: Final = APIRouter(include_in_schema=False)
docs_router: Final = APIRouter(include_in_schema=False)


def _page(template: str, **values: object) -> Response:
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), headers=_HEADERS)


@problems_router.get("/problems")
async def problems() -> Response:
    """List every kind of problem."""
    return _page("problems.html", kinds=CATALOGUE.values())


@problems_router.get("/problems/pages.css")
@docs_router.get("/docs/pages.css")
async def style() -> Response:
    """Serve the pages' style sheet."""
    return Response(_STYLE.read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@problems_router.get("/problems/{slug}")
async def problem(request: Request, slug: str) -> Response:
    """Say what a kind of problem means and what to do about it, as a page or, if asked for, as JSON."""
    kind = CATALOGUE.get(slug)
    if kind is None:
        raise Problem("not-found", f"There is no kind of problem called {slug[:40]!r}; /problems lists them.")
    if "application/json" in request.headers.get("accept", ""):
        document = {
            "type": f"/problems/{kind.slug}",
            "status": kind.status,
            "title": kind.title,
            "meaning": kind.meaning,
            "remedy": kind.remedy,
        }
        return JSONResponse(document)
    return _page("problem.html", kind=kind)


@docs_router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Serve the OpenAPI document."""
    return JSONResponse(request.app.openapi())


@docs_router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the OpenAPI document as a page."""
    document = request.app.openapi()
    return _page("docs.html", info=document["info"], groups=_grouped(document))


def _grouped(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Group operations by their first tag, in the order of the document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            operation = item[method]
            entry = {"method": method.upper(), "path": path, **_described(operation)}
            groups.setdefault(next(iter(operation.get("tags", ())), "other"), []).append(entry)
    return groups


def _described(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {"name": each["name"], "where": each["in"], "description": each.get("description", "")}
            for each in operation.get("parameters", ())
        ],
        "responses": {status: each.get("description", "") for status, each in operation.get("responses", {}).items()},
        "request_types": list(operation.get("requestBody", {}).get("content", {})),
    }
