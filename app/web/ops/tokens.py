"""Tokens made at run time: list, make, rotate, revoke. Whoever is limited to accounts gives no more than that."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response

from app.store import MakeToken, RevokeToken, RotateToken, StoredToken
from app.store.tokens import list_tokens, token_named, uses
from app.web import schemas
from app.web.dependencies import Token
from app.web.ops.access import Admin, Caller
from app.web.ops.listing import missing, plain
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/tokens", tags=["tokens"])

Name = Annotated[str, Path(max_length=64, description="Who holds it.", examples=["night-shift"])]
_CREATED: Final = 201


@router.get("", summary="List the tokens and when each was last used")
async def index(caller: Admin) -> schemas.TokenPage:
    """List the tokens of the settings and those made at run time; none of them is shown, nor its digest."""
    given = caller.given
    stored = await given.store.read(list_tokens)
    names = [*(token.name for token in given.tokens), *(token.name for token in stored)]
    used = await given.store.read(lambda connection: uses(connection, names))
    shown = [_configured(token, used.get(token.name)) for token in given.tokens if _may_see(caller, token.accounts)]
    shown += [_stored(token, used.get(token.name), given.now()) for token in stored if _may_see(caller, token.accounts)]
    return schemas.TokenPage(items=tuple(sorted(shown, key=lambda token: token.name)))


def _may_see(caller: Caller, accounts: frozenset[str] | tuple[str, ...] | None) -> bool:
    """Tell whether a token is limited to accounts that are all the caller's."""
    return caller.token.accounts is None or (accounts is not None and caller.token.accounts.issuperset(accounts))


def _configured(token: Token, used_at: datetime | None) -> schemas.TokenItem:
    limits = None if token.accounts is None else tuple(sorted(token.accounts))
    return schemas.TokenItem(
        name=token.name,
        role=token.role.name.lower(),
        accounts=limits,
        origin="settings",
        state="active",
        used_at=used_at,
    )


def _stored(token: StoredToken, used_at: datetime | None, now: datetime) -> schemas.TokenItem:
    state: Literal["active", "expired", "revoked"] = "active"
    if not token.opens(now):
        state = "expired" if token.revoked_at is None else "revoked"
    old_until = token.old_until if token.old_until is not None and token.old_until > now else None
    return schemas.TokenItem.model_validate(
        plain(token, origin="store", state=state, used_at=used_at, old_until=old_until)
    )


@router.post("", summary="Make a token", status_code=_CREATED)
async def make(caller: Admin, asked: schemas.NewToken, response: Response) -> schemas.MadeToken:
    """Make a token and show it this once; the store keeps its digest only. A name is never given twice."""
    given = caller.given
    accounts = _limits(caller, asked.accounts)
    if any(token.name == asked.name for token in given.tokens):
        raise Problem("token-state", f"{asked.name}: the settings have a token of this name; take another one.")
    text, now = _fresh(), given.now()
    expires_at = None if asked.expires_in_days is None else now + timedelta(days=asked.expires_in_days)
    made = await given.store.write(
        MakeToken(
            name=asked.name,
            actor=caller.name,
            reason=asked.reason,
            ids=given.store.ids,
            now=now,
            role=asked.role,
            accounts=accounts,
            sha256=_digest(text),
            expires_at=expires_at,
        )
    )
    if not made:
        raise Problem("token-state", f"{asked.name}: there is or was a token of this name; take another one.")
    return await _shown_once(caller, asked.name, text, response)


def _limits(caller: Caller, asked: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return what a token may be limited to: nobody gives what they have not."""
    for account in asked or ():
        caller.demand(account, caller.accounts)
        if account not in caller.given.accounts:
            problem = "no account of this name is configured"
            errors = [{"field": "accounts", "problem": problem}]
            raise Problem("unknown-account", f"accounts: {problem}: {account[:64]!r}.", errors=errors)
    if asked is None and caller.accounts is not None:
        raise Problem("forbidden", f"accounts: must be named; the token {caller.name} is limited to accounts itself.")
    return None if asked is None else tuple(sorted(set(asked)))


@router.post("/{name}/rotate", summary="Give a token another secret")
async def rotate(caller: Admin, name: Name, asked: schemas.RotatedToken, response: Response) -> schemas.MadeToken:
    """Show a new secret once; the one before opens for `grace_hours` more, so that its holder can change over."""
    await _changeable(caller, name)
    text, store = _fresh(), caller.given.store
    rotated = await store.write(
        RotateToken(
            name=name,
            actor=caller.name,
            reason=asked.reason,
            ids=store.ids,
            now=caller.given.now(),
            sha256=_digest(text),
            grace=timedelta(hours=asked.grace_hours),
        )
    )
    if not rotated:
        raise _revoked(name)
    return await _shown_once(caller, name, text, response)


@router.post("/{name}/revoke", summary="Take a token back for good")
async def revoke(caller: Admin, name: Name, asked: schemas.Reason) -> schemas.TokenItem:
    """Let it open nothing from now on, sessions of the console included."""
    await _changeable(caller, name)
    store, now = caller.given.store, caller.given.now()
    taken = await store.write(RevokeToken(name=name, actor=caller.name, reason=asked.reason, ids=store.ids, now=now))
    if not taken:
        raise _revoked(name)
    return await _item(caller, name)


def _revoked(name: str) -> Problem:
    return Problem("token-state", f"{name} was revoked already, for good; make another one.")


async def _changeable(caller: Caller, name: str) -> None:
    """Refuse a token that there is not, that is not the caller's to change, or that only the settings can change."""
    configured = next((token for token in caller.given.tokens if token.name == name), None)
    if configured is not None and _may_see(caller, configured.accounts):
        raise Problem("token-state", f"{name} is a token of the settings: take it out of them, or change it there.")
    stored = await caller.given.store.read(lambda connection: token_named(connection, name))
    if stored is None or configured is not None or not _may_see(caller, stored.accounts):
        raise missing("token", name)


async def _item(caller: Caller, name: str) -> schemas.TokenItem:
    found = await caller.given.store.read(lambda connection: token_named(connection, name))
    used = await caller.given.store.read(lambda connection: uses(connection, [name]))
    if found is None:
        raise missing("token", name)
    return _stored(found, used.get(name), caller.given.now())


async def _shown_once(caller: Caller, name: str, text: str, response: Response) -> schemas.MadeToken:
    response.headers["Cache-Control"] = "no-store"
    item = await _item(caller, name)
    return schemas.MadeToken.model_validate({**item.model_dump(), "token": text})


def _fresh() -> str:
    # 256 random bits; by the prefix secret scanners recognise it.
    return f"relay_{secrets.token_urlsafe(32)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
