"""The one way into the emulated API: account, key, operation, journal."""

import hashlib
import ipaddress
import time
from collections.abc import Awaitable, Callable
from hmac import compare_digest

from fastapi import APIRouter, Request, Response
from pydantic_core import from_json
from starlette.datastructures import Headers

from app.sandbox.answers import Answer, oms_error, problem
from app.sandbox.calls import NOT_JSON, Call, Operation
from app.sandbox.delivery import response_to
from app.sandbox.failing import Outcome, answer_with_faults
from app.sandbox.journal import Entry
from app.sandbox.options import SandboxOptions
from app.sandbox.routes import OPERATIONS, UNKNOWN_ROUTES
from app.sandbox.state import Sandbox

__all__ = ["api_router"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def api_router(sandbox: Sandbox) -> APIRouter:
    """Route every operation, with the account in front of the path and without."""
    router = APIRouter()
    for operation in (*OPERATIONS, *UNKNOWN_ROUTES):
        methods = _METHODS if operation in UNKNOWN_ROUTES else [operation.method]
        for prefix in ("", "/{account}"):
            router.add_api_route(
                prefix + operation.path,
                _endpoint(sandbox, operation),
                methods=methods,
                name=operation.name,
                include_in_schema=False,
            )
    return router


def _endpoint(sandbox: Sandbox, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        number = sandbox.journal.take_id()
        call = await _read_call(sandbox, request)
        outcome = await serve(sandbox, operation, call, request.headers)
        duration = (time.perf_counter() - started) * 1000
        sandbox.journal.add(_entry(number, operation, call, request, outcome, duration))
        return response_to(outcome.answer)

    return endpoint


async def serve(sandbox: Sandbox, operation: Operation, call: Call, headers: Headers) -> Outcome:
    """Let a call through to its operation.

    Every call of the API passes here, with the operation's name: whatever is to go wrong on
    purpose, before or after the operation takes effect, goes wrong in this function.
    """

    async def perform(call: Call) -> Answer:
        refusal = _refusal(sandbox.options, operation, call.account, headers)
        answer = refusal or operation.perform(sandbox, call)
        return answer if isinstance(answer, Answer) else await answer

    return await answer_with_faults(sandbox, operation, call, perform)


def _refusal(options: SandboxOptions, operation: Operation, account: str, headers: Headers) -> Answer | None:
    """Check the key: 401 when it is missing or wrong, 403 when its role lacks the resource."""
    unauthorized = problem(401) if operation.newer else oms_error(401, "1", "Unauthorized access")
    key = headers.get("x-vtex-api-appkey", "")
    token = headers.get("x-vtex-api-apptoken", "")
    if options.credentials is None:
        user_token = headers.get("vtexidclientautcookie", "")
        return None if (key and token) or user_token else unauthorized
    for credential in options.credentials:
        if (
            credential.account == account
            and compare_digest(credential.app_key.encode(), key.encode())
            and compare_digest(credential.app_token.encode(), token.encode())
        ):
            needed = operation.resource
            allowed = needed is None or needed in credential.resources
            return None if allowed else Answer(status=403)
    return unauthorized


async def _read_call(sandbox: Sandbox, request: Request) -> Call:
    body = await request.body()
    try:
        document = from_json(body, allow_inf_nan=False, cache_strings="keys") if body else None
    except ValueError:
        document = NOT_JSON
    parameters: dict[str, str] = dict(request.path_params)
    account = parameters.pop("account", None)
    return Call(
        account=account or _account_of(request.headers.get("host", ""), sandbox.options),
        path_parameters=parameters,
        query=dict(request.query_params),
        raw_query=request.url.query,
        media_type=request.headers.get("content-type", ""),
        body=body,
        document=document,
        received_at=sandbox.now(),
        app_key=request.headers.get("x-vtex-api-appkey", ""),
    )


def _account_of(host: str, options: SandboxOptions) -> str:
    """Read the account off a host name such as ``mystore.vtex.example``; else take the default."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    account, dot, _ = name.partition(".")
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return account if account and dot else options.default_account
    return options.default_account


def _entry(
    number: int,
    operation: Operation,
    call: Call,
    request: Request,
    outcome: Outcome,
    duration_ms: float,
) -> Entry:
    status = outcome.answer.status
    body: object = call.document
    if body is NOT_JSON:
        body = call.body.decode(errors="replace")
    elif operation.name == "post-hook":
        body = _without_header_values(body)
    return Entry(
        id=number,
        time=call.received_at,
        account=call.account,
        method=request.method,
        path=request.scope["path"],
        query=call.raw_query,
        route=operation.name,
        order_id=call.order_id,
        invoice_number=call.invoice_number,
        status=status,
        duration_ms=round(duration_ms, 3),
        body_sha256=hashlib.sha256(call.body).hexdigest() if call.body else None,
        body=body,
        refusal=_refusal_body(outcome.answer),
        faults=outcome.hits,
    )


def _without_header_values(config: object) -> object:
    """Leave the credentials of a hook out of the journal."""
    if not isinstance(config, dict) or not isinstance(config.get("hook"), dict):
        return config
    headers = config["hook"].get("headers")
    masked = dict.fromkeys(headers, "***") if isinstance(headers, dict) else headers
    return {**config, "hook": {**config["hook"], "headers": masked}}


def _refusal_body(answer: Answer) -> object:
    if answer.status is None or answer.status < 400:  # noqa: PLR2004
        return None
    return answer.body if answer.content is None else answer.content.decode(errors="replace")
