"""The rules by which webhooks are taken in, whichever way their bytes come.

The order of the checks is a contract: 404, 405, 413, 415, 401, 400. A webhook is answered 2xx only when it is on disk;
whatever goes wrong on this side is a 503.
"""

import json
import logging
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

from starlette.types import Scope

from app.adapter import Answer
from app.errors import Unavailable, Unverified
from app.intake import Accepted, Submitted
from app.model import Webhook
from app.source import Source
from app.store import public_id
from app.telemetry import OTHER, log_event
from app.web.addresses import Address, locate
from app.web.body import declared_size, passes_by
from app.web.budgets import Budgets
from app.web.catalogue import CATALOGUE
from app.web.front import Front
from app.web.outcome import TAKEN, Outcome, answered, failed
from app.web.peer import peer_address
from app.web.plain import Refusal, plain
from app.web.problems import MEDIA_TYPE, document, refuse_unexpected, slug_of
from app.web.refusals import Refusals
from app.web.space import Space

__all__ = ["Request", "Taking", "too_large"]

_LOGGER: Final = logging.getLogger(__name__)
_VERIFIED: Final = Accepted(status="verified", webhook_id=None, answer=Answer(status=204))
_PROVEN: Final = TAKEN | {"verified"}
_GONE: Final = {"outcome": "disconnected"}
_TURNED_AWAY: Final = "too-many-requests"
_DISK: Final = "disk"
_ADDRESSES: Final = 1024
"""How many ways of writing a right path are kept; what is written otherwise is read again."""
# A refusal of these kinds is the carrier's to hear in whichever status it demands; the others are about the address.
_REPLACED: Final = frozenset({400, 401, 413, 415})


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request for an address of webhooks.

    Args:
        scope: What the server says of it.
        address: What its path names.
        peer: Who sent it.
        started: When there was nothing more to wait for but this side.
        webhook: The request with its body, once that is whole.
        refusal: Why it was refused, if it was.

    """

    scope: Scope
    address: Address
    peer: str
    started: float
    webhook: Webhook | None = None
    refusal: Refusal | None = None


def too_large(limit: int, size: int, start: bytes = b"") -> Refusal:
    """Refuse a body of which ``start`` was read and the rest will not be."""
    detail = f"The body is longer than {limit} bytes. {CATALOGUE['too-large'].remedy}"
    return Refusal(slug="too-large", detail=detail, unread=True, size=size, start=start)


class Taking:
    """Check, verify and store webhooks, and keep the books about it."""

    def __init__(self, front: Front, refusals: Refusals, budgets: Budgets, space: Space) -> None:
        """Take webhooks in for the sources of ``front``."""
        self._given = front
        self._refusals = refusals
        self._budgets = budgets
        self._space = space
        self._known: dict[bytes, Address] = {}

    def begin(self, scope: Scope) -> Request:
        """Begin with a request."""
        return Request(
            scope=scope,
            address=self._known.get(scope["raw_path"]) or self._locate(scope["raw_path"]),
            peer=peer_address(scope["client"], scope["headers"], self._given.trusted_proxies),
            started=perf_counter(),
        )

    def _locate(self, path: bytes) -> Address:
        """Read a path; only those that are right are kept, which nobody can ask for who does not know them."""
        address = locate(self._given.sources, path.decode("latin-1"))
        if address.is_right and len(self._known) < _ADDRESSES:
            self._known[path] = address
        return address

    def admit(self, request: Request) -> None:
        """Check what can be checked before the body.

        Raises:
            Refusal: The request is not to come in.

        """
        headers, limit = request.scope["headers"], self._given.limits.body_bytes
        # Before anything about the address it asks for is told.
        wait = self._budgets.wait_seconds(request.peer)
        if wait is not None:
            raise Refusal(
                slug=_TURNED_AWAY,
                detail=f"Too many requests from this address were refused; come back in {wait} s.",
                headers=((b"retry-after", b"%d" % wait),),
                unread=not passes_by(headers, limit),
            )
        address, method = request.address, request.scope["method"]
        source = address.source
        if source is None or not address.is_right:
            detail = f"No webhook is received at this address. {CATALOGUE['not-found'].remedy}"
            raise Refusal(slug="not-found", detail=detail, unread=not passes_by(headers, limit))
        allowed = source.adapter.methods | {"POST"} if address.verifies else source.adapter.methods
        if method not in allowed:
            names = ", ".join(sorted(allowed))
            detail = f"{source.adapter.name} delivers here with {names}, not with {method}."
            allow = ((b"allow", names.encode()),)
            raise Refusal(slug="method-not-allowed", detail=detail, headers=allow, unread=not passes_by(headers, limit))
        declared = declared_size(headers)
        if declared is not None and declared > limit:
            raise too_large(limit, declared)

    def arrived(self, request: Request, body: bytes) -> tuple[Source, Webhook]:
        """Note that a request is whole; return what is to be verified, its body without its encoding.

        Raises:
            Refusal: The body is of another type or encoding.

        """
        request.started = perf_counter()
        request.webhook = self._webhook(request, body)
        source = request.address.source
        assert source is not None  # noqa: S101 - checked before the body was read
        return source, plain(request.webhook, source.adapter, self._given.limits)

    async def take(self, request: Request, body: bytes) -> Outcome:
        """Verify and store a webhook, and answer when it is on disk; what it raises `refused` explains."""
        source, webhook = self.arrived(request, body)
        intake, path_key = self._given.intake, request.address.path_key
        if request.address.verifies or self._space.problem():
            # Who is nobody is told so although there is no room.
            await intake.verify(source, webhook, path_key=path_key)
            if request.address.verifies:
                return self._answered(request, _VERIFIED)
            self._space.demand()
        return self._answered(request, await intake.accept(source, webhook, path_key=path_key))

    def submit(self, request: Request, body: bytes) -> Outcome | Submitted | None:
        """Do as `take` and wait for nothing: None where there is something to wait for before it is queued."""
        if request.address.verifies or self._space.problem():
            return None
        source, webhook = self.arrived(request, body)
        begun = self._given.intake.submit(source, webhook, path_key=request.address.path_key)
        return self._answered(request, begun) if isinstance(begun, Accepted) else begun

    def settle(self, request: Request, submitted: Submitted) -> Outcome:
        """Answer a webhook whose transaction is over; what it raises `refused` explains."""
        return self._answered(request, self._given.intake.settle(submitted))

    def _answered(self, request: Request, accepted: Accepted) -> Outcome:
        if accepted is not _VERIFIED:
            assert request.address.source is not None  # noqa: S101 - checked before the body was read
            self._given.metrics.secret_matched(request.address.source.name, accepted.secret)
        if accepted.status in _PROVEN:
            self._budgets.prove(request.peer)
        return answered(accepted)

    def refused(self, request: Request, error: Exception) -> Outcome:
        """Answer a request of which something went wrong."""
        if isinstance(error, Unverified):
            slug, text = slug_of(error), str(error)
            error = Refusal(slug=slug, detail=f"{text[:1].upper()}{text[1:]}. {CATALOGUE[slug].remedy}")
        if isinstance(error, Refusal):
            # Without its traceback, which leads to a frame that holds the request: only a search would find them.
            request.refusal = error.with_traceback(None)
            return self._refusal(request.address, error)
        if isinstance(error, Unavailable):
            return failed(slug_of(error), f"{error}. {CATALOGUE['unavailable'].remedy}", reason=str(error))
        # The edge: whatever it is, the carrier must come back.
        id_, detail = refuse_unexpected(error, path=request.address.shown)
        return failed("unexpected", detail, reason=type(error).__name__, id_=id_)

    def _refusal(self, address: Address, refusal: Refusal) -> Outcome:
        """Make the answer of a refusal: alike for an unknown source and a wrong key."""
        status = CATALOGUE[refusal.slug].status
        if address.source is not None and status in _REPLACED and not address.verifies:
            status = address.source.adapter.refusal_status or status
        number = self._refusals.next_id()
        id_ = public_id("ref", number)
        self._given.metrics.refusal(refusal.slug)
        problem = document(refusal.slug, refusal.detail, status=status, id=id_, instance=f"/ops/v1/refusals/{id_}")
        return Outcome(
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

    def note(self, address: Address, outcome: Outcome) -> None:
        """Note what a source was not taken, so that it is known what its carrier should send again.

        Before the answer: who has been answered later was turned away later.
        """
        outages, source = self._given.outages, address.source
        if source is None or address.verifies:
            return
        if outcome.outcome in TAKEN:
            outages.taken(source)
        elif outcome.outcome == "refused":
            outages.refused(source, outcome.cause)
        elif outcome.outcome == "failed":
            outages.failed(source, _DISK if self._space.problem() else outcome.cause)

    def tell(self, request: Request, outcome: Outcome) -> None:
        """Count a request that was answered, write its log line, and keep it as evidence if it was refused."""
        address, seconds = request.address, perf_counter() - request.started
        webhook = request.webhook or self._webhook(request, b"")
        if outcome.outcome != "verified":
            carrier = address.source.adapter.slug if address.source else OTHER
            self._given.metrics.webhook(carrier, outcome.outcome, seconds)
        self._log(address, webhook, outcome, seconds)
        if request.refusal is not None and request.refusal.slug != _TURNED_AWAY:
            # Only now: keeping evidence must not tell by its time whether there was a source to keep it for.
            self._keep(address, webhook, request.refusal, outcome)
            self._budgets.charge(request.peer)

    def tell_gone(self, request: Request) -> None:
        """Write the log line of a request whose sender went away before it was whole."""
        self._log(request.address, self._webhook(request, b""), None, 0.0)

    def _webhook(self, request: Request, body: bytes) -> Webhook:
        scope = request.scope
        return Webhook(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]),
            body=body,
            received_at=self._given.now(),
            peer=request.peer,
        )

    def _keep(self, address: Address, webhook: Webhook, refusal: Refusal, outcome: Outcome) -> None:
        """Keep a refused request as evidence; one that names no source would only make room for noise."""
        if address.source is None or self._budgets.is_spent(webhook.peer) or self._space.problem():
            return
        evidence = webhook if webhook.body else replace(webhook, body=refusal.start)
        size = len(webhook.body) if refusal.size is None else refusal.size
        cause = (outcome.status, refusal.slug, refusal.detail)
        self._refusals.add(outcome.number, address.source, evidence, path=address.shown, size=size, cause=cause)

    def _log(self, address: Address, webhook: Webhook, outcome: Outcome | None, seconds: float) -> None:
        """Write one wide line; without an outcome the sender went away before there was one."""
        source = address.source
        told: dict[str, Any] = {"peer": webhook.peer, "size": len(webhook.body), "ms": round(seconds * 1000, 2)}
        if source is not None:
            told |= {"carrier": source.adapter.slug, "owner": source.owner}
        if outcome is not None:
            told |= {"outcome": outcome.outcome, "id": outcome.id}
        if outcome is None or outcome.outcome not in TAKEN:
            # What was taken in shows the rest of itself under its id; a short line is a cheap line.
            told |= {"method": webhook.method, "path": address.shown}
            told |= {"http_status": outcome.status, "reason": outcome.reason} if outcome else _GONE
        level = logging.ERROR if outcome and outcome.outcome == "failed" else logging.INFO
        if outcome is not None and outcome.reason == _TURNED_AWAY:
            level = logging.DEBUG  # A flood must not become one of lines; the metric counts it.
        log_event(_LOGGER, "webhook.received", level=level, **told)
