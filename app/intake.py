"""Take in a webhook: prove its sender, recognise a repetition, store it durably. Meaning comes later."""

import asyncio
import hashlib
import logging
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from app.adapter import Answer
from app.crowd import Crowd
from app.errors import KeyNeeded, MalformedPayload, StoreUnavailable, WrongCredential
from app.keyring import Keyring
from app.model import Webhook
from app.source import Source
from app.store import Put, Received, Store, Ticket
from app.verification import Credentials, Verified, verify

__all__ = ["Accepted", "Intake", "Masked", "Submitted", "mask"]

logger = logging.getLogger(__name__)

_TIMELESS_LEDGER: Final = timedelta(hours=24)
_MASK: Final = "***"
_ALWAYS_MASKED: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})
_SECRET_PARAMETER: Final = re.compile(r"(?i)(^|&)([^=&]*(?:key|token|secret|sign|auth|pass)[^=&]*)=[^&]*")


# None of these three is frozen: many are made, and that would take three times as long.
@dataclass(slots=True, kw_only=True)
class Accepted:
    """What became of a webhook.

    Args:
        status: ``accepted``, ``duplicate`` (``webhook_id`` is the first one's) or ``ignored`` (a recognised probe).
        webhook_id: The stored webhook, None for a probe.
        answer: What the carrier must be answered instead of the relay's own words, None for those.
        secret: Which of the live secrets matched, counted from 0; -1 where none was needed.

    """

    status: str
    webhook_id: int | None
    answer: Answer | None
    secret: int = -1


@dataclass(slots=True, kw_only=True)
class Submitted:
    """A proven webhook on its way to the disk; `Intake.settle` says what became of it, once its ticket does."""

    source: Source
    webhook: Webhook
    secret: int
    ticket: Ticket[Received]


@dataclass(slots=True, kw_only=True)
class Masked:
    """A request without its credentials, fit for storage and for people."""

    path: str
    query: str
    headers: tuple[tuple[str, str], ...]


class Intake:
    """Verify and store webhooks."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        *,
        now: Callable[[], datetime],
        stored: Callable[[int, Source, Webhook], None],
        ledger: timedelta = timedelta(days=35),
        commit_seconds: float = 5.0,
        held: timedelta | None = None,
        crowd: Crowd | None = None,
    ) -> None:
        """Take in webhooks.

        Args:
            store: Where they are kept.
            keyring: Public keys of carriers.
            now: The clock.
            stored: Is handed each newly stored webhook.
            ledger: For how long a repetition is recognised.
            commit_seconds: When to give up on a transaction that has not begun.
            held: For how long what is handed over is left to this process; None where there is no other.
            crowd: Is joined by each webhook that waits for its transaction.

        """
        self._crowd = crowd or Crowd()
        self._store = store
        self._keyring = keyring
        self._now = now
        self._stored = stored
        self._ledger = ledger
        self._patience = _Patience(commit_seconds, store.withdraw)
        self._held = held
        self._credentials: dict[tuple[str, bool], tuple[Credentials, Credentials]] = {}

    async def verify(self, source: Source, webhook: Webhook, *, path_key: bool) -> Verified:
        """Prove the sender; ``path_key`` says whether the request named the source's path key.

        Raises:
            Unverified: The sender is not proven.
            LookupFailed: A key that is needed could not be fetched: our fault.

        """
        credentials = self._credentials_of(source, path_key=path_key)
        scheme = source.adapter.verification
        try:
            return verify(scheme, webhook, credentials, self._now())
        except KeyNeeded as needed:
            await self._keyring.fetch(needed.jwks_url)
        try:
            return verify(scheme, webhook, credentials, self._now())
        except KeyNeeded as needed:
            raise _unknown_key(needed) from None

    def _credentials_of(self, source: Source, *, path_key: bool) -> Credentials:
        """Complete a source's credentials with what this process knows: once, as long as they are the same."""
        given, complete = self._credentials.get((source.name, path_key), (None, None))
        if complete is None or given is not source.credentials:
            complete = replace(source.credentials, path_key=path_key, keys=self._keyring)
            self._credentials[source.name, path_key] = (source.credentials, complete)
        return complete

    async def accept(self, source: Source, webhook: Webhook, *, path_key: bool) -> Accepted:
        """Verify and store a webhook; when this returns, it is on disk.

        Raises:
            Unverified: The sender is not proven.
            Unavailable: It could not be stored, or verification could not be decided: our fault.

        """
        try:
            submitted = self.submit(source, webhook, path_key=path_key)
        except KeyNeeded as needed:
            await self._keyring.fetch(needed.jwks_url)
            try:
                submitted = self.submit(source, webhook, path_key=path_key)
            except KeyNeeded:
                raise _unknown_key(needed) from None
        if isinstance(submitted, Accepted):
            return submitted
        try:
            received = await submitted.ticket.outcome
        finally:
            self._leave()
        return self._accepted(submitted, received)

    def submit(self, source: Source, webhook: Webhook, *, path_key: bool) -> Accepted | Submitted:
        """Verify and queue a webhook, and wait for nothing: it is on disk when the ticket says so.

        Whoever is given a ticket calls `settle` once it has its outcome.

        Raises:
            Unverified: The sender is not proven.
            KeyNeeded: A public key must be fetched first, as `accept` does.
            Unavailable: It could not be queued: our fault.

        """
        adapter = source.adapter
        if adapter.probe_is_unsigned and (answer := _probe(source, webhook)) is not None:
            return Accepted(status="ignored", webhook_id=None, answer=answer)
        credentials = self._credentials_of(source, path_key=path_key)
        verified = verify(adapter.verification, webhook, credentials, webhook.received_at)
        if (answer := _probe(source, webhook)) is not None:
            return Accepted(status="ignored", webhook_id=None, answer=answer)
        masked = mask(webhook, source.credentials, adapter.verification.headers, source.path_key)
        put = Put(
            id=self._store.ids.next(),
            owner=source.owner,
            carrier=adapter.slug,
            identity=_identity(source, webhook),
            verified=verified,
            path=masked.path,
            query=masked.query,
            headers=masked.headers,
            held_until=self._now() + self._held if self._held is not None else None,
            remember=_TIMELESS_LEDGER if adapter.timeless else self._ledger,
        )
        ticket = self._store.submit(put, size=len(webhook.body), gather=self._crowd.is_there)
        self._crowd.join()
        self._patience.watch(ticket)
        return Submitted(source=source, webhook=webhook, secret=verified.secret, ticket=ticket)

    def settle(self, submitted: Submitted) -> Accepted:
        """Say what became of a webhook whose ticket has its outcome, and hand a new one on.

        Raises:
            Unavailable: It could not be stored: our fault.

        """
        self._leave()
        return self._accepted(submitted, submitted.ticket.outcome.result())

    def _leave(self) -> None:
        self._crowd.leave()
        self._patience.forget_settled()

    def _accepted(self, submitted: Submitted, received: Received) -> Accepted:
        if not received.duplicate:
            # In the next round of the event loop: its sender is answered in this one, and need not wait for a reading.
            loop = asyncio.get_running_loop()
            loop.call_soon(self._stored, received.webhook_id, submitted.source, submitted.webhook)
        return Accepted(
            status="duplicate" if received.duplicate else "accepted",
            webhook_id=received.webhook_id,
            answer=submitted.source.adapter.acknowledgement,
            secret=submitted.secret,
        )


