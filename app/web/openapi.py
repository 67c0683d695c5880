"""The OpenAPI document: ordinary routes as they are declared, webhook routes from the carriers' adapters."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic_core import from_json

from app.adapter import Adapter
from app.examples import Example, examples
from app.verification import AnyOf, Basic, Bearer, Scheme
from app.web.catalogue import CATALOGUE
from app.web.problems import MEDIA_TYPE

__all__ = ["describe", "write"]

_DESCRIPTION: Final = "Receives shipping carriers' tracking webhooks and keeps VTEX order timelines true."
_EXAMPLES_SHOWN: Final = 2
_REFUSALS: Final = ("400", "401", "404", "405", "408", "413", "415", "429")
_NAMING: Final = ("/ops/v1/backfills", "/ops/v1/overrides", "/ops/v1/orders/release", "/ops/v1/orders/export")
"""Operations whose bodies name what may not be there."""
_STATEFUL: Final = (
    *("/probe", "/link", "/unlink", "/erase", "/replay", "}/redrive"),
    *("/pause", "/resume", "/cancel", "/hook/check", "/hook/install", "/hook/remove"),
    *("/rotate", "/revoke"),
)
"""Operations that what they are about may not be in the state for."""
_MAKING: Final = ("/ops/v1/replays", "/ops/v1/tokens")
"""Lists to which not everything can be added: a preview runs once, and a token's name is given once."""
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong, where, and what to do (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/wrong-credential"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "id": {"type": "string", "description": "Under which operators find it.", "examples": ["ref_01HV2K8Q3ZABG"]},
        "instance": {"type": "string", "description": "Where operators read it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}
_ACCEPTED_SCHEMA: Final = {
    "type": "object",
    "title": "Accepted",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "examples": ["wh_01HV2K8Q3ZABC"]},
        "status": {"enum": ["accepted", "duplicate", "ignored"]},
    },
}
_ACCOUNT: Final = {
    "name": "account",
    "in": "path",
    "required": True,
    "description": "The account or group that the carrier is configured for.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]+$"},
}
_KEY: Final = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "The path key of the source; a wrong one is answered like an unknown path.",
    "schema": {"type": "string"},
}
_ALIAS: Final = {
    "name": "alias",
    "in": "path",
    "required": True,
    "description": "The opaque name of a source, for carriers whose rules forbid words in addresses.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]+$"},
}


