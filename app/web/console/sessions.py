"""Who is logged in: a cookie that holds a random id and nothing else, a session in the store, a token behind it.

The store knows the id by its digest only. A proof binds the session to its token: when that is taken out of the
settings or replaced, the session is worth nothing any more, and its role and accounts are always those of today.
"""

import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from fastapi import Request, Response

from app.errors import StoreUnavailable
from app.store import CloseSession, OpenSession, SeeSession, Session
from app.store.sessions import session_of
from app.web.console.proxied import is_proxied, token_of_proxy
from app.web.dependencies import Dependencies, Token
from app.web.keys import note_use, token_called
from app.web.ops.access import Caller

__all__ = [
    "LoggedIn",
    "close",
    "find",
    "forget_cookie",
    "form_token",
    "is_secure",
    "keep_cookie",
    "open_session",
    "read_cookie",
]

_COOKIE: Final = "relay_console"
_LIVE: Final = "x-relay-live"
_LONGEST: Final = timedelta(hours=12)
_NOTED_EVERY: Final = timedelta(minutes=1)
_ID_BYTES: Final = 32
_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Somebody who is logged in; ``id`` is what the cookie holds."""

    id: str = field(repr=False)
    caller: Caller


def is_secure(request: Request) -> bool:
    """Tell whether the browser speaks TLS, as far as anybody says: who lies here only makes a cookie stricter."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    origin = request.headers.get("origin", "")
    return request.url.scheme == "https" or forwarded == "https" or origin.startswith("https://")


def keep_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites cannot make a browser send."""
    secure = is_secure(request)
    response.set_cookie(
        f"__Host-{name}" if secure else name, value, path="/", httponly=True, samesite="strict", secure=secure
    )


def read_cookie(request: Request, name: str) -> str:
    """Read a cookie; one that only this host can have set goes before."""
    return request.cookies.get(f"__Host-{name}") or request.cookies.get(name, "")


def forget_cookie(response: Response) -> None:
    """Take the session's cookie away."""
    for name, secure in ((_COOKIE, False), (f"__Host-{_COOKIE}", True)):
        response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=secure)


async def open_session(request: Request, response: Response, given: Dependencies, token: Token) -> LoggedIn:
    """Let the holder of a token in under a new id; what the browser had before opens nothing any more."""
    await close(request, given)
    id_, now = secrets.token_urlsafe(_ID_BYTES), given.now()
    session = Session(digest=_digest(id_), holder=token.name, proof=_proof(id_, token), opened_at=now, seen_at=now)
    await given.store.write(OpenSession(session=session, idle_since=now - given.console.idle))
    keep_cookie(request, response, _COOKIE, id_)
    return LoggedIn(id=id_, caller=Caller(token=token, given=given))


async def find(request: Request, given: Dependencies) -> LoggedIn | None:
    """Find who is logged in; None when nobody is, or not any more."""
    id_ = read_cookie(request, _COOKIE)
    if not id_ or len(id_) > _LONGEST_ID:
        return None
    digest = _digest(id_)
    session = await given.store.read(lambda connection: session_of(connection, digest))
    if session is None:
        return None
    now = given.now()
    token = await _token_of(request, given, session.holder)
    is_over = now - session.seen_at > given.console.idle or now - session.opened_at > _LONGEST
    if token is None or is_over or not hmac.compare_digest(session.proof, _proof(id_, token)):
        with contextlib.suppress(StoreUnavailable):
            await given.store.write(CloseSession(digest=digest))
        return None
    # A page that looks anew by itself is nobody who is there.
    is_somebody = _LIVE not in request.headers
    if is_somebody and now - session.seen_at >= _NOTED_EVERY:
        # Whoever only looks can go on looking while nothing can be written.
        with contextlib.suppress(StoreUnavailable):
            await given.store.write(SeeSession(digest=digest, now=now))
    if is_somebody and not is_proxied(token.name):
        await note_use(request, given, token)
    return LoggedIn(id=id_, caller=Caller(token=token, given=given))


async def _token_of(request: Request, given: Dependencies, holder: str) -> Token | None:
    """Find the token behind a session; whom a proxy named it must name with each request."""
    if is_proxied(holder):
        token = token_of_proxy(request, given)
        return token if token is not None and token.name == holder else None
    return await token_called(given, holder)


async def close(request: Request, given: Dependencies) -> None:
    """End the session that a browser has, if any."""
    id_ = read_cookie(request, _COOKIE)
    if id_ and len(id_) <= _LONGEST_ID:
        await given.store.write(CloseSession(digest=_digest(id_)))


def form_token(id_: str) -> str:
    """Return what each form must send back: only the pages of this session know it."""
    return hmac.digest(id_.encode(), b"a form of the console", "sha256").hex()


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode("utf-8", "surrogateescape")).hexdigest()


def _proof(id_: str, token: Token) -> str:
    return hmac.digest(id_.encode("utf-8", "surrogateescape"), token.sha256.lower().encode(), "sha256").hex()
