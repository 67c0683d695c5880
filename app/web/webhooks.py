"""The hot path: a bare ASGI callable that takes webhooks in and hands every other request on.

The order of its checks is a contract: 404, 405, 413, 415, 401, 400. A webhook is answered 2xx only when it is on disk;
whatever goes wrong on this side is a 503.
"""

import json
import logging
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.adapter import Answer
from app.errors import Unavailable, Unverified
from app.intake import Accepted
from app.model import Webhook
from app.store import public_id
from app.telemetry import OTHER, log_event
from app.web.addresses import PREFIXES, Address, locate
from app.web.body import (
    WHOLE,
    Disconnected,
    TooLarge,
    TooSlow,
    declared_size,
    passes_by,
    read,
    send_and_close,
    send_whole,
)
from app.web.budgets import Budgets
from app.web.catalogue import CATALOGUE
from app.web.dependencies import Dependencies
from app.web.peer import peer_address
from app.web.plain import Refusal, plain
from app.web.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, document, refuse_unexpected, slug_of
from app.web.refusals import EXCERPT_BYTES, Refusals
from app.web.space import Space

__all__ = ["Webhooks"]

_LOGGER: Final = logging.getLogger(__name__)
_JSON: Final = b"application/json"
_VERIFIED: Final = Answer(status=204)
_BODILESS: Final = frozenset({204, 304})
_TAKEN: Final = frozenset({"accepted", "duplicate"})
_PROVEN: Final = _TAKEN | {"verified"}
_GONE: Final = {"outcome": "disconnected"}
_TURNED_AWAY: Final = "too-many-requests"
_DISK: Final = "disk"
# A refusal of these kinds is the carrier's to hear in whichever status it demands; the others are about the address.
_REPLACED: Final = frozenset({400, 401, 413, 415})


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """How a request is answered, and what is told about it."""

    status: int
    body: bytes
    content_type: bytes
    outcome: str
    id: str | None = None
    number: int = 0
    reason: str | None = None
    cause: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    unread: bool = False


