"""Who holds a token: those of the settings, and those that were made at run time."""

import contextlib
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request

from app.errors import StoreUnavailable
from app.store import NoteTokenUse, StoredToken
from app.store.tokens import stored_token, token_named
from app.web.dependencies import Dependencies, Role, Token

__all__ = ["note_use", "token_called", "token_of"]

_NOTED_EVERY: Final = timedelta(minutes=5)
_LONGEST: Final = 500


async def token_of(given: Dependencies, text: str) -> Token | None:
    """Find a token by its digest; of those of the settings every one is compared, whatever matched before.

    Raises:
        StoreUnavailable: None of the settings fits, and whether another does cannot be told.

    """
    if not text or len(text) > _LONGEST:
        return None
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    found = [token for token in given.tokens if hmac.compare_digest(token.sha256.lower(), digest)]
    if found:
        return found[0]
    now = given.now()
    stored = await given.store.read(lambda connection: stored_token(connection, digest, now))
    return None if stored is None else _token(stored)


async def token_called(given: Dependencies, name: str) -> Token | None:
    """Find a token by the name of its holder; None when there is none, or it opens nothing any more."""
    found = next((token for token in given.tokens if token.name == name), None)
    if found is not None:
        return found
    stored = await given.store.read(lambda connection: token_named(connection, name))
    return _token(stored) if stored is not None and stored.opens(given.now()) else None


def _token(stored: StoredToken) -> Token:
    limits = None if stored.accounts is None else frozenset(stored.accounts)
    return Token(name=stored.name, role=Role[stored.role.upper()], sha256=stored.sha256, accounts=limits)


async def note_use(request: Request, given: Dependencies, token: Token) -> None:
    """Remember now and then that a token is used; while nothing can be written, it opens all the same."""
    state = request.app.state
    if not hasattr(state, "token_uses"):
        state.token_uses = {}
    noted: dict[str, datetime] = state.token_uses
    now = given.now()
    if token.name in noted and now - noted[token.name] < _NOTED_EVERY:
        return
    noted[token.name] = now
    with contextlib.suppress(StoreUnavailable):
        await given.store.write(NoteTokenUse(name=token.name, now=now))
