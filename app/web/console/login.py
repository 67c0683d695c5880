"""Logging in with a token, and out again."""

import hashlib
import logging
import secrets
from http import HTTPStatus
from math import ceil
from typing import Annotated, Final

from fastapi import Query, Request, Response

from app.telemetry import log_event
from app.web.console import sessions
from app.web.console.proxied import named_by_proxy, token_of_proxy
from app.web.console.rendering import page_of
from app.web.console.routing import FormOf, back_to, console_part, is_ours, read_form
from app.web.console.throttle import Throttle
from app.web.dependencies import Dependencies
from app.web.keys import note_use, token_of
from app.web.ops.access import given
from app.web.peer import peer_address

__all__ = ["router"]

router: Final = console_part()

_LOGGER: Final = logging.getLogger(__name__)
_COOKIE: Final = "relay_login"
_LONGEST_TOKEN: Final = 500


@router.get("/login")
async def login(
    request: Request,
    next_: Annotated[str, Query(alias="next", max_length=2000)] = "",
    out: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """Ask for a token, unless a trusted proxy says who somebody is; who logged out must say that they are back."""
    dependencies = given(request)
    if await sessions.find(request, dependencies) is not None:
        return back_to(_inside(next_))
    token = token_of_proxy(request, dependencies)
    if token is not None and not out:
        answer = back_to(_inside(next_))
        await sessions.open_session(request, answer, dependencies, token)
        log_event(_LOGGER, "console.opened", holder=token.name, peer=_peer(request, dependencies))
        return answer
    if token is None and named_by_proxy(request, dependencies) is not None:
        return _asking(request, next_, "You are known, and none of your groups has a role here.", HTTPStatus.FORBIDDEN)
    return _asking(request, next_, returning=token is not None)


def _asking(
    request: Request, next_: str, wrong: str | None = None, status: int = HTTPStatus.OK, *, returning: bool = False
) -> Response:
    """Show the form; a cookie of its own ties it to this browser, since there is no session yet."""
    page = page_of(request, given(request), None)
    seed = sessions.read_cookie(request, _COOKIE) or secrets.token_urlsafe(24)
    answer = page.show(
        "login.html",
        status,
        next=next_,
        wrong=wrong,
        returning=returning,
        login_token=_tie(seed),
        has_tokens=bool(given(request).tokens),
    )
    sessions.keep_cookie(request, answer, _COOKIE, seed)
    return answer


@router.post("/login")
async def enter(request: Request) -> Response:
    """Let the holder of a token in."""
    dependencies = given(request)
    fields = await read_form(request)
    next_ = fields.get("next", "")[:2000]
    seed = sessions.read_cookie(request, _COOKIE)
    if not seed or not is_ours(request, fields.get("form_token", ""), _tie(seed)):
        return _asking(request, next_, "The form was too old. Try again.", HTTPStatus.FORBIDDEN)
    peer = _peer(request, dependencies)
    throttle = _throttle(request, dependencies)
    wait = throttle.wait(peer)
    if wait is not None:
        log_event(_LOGGER, "console.throttled", level=logging.WARNING, peer=peer)
        answer = _asking(request, next_, "Too many wrong tokens. Wait some minutes.", HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(ceil(wait.total_seconds()))
        return answer
    token = await token_of(dependencies, fields.get("token", "").strip()[:_LONGEST_TOKEN])
    if token is None:
        throttle.fail(peer)
        log_event(_LOGGER, "console.unknown-token", level=logging.WARNING, peer=peer)
        return _asking(request, next_, "This relay does not know that token.", HTTPStatus.UNAUTHORIZED)
    answer = back_to(_inside(next_))
    await sessions.open_session(request, answer, dependencies, token)
    await note_use(request, dependencies, token)
    log_event(_LOGGER, "console.opened", holder=token.name, peer=peer)
    return answer


@router.post("/logout")
async def leave(request: Request, form: FormOf) -> Response:
    """End the session."""
    del form
    proxied = named_by_proxy(request, given(request)) is not None
    await sessions.close(request, given(request))
    answer = back_to("/console/login?out=1" if proxied else "/console/login")
    sessions.forget_cookie(answer)
    return answer


def _peer(request: Request, dependencies: Dependencies) -> str:
    return peer_address(request.scope["client"], request.scope["headers"], dependencies.trusted_proxies)


def _tie(seed: str) -> str:
    return hashlib.sha256(f"login {seed}".encode("utf-8", "surrogateescape")).hexdigest()


def _inside(path: str) -> str:
    """Return where to go after the login: a page of the console, whatever the query says."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and "//" not in path
    return path if plain and (path == "/console" or path.startswith("/console/")) else "/console"


def _throttle(request: Request, dependencies: Dependencies) -> Throttle:
    """Return the application's throttle, made when it is first needed."""
    state = request.app.state
    if not hasattr(state, "login_throttle"):
        state.login_throttle = Throttle(dependencies.now)
    found: Throttle = state.login_throttle
    return found