class Webhooks:
    """Answer webhooks, and let another application answer the rest."""

    def __init__(
        self, dependencies: Dependencies, refusals: Refusals, budgets: Budgets, space: Space, otherwise: ASGIApp
    ) -> None:
        """Take webhooks in for the sources of ``dependencies``."""
        self._given = dependencies
        self._refusals = refusals
        self._budgets = budgets
        self._space = space
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http" or not scope["raw_path"].startswith(PREFIXES):
            await self._otherwise(scope, receive, send)
            return
        address = locate(self._given.sources, scope["raw_path"].decode("latin-1"))
        webhook: Webhook | None = None
        refused: Refusal | None = None
        peer = peer_address(scope["client"], scope["headers"], self._given.trusted_proxies)
        started = perf_counter()
        try:
            self._look_at(peer, scope["headers"])
            body = await self._read(address, scope["method"], scope["headers"], receive)
            started = perf_counter()
            webhook = self._webhook(scope, peer, body)
            outcome = await self._take_in(address, webhook)
            if outcome.outcome in _PROVEN:
                self._budgets.prove(peer)
        except Refusal as refusal:
            # Without its traceback, which leads to this frame, which holds it: only a search would find the two.
            refused = refusal.with_traceback(None)
            outcome = self._refuse(address, refusal)
        except Unavailable as error:
            outcome = _failed(slug_of(error), f"{error}. {CATALOGUE['unavailable'].remedy}", reason=str(error))
        except Disconnected:
            self._log(address, self._webhook(scope, peer, b""), None)
            return
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the carrier must come back
            id_, detail = refuse_unexpected(error, path=address.shown)
            outcome = _failed("unexpected", detail, reason=type(error).__name__, id_=id_)
        # Before the answer: who has been answered later was turned away later.
        self._note(address, outcome)
        await self._send(scope, receive, send, outcome)
        webhook = webhook or self._webhook(scope, peer, b"")
        self._tell(address, webhook, outcome, perf_counter() - started)
        if refused is not None and refused.slug != _TURNED_AWAY:
            # Only now: keeping evidence must not tell by its time whether there was a source to keep it for.
            self._keep(address, webhook, refused, outcome)
            self._budgets.charge(peer)

    def _look_at(self, peer: str, headers: list[tuple[bytes, bytes]]) -> None:
        """Turn an address away that was refused too often: before anything about the address it asks for is told."""
        wait = self._budgets.wait_seconds(peer)
        if wait is not None:
            raise Refusal(
                slug=_TURNED_AWAY,
                detail=f"Too many requests from this address were refused; come back in {wait} s.",
                headers=((b"retry-after", b"%d" % wait),),
                unread=not passes_by(headers, self._given.limits.body_bytes),
            )

    def _webhook(self, scope: Scope, peer: str, body: bytes) -> Webhook:
        headers = scope["headers"]
        return Webhook(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers),
            body=body,
            received_at=self._given.now(),
            peer=peer,
        )

    async def _read(self, address: Address, method: str, headers: list[tuple[bytes, bytes]], receive: Receive) -> bytes:
        """Check what can be checked before the body, and read it."""
        limit = self._given.limits.body_bytes
        unread = not passes_by(headers, limit)
        source = address.source
        if source is None or not address.is_right:
            detail = f"No webhook is received at this address. {CATALOGUE['not-found'].remedy}"
            raise Refusal(slug="not-found", detail=detail, unread=unread)
        allowed = source.adapter.methods | {"POST"} if address.verifies else source.adapter.methods
        if method not in allowed:
            names = ", ".join(sorted(allowed))
            detail = f"{source.adapter.name} delivers here with {names}, not with {method}."
            allow = ((b"allow", names.encode()),)
            raise Refusal(slug="method-not-allowed", detail=detail, headers=allow, unread=unread)
        too_large = f"The body is longer than {limit} bytes. {CATALOGUE['too-large'].remedy}"
        declared = declared_size(headers)
        if declared is not None and declared > limit:
            raise Refusal(slug="too-large", detail=too_large, unread=True, size=declared)
        try:
            return await read(receive, limit=limit, seconds=self._given.limits.body_seconds, excerpt=EXCERPT_BYTES)
        except TooLarge as error:
            raise Refusal(slug="too-large", detail=too_large, unread=True, size=error.size, start=error.start) from None
        except TooSlow:
            detail = f"The body was not complete after {self._given.limits.body_seconds:g} s. Send the request again."
            raise Refusal(slug="request-timeout", detail=detail, unread=True) from None

    async def _take_in(self, address: Address, webhook: Webhook) -> _Outcome:
        """Verify and store a webhook that came in whole."""
        source = address.source
        assert source is not None  # noqa: S101 - checked before the body was read
        webhook = plain(webhook, source.adapter, self._given.limits)
        try:
            if address.verifies:
                await self._given.intake.verify(source, webhook, path_key=address.path_key)
                return _answered(_VERIFIED, Accepted(status="verified", webhook_id=None, answer=_VERIFIED))
            if self._space.problem():
                # Who is nobody is told so all the same.
                await self._given.intake.verify(source, webhook, path_key=address.path_key)
                self._space.demand()
            accepted = await self._given.intake.accept(source, webhook, path_key=address.path_key)
        except Unverified as error:
            slug = slug_of(error)
            text = str(error)
            raise Refusal(slug=slug, detail=f"{text[:1].upper()}{text[1:]}. {CATALOGUE[slug].remedy}") from None
        self._given.metrics.secret_matched(source.name, accepted.secret)
        id_ = public_id("wh", accepted.webhook_id) if accepted.webhook_id is not None else None
        # As `json.dumps` writes it, in a third of the time.
        own = Answer(body=f'{{"id": {json.dumps(id_)}, "status": "{accepted.status}"}}'.encode())
        return _answered(accepted.answer or own, accepted, id_)

    def _refuse(self, address: Address, refusal: Refusal) -> _Outcome:
        """Make the answer of a refusal: alike for an unknown source and a wrong key."""
        status = CATALOGUE[refusal.slug].status
        if address.source is not None and status in _REPLACED and not address.verifies:
            status = address.source.adapter.refusal_status or status
        number = self._refusals.next_id()
        id_ = public_id("ref", number)
        self._given.metrics.refusal(refusal.slug)
        problem = document(refusal.slug, refusal.detail, status=status, id=id_, instance=f"/ops/v1/refusals/{id_}")
        return _Outcome(
            status=status,
            body=json.dumps(problem).encode(),
            content_type=MEDIA_TYPE.encode(),
            outcome="refused",
            id=id_,
            number=number,
            reason=refusal.slug,
            cause=refusal.slug,
            headers=refusal.headers,
            unread=refusal.unread,
        )

    def _keep(self, address: Address, webhook: Webhook, refusal: Refusal, outcome: _Outcome) -> None:
        """Keep a refused request as evidence; one that names no source would only make room for noise."""
        if address.source is None or self._budgets.is_spent(webhook.peer) or self._space.problem():
            return
        evidence = webhook if webhook.body else replace(webhook, body=refusal.start)
        size = len(webhook.body) if refusal.size is None else refusal.size
        cause = (outcome.status, refusal.slug, refusal.detail)
        self._refusals.add(outcome.number, address.source, evidence, path=address.shown, size=size, cause=cause)

    async def _send(self, scope: Scope, receive: Receive, send: Send, outcome: _Outcome) -> None:
        headers = [(b"x-content-type-options", b"nosniff"), *outcome.headers]
        if outcome.status not in _BODILESS:
            headers.append((b"content-length", b"%d" % len(outcome.body)))
            if outcome.body:
                headers.append((b"content-type", outcome.content_type))
        body = b"" if outcome.status in _BODILESS or scope["method"] == "HEAD" else outcome.body
        at_once = scope.pop(WHOLE, None)
        if outcome.unread:
            await send_and_close(receive, send, outcome.status, headers, body, limit=self._given.limits.body_bytes)
        else:
            await send_whole(send, outcome.status, headers, body, at_once=at_once)

    def _tell(self, address: Address, webhook: Webhook, outcome: _Outcome, seconds: float) -> None:
        """Count the webhook and write its log line."""
        carrier = address.source.adapter.slug if address.source else OTHER
        if outcome.outcome != "verified":
            self._given.metrics.webhook(carrier, outcome.outcome, seconds)
        self._log(address, webhook, outcome, seconds)

    def _note(self, address: Address, outcome: _Outcome) -> None:
        """Note what a source was not taken, so that it is known what its carrier should send again."""
        outages, source = self._given.outages, address.source
        if source is None or address.verifies:
            return
        if outcome.outcome in _TAKEN:
            outages.taken(source)
        elif outcome.outcome == "refused":
            outages.refused(source, outcome.cause)
        elif outcome.outcome == "failed":
            outages.failed(source, _DISK if self._space.problem() else outcome.cause)

    def _log(self, address: Address, webhook: Webhook, outcome: _Outcome | None, seconds: float = 0.0) -> None:
        """Write one wide line; without an outcome the sender went away before there was one."""
        source = address.source
        told: dict[str, Any] = {"peer": webhook.peer, "size": len(webhook.body), "ms": round(seconds * 1000, 2)}
        if source is not None:
            told |= {"carrier": source.adapter.slug, "owner": source.owner}
        if outcome is not None:
            told |= {"outcome": outcome.outcome, "id": outcome.id}
        if outcome is None or outcome.outcome not in _TAKEN:
            # What was taken in shows the rest of itself under its id; a short line is a cheap line.
            told |= {"method": webhook.method, "path": address.shown}
            told |= {"http_status": outcome.status, "reason": outcome.reason} if outcome else _GONE
        level = logging.ERROR if outcome and outcome.outcome == "failed" else logging.INFO
        if outcome is not None and outcome.reason == _TURNED_AWAY:
            level = logging.DEBUG  # A flood must not become one of lines; the metric counts it.
        log_event(_LOGGER, "webhook.received", level=level, **told)


def _answered(answer: Answer, accepted: Accepted, id_: str | None = None) -> _Outcome:
    return _Outcome(
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type.encode("latin-1"),
        outcome=accepted.status,
        id=id_,
    )


def _failed(slug: str, detail: str, *, reason: str, id_: str | None = None) -> _Outcome:
    return _Outcome(
        status=CATALOGUE[slug].status,
        body=json.dumps(document(slug, detail, id=id_)).encode(),
        content_type=MEDIA_TYPE.encode(),
        outcome="failed",
        id=id_,
        reason=reason,
        cause=slug,
        headers=((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),),
    )