def _unknown_key(needed: KeyNeeded) -> WrongCredential:
    return WrongCredential(f"the key set holds no RSA key {needed.key_id!r}")


class _Patience:
    """Wait for transactions, for so long until they begin; all wait equally long, so that one timer does for them."""

    def __init__(self, seconds: float, withdraw: Callable[[Ticket[Any]], bool]) -> None:
        self._seconds = seconds
        self._withdraw = withdraw
        self._waiting: deque[tuple[float, Ticket[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, ticket: Ticket[Any]) -> None:
        """Give up an operation whose transaction does not begin in time: its outcome is `StoreUnavailable` then."""
        loop = ticket.outcome.get_loop()
        self._waiting.append((loop.time() + self._seconds, ticket))
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def forget_settled(self) -> None:
        """Drop those that have their outcome."""
        while self._waiting and self._waiting[0][1].outcome.done():
            self._waiting.popleft()

    def _look(self) -> None:
        """Give up those whose time is over, and come again when the next one's is."""
        loop = asyncio.get_running_loop()
        while self._waiting and (self._waiting[0][0] <= loop.time() or self._waiting[0][1].outcome.done()):
            _, ticket = self._waiting.popleft()
            if not ticket.outcome.done() and self._withdraw(ticket):
                ticket.outcome.set_exception(StoreUnavailable(f"no transaction began within {self._seconds:g} s"))
        self._timer = loop.call_at(self._waiting[0][0], self._look) if self._waiting else None


def _probe(source: Source, webhook: Webhook) -> Answer | None:
    probe = source.adapter.probe
    return probe(webhook) if probe else None


def _identity(source: Source, webhook: Webhook) -> str:
    """Name the delivery: by the sender's id where there is one, else by the digest of what was sent."""
    if source.adapter.identity is not None:
        try:
            given = source.adapter.identity(webhook)
        except MalformedPayload:
            given = None  # Evidence all the same: stored, and shown as unmappable.
        except Exception:
            # An adapter's fault must not cost a webhook: it is found when it is mapped, and replayed once mended.
            logger.exception("an identity could not be read", extra={"carrier": source.adapter.slug})
            given = None
        if given:
            return f"id:{given}"
    # Some carriers send no body and say everything in the query.
    return f"body:{hashlib.sha256(webhook.query.encode('latin-1', 'replace') + b'?' + webhook.body).hexdigest()}"


@lru_cache(maxsize=256)
def _hidden(headers: tuple[str, ...], header: str | None) -> frozenset[str]:
    """Name the headers whose values are blanked, of a scheme's and the one that a source configured."""
    return _ALWAYS_MASKED.union(headers, (header.lower(),) if header else ())


def mask(webhook: Webhook, credentials: Credentials, headers: tuple[str, ...], path_key: str | None) -> Masked:
    """Blank the credentials of a request: those of its scheme, the path key, and whatever looks like one."""
    hidden = _hidden(headers, credentials.header)
    head, _, last = webhook.path.rstrip("/").rpartition("/")
    return Masked(
        path=f"{head}/{_MASK}" if path_key and head.count("/") >= 2 and last else webhook.path,  # noqa: PLR2004 - /w/alias
        query=_SECRET_PARAMETER.sub(rf"\1\2={_MASK}", webhook.query) if webhook.query else "",
        headers=tuple([(name, _MASK if name in hidden else value) for name, value in webhook.headers]),
    )
