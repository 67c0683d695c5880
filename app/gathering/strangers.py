"""Whose order a notification is about: VTEX names the account, and may know it by another name than the settings."""

import contextlib
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from re import fullmatch
from typing import Final

from app.errors import StoreUnavailable
from app.store import NoteStranger, Store
from app.telemetry import log_event

__all__ = ["Strangers"]

logger = logging.getLogger(__name__)

_AGAIN: Final = timedelta(hours=1)
_UNREADABLE: Final = "(a name that is none)"


class Strangers:
    """Tell an account's own notifications from others', and say so where only others come.

    That is how it looks when an account is configured under another name than VTEX's: the key is right, each
    notification is answered as foreign, and no order is ever learnt of.
    """

    def __init__(self, account: str, names: Collection[str], store: Store, now: Callable[[], datetime]) -> None:
        """Take notifications about ``names`` for the account's own."""
        self._account = account
        self._names = frozenset(names)
        self._store = store
        self._now = now
        self._heard_own = False
        self._noted: str | None = None
        self._again_at: datetime | None = None

    async def is_own(self, name: str | None) -> bool:
        """Tell whether a notification about the account ``name`` is this one's; one that names none is."""
        if name is None:
            return True
        if name.lower() in self._names:
            await self._hear_own()
            return True
        await self._hear_stranger(name.lower())
        return False

    async def _hear_own(self) -> None:
        if self._heard_own:
            return
        await self._note(None)
        self._heard_own = True

    async def _hear_stranger(self, name: str) -> None:
        now = self._now()
        is_told = name == self._noted and self._again_at is not None and now < self._again_at
        if self._heard_own or is_told:
            return
        self._noted, self._again_at = name, now + _AGAIN
        shown = name if fullmatch(r"[a-z0-9-]{1,60}", name) else _UNREADABLE
        log_event(
            logger,
            "hook.stranger",
            level=logging.WARNING,
            account=self._account,
            stranger=shown,
            reason=f"VTEX tells of {shown} with the hook_key of {self._account}, so it is answered as foreign",
        )
        # That it is not kept must not cost the answer.
        with contextlib.suppress(StoreUnavailable):
            await self._note(shown)

    async def _note(self, name: str | None) -> None:
        await self._store.write(NoteStranger(account=self._account, stranger=name, now=self._now()))
