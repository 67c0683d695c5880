"""VTEX's order hook of an account: looked at every day, made again when VTEX deleted it, and never somebody else's.

VTEX deletes a hook that had nothing to tell for three days. So the relay remembers that its own stood there, and puts
it back; where another one stands by then, it only says so.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from app.duties import Duties
from app.errors import HookNotOurs, HookNotPossible, LookupFailed
from app.gathering.calls import Calls
from app.gathering.hook_words import refusal, standing
from app.gathering.strangers import Strangers
from app.store import HookRecord, KeepHook, RecordHook, Store, hook_records
from app.telemetry import log_event
from app.vtex import Answered, HookState, OrderHook, Outcome, hook_url, judge_hook

__all__ = ["HookKeeper", "HookPlan"]

logger = logging.getLogger(__name__)

_FIRST: Final = timedelta(seconds=30)
"""After the start: by then this relay answers the ping that VTEX sends before it takes a hook."""
_EVERY: Final = timedelta(days=1)
_AGAIN: Final = timedelta(hours=1)
_STANDBY_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 10.0
"""How long somebody who asks waits for an account's limits."""
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """What the hooks of all accounts are to be.

    Args:
        base: How VTEX reaches this relay; None when that is not configured.
        keys: What each account's hook may send as its key, the newest first; without one nothing is received.

    """

    base: str | None = None
    keys: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at VTEX found; ``answered`` where it found out nothing."""

    state: str
    hook: OrderHook | None = None
    problem: str | None = None
    answered: Answered | None = None


class HookKeeper:
    """Look after the hook of one account."""

    def __init__(
        self,
        account: str,
        store: Store,
        calls: Calls,
        duties: Duties,
        plan: HookPlan,
        *,
        names: Collection[str] = (),
        now: Callable[[], datetime],
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """Keep the hook of ``account`` as the plan says; VTEX may also know it by other ``names``."""
        self._account = account
        self._store = store
        self._calls = calls
        self._duties = duties
        self._keys = tuple(plan.keys.get(account, ()))
        self._url = hook_url(plan.base, account) if plan.base else None
        self._now = now
        self._patience_seconds = patience_seconds
        self._not_before = now() + _FIRST
        self._lock = asyncio.Lock()
        self.strangers = Strangers(account, {account, *names}, store, now)
        self._told: str | None = None

    @property
    def url(self) -> str | None:
        """Return where this relay's hook leads, None when it is not configured how VTEX reaches the relay."""
        return self._url

    @property
    def is_received(self) -> bool:
        """Tell whether what the hook tells is taken at all: the account has a key for it."""
        return bool(self._keys)

    def standing(self, record: HookRecord) -> tuple[str, str | None]:
        """Say of what is known in one word how the hook stands, and in a sentence what is wrong and what to do."""
        return standing(self._account, record) if self._keys else ("off", None)

    async def step(self) -> float:
        """Look, if it is time; return how long to rest."""
        now = self._now()
        if now < self._not_before:
            return (self._not_before - now).total_seconds()
        if not await self._duties.keep(f"hook:{self._account}"):
            return _STANDBY_SECONDS
        async with self._lock:
            if (wait := await self._calls.wait()) > 0:
                return wait
            with self._calls.keeping_place():
                record = await self._restored(await self._look())
        is_settled = record.state != _UNKNOWN and (record.state != HookState.NONE or record.kept_url is None)
        rest = _EVERY if is_settled else _AGAIN
        self._not_before = self._now() + rest
        return rest.total_seconds()

    async def look(self) -> HookRecord:
        """Look now, and return what is known then.

        Raises:
            LookupFailed: The account cannot be called now.

        """
        async with self._lock:
            await self._turn()
            record = await self._record(await self._look())
        if record.state == HookState.NONE and record.kept_url is not None:
            self._not_before = self._now()
        return record

    async def install(self, base: str | None, *, actor: str, reason: str | None) -> tuple[HookRecord, bool]:
        """Have VTEX tell this relay; say whether anything was changed. ``base`` stands in for a missing public_url.

        Raises:
            HookNotOurs: Somebody else's hook stands there.
            HookNotPossible: A setting is missing, or VTEX does not take it.
            LookupFailed: Nothing could be found out.

        """
        url, key = self._wanted(base, (await self._known()).kept_url)
        async with self._lock:
            await self._turn()
            with self._calls.keeping_place():
                found = self._demand_ours(await self._look(url))
                changes = found.state != HookState.OURS
                if changes:
                    self._demand(await self._post(url, key), url)
                    found = self._demand_ours(await self._look(url))
            kept = (await self._known()).kept_url
            if changes or kept != url:
                await self._keep(url, actor, reason)
            if found.state != HookState.OURS:
                self._not_before = min(self._not_before, self._now() + _AGAIN)
            return await self._record(found, keep=url), changes

    async def remove(self, *, actor: str, reason: str | None) -> tuple[HookRecord, bool]:
        """Delete this relay's hook, and make it no more; say whether there was one.

        Raises:
            HookNotOurs: Somebody else's hook stands there.
            HookNotPossible: VTEX does not let it be deleted.
            LookupFailed: Nothing could be found out.

        """
        async with self._lock:
            await self._turn()
            with self._calls.keeping_place():
                found = self._demand_ours(await self._look())
                is_there = found.state != HookState.NONE
                if is_there or (await self._known()).kept_url is not None:
                    # First, so that it is not made again whatever happens to the call.
                    await self._keep(None, actor, reason)
                if is_there:
                    gone = await self._calls.make(
                        "hook-remove", lambda client: client.remove_hook(), lambda ended: ended
                    )
                    if gone.outcome is not Outcome.MISSING:
                        self._demand(gone, "")
            return await self._record(_Look(state=HookState.NONE)), is_there

    # --- VTEX ------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Wait until the account may be called, though not for long: somebody waits for the answer."""
        until = time.monotonic() + self._patience_seconds
        while (wait := await self._calls.wait()) > 0:
            if time.monotonic() + wait > until:
                raise LookupFailed(f"{self._account} may not be called now; `accounts show` says why")
            await asyncio.sleep(wait)

    async def _look(self, url: str | None = None) -> _Look:
        read = await self._calls.make("hook-get", lambda client: client.order_hook(), lambda read: read.answered)
        if read.found is None and read.answered.outcome is not Outcome.MISSING:
            return _Look(state=_UNKNOWN, problem=refusal(read.answered), answered=read.answered)
        leads_to = url or self._url or (await self._known()).kept_url
        verdict = judge_hook(read.found, self._account, leads_to, self._keys)
        return _Look(state=verdict.state, hook=read.found, problem="; ".join(verdict.problems) or None)

    async def _post(self, url: str, key: str) -> Answered:
        return await self._calls.make(
            "hook-install", lambda client: client.configure_hook(url, key), lambda ended: ended
        )

    async def _restored(self, found: _Look) -> HookRecord:
        """Record what a look found, once the relay's own hook is back if VTEX deleted it."""
        kept = (await self._known()).kept_url
        if found.state != HookState.NONE or kept is None or not self._keys:
            return await self._record(found)
        # The relay may have moved since it was installed.
        url = self._url or kept
        answered = await self._post(url, self._keys[0])
        if answered.outcome is not Outcome.APPLIED:
            words = f"VTEX deleted it, and it cannot be made again: {refusal(answered)}"
            return await self._record(_Look(state=HookState.NONE, problem=words))
        log_event(logger, "hook.restored", level=logging.WARNING, account=self._account, url=url)
        return await self._record(_Look(state=HookState.OURS), keep=url, restored=True)

    # --- what it means ---------------------------------------------------------------------------

    def _wanted(self, base: str | None, kept: str | None) -> tuple[str, str]:
        """Say where the hook is to lead, which may be where it leads already, and what it is to send."""
        name = self._account
        if not self._keys:
            advice = "make one with `openssl rand -hex 32`, set it, and start the relay again"
            raise HookNotPossible(f"accounts.{name}.hook_key is not set, so nothing that VTEX tells is taken: {advice}")
        given = hook_url(base, name) if base else None
        url = self._url or given or kept
        if url is None:
            advice = "set it, or give --public-url"
            raise HookNotPossible(f"public_url is not set, so VTEX cannot be told where this relay is: {advice}")
        if self._url is not None and given not in {None, self._url}:
            advice = "the daily look holds the hook against public_url, so change the setting instead"
            raise HookNotPossible(f"{given} is not where public_url leads ({self._url}): {advice}")
        return url, self._keys[0]

    def _demand_ours(self, found: _Look) -> _Look:
        if found.answered is not None:
            self._demand(found.answered, "")
        if found.state == HookState.FOREIGN:
            advice = "give the relay an application key of its own, or have its owner remove it"
            raise HookNotOurs(
                f"the key of {self._account} has a hook that is not this relay's: {found.problem}; {advice}"
            )
        return found

    def _demand(self, answered: Answered, url: str) -> None:
        if answered.outcome is Outcome.APPLIED:
            return
        words = refusal(answered)
        if answered.outcome is Outcome.REFUSED and url:
            advice = "it takes https only, and this relay must answer there while it asks"
            raise HookNotPossible(f"VTEX does not take {url}: {words}; {advice}")
        if answered.outcome in {Outcome.REFUSED, Outcome.FORBIDDEN, Outcome.UNAUTHORISED, Outcome.MISSING}:
            raise HookNotPossible(words)
        raise LookupFailed(f"{words}; ask again")

    async def _known(self) -> HookRecord:
        found = await self._store.read(lambda connection: hook_records(connection, [self._account]))
        return found[self._account]

    async def _keep(self, url: str | None, actor: str, reason: str | None) -> None:
        ids, now = self._store.ids, self._now()
        await self._store.write(KeepHook(account=self._account, url=url, actor=actor, reason=reason, ids=ids, now=now))

    async def _record(self, found: _Look, *, keep: str | None = None, restored: bool = False) -> HookRecord:
        is_ours = found.hook is not None and found.state in {HookState.OURS, HookState.DIFFERS}
        if keep is None and is_ours and found.hook is not None:
            # Whoever set it up: from now on the relay looks after it.
            keep = found.hook.url
        url = found.hook.shown_url if found.hook is not None else keep
        self._say(found)
        return await self._store.write(
            RecordHook(
                account=self._account,
                state=found.state,
                url=url,
                problem=found.problem,
                keep=keep,
                restored=restored,
                ids=self._store.ids,
                now=self._now(),
            )
        )

    def _say(self, found: _Look) -> None:
        """Log what is wrong, and that it is right again, once each."""
        words = f"{found.state}: {found.problem}" if found.problem else None
        if words != self._told:
            level = logging.WARNING if words else logging.INFO
            log_event(
                logger, "hook.seen", level=level, account=self._account, state=str(found.state), problem=found.problem
            )
        self._told = words