def describe(api: FastAPI, adapters: Mapping[str, Adapter], *, version: str, url: str | None = None) -> dict[str, Any]:
    """Make the document of an application's routes and of the webhook routes of ``adapters``."""
    document = get_openapi(
        title="carrier-relay",
        version=version,
        description=_DESCRIPTION,
        routes=api.routes,
        servers=[{"url": url}] if url else None,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Problem": _PROBLEM_SCHEMA, "Accepted": _ACCEPTED_SCHEMA}
    for path, item in document["paths"].items():
        if path.startswith("/ops/"):
            _explain_refusals(path, item)
        else:
            _replace_validation_error(item)
    security = components.setdefault("securitySchemes", {})
    for adapter in adapters.values():
        schemes = _security_schemes(adapter)
        security |= schemes
        document["paths"] |= _carrier_paths(adapter, list(schemes))
    document["paths"] |= _alias_paths()
    return document


def write(document: Mapping[str, Any], path: Path) -> None:
    """Write a document as the repository keeps it."""
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _explain_refusals(path: str, item: Mapping[str, Any]) -> None:
    """Say of each operation of the operators' interface how it refuses."""
    statuses = ["401", "403", "422", "503"]
    for method, operation in item.items():
        names_something = "{" in path or (method == "post" and path.startswith(_NAMING))
        more = ["410"] if method == "post" and path.endswith("/replay") else []
        more += ["404"] if names_something else []
        more += ["409"] if path.endswith(_STATEFUL) or (method == "post" and path in _MAKING) else []
        more += ["415"] if path.endswith("/import") else []
        operation["responses"] |= {status: _problem(status) for status in (*statuses, *more)}


def _replace_validation_error(item: Mapping[str, Any]) -> None:
    """Say of other routes that they, too, answer with problem documents, not with the framework's own."""
    for operation in item.values():
        if "422" in operation["responses"]:
            operation["responses"]["422"] = _problem("422")


def _problem(status: str, note: str = "") -> dict[str, Any]:
    titles = dict.fromkeys(kind.title for kind in CATALOGUE.values() if str(kind.status) == status)
    text = "; ".join(titles)
    return {"description": text + note, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}


def _carrier_paths(adapter: Adapter, security: list[str]) -> dict[str, Any]:
    """Describe where a carrier posts, and where its engineers try."""
    cannot_sign = not adapter.verification.needs_secret and not adapter.verification.binds_body
    path = f"/webhooks/{adapter.slug}/{{account}}" + ("/{key}" if cannot_sign else "")
    parameters = [_ACCOUNT, _KEY] if cannot_sign else [_ACCOUNT]
    requirement: list[dict[str, list[str]]] = [{name: []} for name in security]
    receiving: dict[str, Any] = {"parameters": parameters}
    for method in sorted(adapter.methods):
        receiving[method.lower()] = {
            "tags": ["carriers"],
            "summary": f"{adapter.name} delivers a webhook",
            "description": _how(adapter),
            "externalDocs": {"url": adapter.documentation},
            "operationId": f"{method.lower()}_{adapter.slug}",
            "security": requirement,
            **({"requestBody": _request_body(adapter)} if method not in {"GET", "HEAD"} else {}),
            "responses": _responses(adapter),
        }
    trying = {
        "tags": ["carriers"],
        "summary": f"Try what {adapter.name} would send, without storing it",
        "operationId": f"verify_{adapter.slug}",
        "security": requirement,
        "requestBody": _request_body(adapter),
        "responses": {
            "204": {"description": "The sender is proven; nothing was stored"},
            **{status: _problem(status) for status in (*_REFUSALS, "503")},
        },
    }
    return {path: receiving, f"{path}/verify": {"parameters": parameters, "post": trying}}


def _how(adapter: Adapter) -> str:
    text = f"Proof: {adapter.verification.describe()}. What is known of {adapter.name}: {adapter.maturity.value}."
    if adapter.probe is not None:
        text += " Test calls that carry no event are answered and not stored."
    return text


def _alias_paths() -> dict[str, Any]:
    """Describe the opaque addresses, at which any carrier may be."""
    refusals = {status: _problem(status) for status in (*_REFUSALS, "503")}
    anything = {"required": False, "content": {"*/*": {"schema": {}}}}
    accepted = {"description": "Stored, as the carrier's own path answers it", "content": _accepted()}
    receiving = {
        "tags": ["carriers"],
        "summary": "A carrier delivers a webhook to an opaque address",
        "operationId": "post_alias",
        "requestBody": anything,
        "responses": {"200": accepted, **refusals},
    }
    trying = {
        "tags": ["carriers"],
        "summary": "Try an opaque address, without storing anything",
        "operationId": "verify_alias",
        "requestBody": anything,
        "responses": {"204": {"description": "The sender is proven; nothing was stored"}, **refusals},
    }
    return {
        "/w/{alias}": {"parameters": [_ALIAS], "post": receiving},
        "/w/{alias}/verify": {"parameters": [_ALIAS], "post": trying},
    }


def _security_schemes(adapter: Adapter) -> dict[str, Any]:
    scheme = adapter.verification
    ways: Iterable[Scheme] = scheme.schemes if isinstance(scheme, AnyOf) else (scheme,)
    found = [_security_scheme(way) for way in ways]
    described = [each for each in found if each is not None]
    names = [adapter.slug if number == 1 else f"{adapter.slug}-{number}" for number in range(1, len(described) + 1)]
    return dict(zip(names, described, strict=True))


def _security_scheme(scheme: Scheme) -> dict[str, Any] | None:
    """Describe a way of proving; None for one that stands in no header, which the operation's text describes."""
    description = scheme.describe()
    if isinstance(scheme, Bearer | Basic):
        return {"type": "http", "scheme": type(scheme).__name__.lower(), "description": description}
    if not scheme.headers:
        return None
    return {"type": "apiKey", "in": "header", "name": scheme.headers[0], "description": description}


def _request_body(adapter: Adapter) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media_type in sorted(adapter.media_types):
        shown = {
            each.name: {"summary": each.source, "value": _value(each, media_type)}
            for each in _chosen(adapter, media_type)
        }
        schema: dict[str, Any] = {"type": "string"}
        if _is_json(media_type):
            kinds = sorted({_kind(each["value"]) for each in shown.values()}) or ["array", "object"]
            schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
        content[media_type] = {"schema": schema, **({"examples": shown} if shown else {})}
    return {"required": True, "content": content}


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _chosen(adapter: Adapter, media_type: str) -> list[Example]:
    """Choose a few examples of a media type, a delivery first."""
    fitting = [
        each
        for each in examples(adapter.slug)
        if each.webhook.body and (each.webhook.content_type or media_type) == media_type
    ]
    fitting = [each for each in fitting if not _is_json(media_type) or _json(each) is not None]
    return sorted(fitting, key=lambda each: ("delivered" not in each.name, each.name))[:_EXAMPLES_SHOWN]


def _value(example: Example, media_type: str) -> object:
    return _json(example) if _is_json(media_type) else example.webhook.body.decode("utf-8", "replace")


def _json(example: Example) -> object:
    try:
        return from_json(example.webhook.body)
    except ValueError:
        return None


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean"}
    return kinds.get(type(value), "number")


def _responses(adapter: Adapter) -> dict[str, Any]:
    answer = adapter.acknowledgement
    responses: dict[str, Any] = {}
    if answer is None:
        responses["200"] = {"description": "Stored durably, or recognised as known", "content": _accepted()}
    else:
        shown = {answer.content_type: {"example": answer.body.decode("utf-8", "replace")}} if answer.body else {}
        about = "Stored durably, or recognised as known; answered as the carrier demands"
        responses[str(answer.status)] = {"description": about, "content": shown}
    for status in _REFUSALS:
        replaced = adapter.refusal_status if status in {"400", "401", "413", "415"} else None
        if replaced is None:
            responses[status] = _problem(status)
        else:
            known = responses.setdefault(str(replaced), {"description": "Refused", "content": {}})
            known["content"][MEDIA_TYPE] = {"schema": _PROBLEM}
    if adapter.refusal_status is not None:
        known = responses[str(adapter.refusal_status)]
        known["description"] += f"; refusals come with this status too, because of {adapter.name}'s rules"
    responses["503"] = _problem("503")
    return responses


def _accepted() -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": "#/components/schemas/Accepted"}}}
