"""Answer with problem documents, and turn the errors of ordinary routes into them."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.errors import RelayError
from app.web.catalogue import CATALOGUE
from app.web.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, Problem, document, refuse_unexpected, slug_of

__all__ = ["install", "response"]

_BY_STATUS: Final = {
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "too-large",
    415: "unsupported-media-type",
}
_SERVER_ERROR: Final = 500


def response(
    slug: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    id: str | None = None,  # noqa: A002 - the document's word
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Answer with a problem document."""
    status = CATALOGUE[slug].status
    extra = dict(headers or {})
    if status == CATALOGUE["unavailable"].status:
        extra["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if slug == "token-needed":
        extra["WWW-Authenticate"] = 'Bearer realm="carrier-relay"'
    return Response(json.dumps(document(slug, detail, id=id, errors=list(errors))), status, extra, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error of an application's routes become a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RelayError, _on_relay_error)


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return response(error.slug, error.detail, errors=error.errors)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    """Name the fields that are wrong; what was sent in them is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    errors = [{"field": _field(each["loc"]), "problem": _sentence(str(each["msg"]))} for each in error.errors()]
    detail = "; ".join(f"{each['field']}: {each['problem']}" for each in errors)
    only = {str(each.get("ctx", {}).get("slug", "")) for each in error.errors()}
    slug = only.pop() if len(only) == 1 else ""
    return response(slug if slug in CATALOGUE else "invalid-request", f"{detail}.", errors=errors)


def _field(location: Sequence[object]) -> str:
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or "body"


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    slug = _BY_STATUS.get(error.status_code)
    if slug == "not-found":
        return response(slug, f"Nothing is served at {request.url.path}; /docs lists what is.")
    if slug == "method-not-allowed":
        return response(slug, f"{request.url.path} does not take {request.method}.", headers=error.headers)
    if slug is not None:
        return response(slug, f"{error.detail}.", headers=error.headers)
    if error.status_code >= _SERVER_ERROR:
        return response("unavailable", f"{error.detail}.")
    return response("invalid-request", f"The request cannot be read: {error.detail}.")


async def _on_relay_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RelayError)  # noqa: S101 - registered for it
    slug = slug_of(error)
    if slug == "unexpected":
        id_, detail = refuse_unexpected(error, path=request.url.path)
        return response(slug, detail, id=id_)
    return response(slug, f"{error}.")
