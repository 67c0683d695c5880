"""Whether a carrier's webhook would get through: a signed sample, posted here and from outside, stored nowhere."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from app.carriers import adapters
from app.cli.doctor.configuration import is_local
from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.cli.samples import SignedRequest, signed_request
from app.cli.serving import base_url
from app.egress import Egress, Reply
from app.errors import CallFailed, ConfigurationError, EgressRefused, KeyNeeded, MalformedPayload, Unverified
from app.examples import examples
from app.main import sources_of
from app.settings import Settings
from app.source import Source

__all__ = ["examine_ways"]

_SECONDS: Final = 5.0
_REFUSED: Final = 400
_MISSING: Final = 404
_PROBLEM: Final = "application/problem+json"
_PROVEN: Final = frozenset({400, 401})
_GREETING: Final = SignedRequest(method="GET", path="/livez", headers={}, body=b"")
_ALIVE: Final = b'{"status":"ok"}'


async def examine_ways(settings: Settings, *, online: bool) -> list[Finding]:
    """Post a sample of each source to the relay that runs here, and by way of ``public_url`` unless not wanted."""
    try:
        sources = sources_of(settings, adapters())
    except ConfigurationError:
        return []  # Told where the sources are looked at.
    requests = [(source, request) for source in sources if (request := _sample(source)) is not None]
    here, public = base_url(settings.listen), _outside(settings) if online else ""
    async with Egress() as egress:
        inside = [await _post(egress, here, request) for _, request in requests]
        found = list(_from_here(here, [source for source, _ in requests], inside))
        if not public:
            return found
        greeting = await _post(egress, public, _GREETING)
        if isinstance(greeting, str):
            return [*found, _unreachable(public, greeting)]
        is_relay = greeting.status < _REFUSED and greeting.body == _ALIVE
        for (source, request), reply in zip(requests, inside, strict=True):
            if not is_relay and _carries_secret(source):
                found.append(_kept_back(source, public))
            elif isinstance(reply, str) or not _is_refusal(reply) or _knows_none(inside):
                is_taken_here = isinstance(reply, Reply) and not _is_refusal(reply)
                outside = await _post(egress, public, request)
                found.append(_from_outside(source, public, outside, is_taken_here=is_taken_here))
    return found


def _outside(settings: Settings) -> str:
    """Return where carriers post to, nothing where they could not."""
    url = (settings.public_url or "").rstrip("/")
    return "" if is_local(urlsplit(url).hostname or "") else url


def _sample(source: Source) -> SignedRequest | None:
    """Sign a sample as the carrier would, if that can be done from here."""
    if source.credentials.networks:
        return None  # It would be refused for its address.
    adapter = source.adapter
    for example in examples(adapter.slug):
        is_probe = adapter.probe is not None and adapter.probe(example.webhook) is not None
        if example.webhook.method != "POST" or is_probe:
            continue
        try:
            return signed_request(source, example.webhook, datetime.now(UTC), tries=True)
        except (Unverified, KeyNeeded, MalformedPayload):
            continue
    return None


def _carries_secret(source: Source) -> bool:
    """Tell whether whoever gets a request of the source's could make others."""
    return source.path_key is not None or not source.adapter.verification.binds_body


def _unreachable(public: str, error: str) -> Finding:
    text = f"{public} cannot be reached from here ({error}): carriers cannot either, unless this machine alone is"
    return warning("public_url", f"{text} kept from it; look at the name, the certificate and the firewall")


def _kept_back(source: Source, public: str) -> Finding:
    text = f"no sample went to {public}: it would carry the secret, and what answers at /livez there is no relay"
    return warning(source.name, f"{text}; compare public_url, or let /livez pass")


async def _post(egress: Egress, base: str, request: SignedRequest) -> Reply | str:
    try:
        return await egress.call(
            request.method,
            base + request.path,
            headers=request.headers,
            content=request.body,
            total_seconds=_SECONDS,
        )
    except (CallFailed, EgressRefused) as error:
        return str(error)


def _is_refusal(reply: Reply) -> bool:
    return reply.status >= _REFUSED or _speaks_as_relay(reply)


def _speaks_as_relay(reply: Reply) -> bool:
    return str(reply.headers.get("content-type", "")).startswith(_PROBLEM)


def _is_unknown(reply: Reply | str) -> bool:
    return isinstance(reply, Reply) and reply.status == _MISSING and _speaks_as_relay(reply)


def _knows_none(replies: Sequence[Reply | str]) -> bool:
    return bool(replies) and all(_is_unknown(reply) for reply in replies)


def _from_here(here: str, sources: Sequence[Source], replies: Sequence[Reply | str]) -> Iterator[Finding]:
    """Say what the relay that runs here refuses; what does not answer is told elsewhere."""
    if _knows_none(replies):
        text = f"the relay at {here} knows none of these sources: restart it, so that it reads the settings"
        yield warning("relay", f"{text}, unless its role is not to take webhooks")
        return
    for source, reply in zip(sources, replies, strict=True):
        if isinstance(reply, Reply) and _is_refusal(reply):
            yield _refused_here(source, here, reply)


def _refused_here(source: Source, here: str, reply: Reply) -> Finding:
    if not _speaks_as_relay(reply):
        return note(source.name, f"no sample was tried: what answers at {here} is no relay")
    if reply.status == _MISSING:
        text = f"the relay at {here} does not know this source or its path_key"
        return problem(source.name, f"{text}: restart it, so that it reads the settings")
    if reply.status in _PROVEN:
        text = f"a sample signed with the first of its secrets is refused by the relay at {here}, which has others"
        return problem(source.name, f"{text}: restart it, so that it reads the settings")
    return warning(source.name, f"the relay at {here} answers a sample {reply.status}: see its /readyz")


def _from_outside(source: Source, public: str, reply: Reply | str, *, is_taken_here: bool) -> Finding:
    if isinstance(reply, str):
        return warning(source.name, f"a signed sample got no answer by way of {public}: {reply}")
    if not _is_refusal(reply):
        return ok(source.name, f"a signed sample comes through {public} unchanged")
    return problem(source.name, " ".join(_why_lost(public, reply, is_taken_here=is_taken_here)))


def _why_lost(public: str, reply: Reply, *, is_taken_here: bool) -> Iterator[str]:
    """Tell who refused a sample on its way from outside, and why, as far as it shows."""
    if not _speaks_as_relay(reply):
        yield f"{public} answers a signed sample {reply.status}, and not as a relay does:"
        yield "something in between answers in its place; let it pass POST, the whole path and the whole body on"
    elif reply.status == _MISSING:
        yield f"a signed sample arrives at no source by way of {public}:"
        yield "something in between changes the path, or another relay is there; pass the path on as it is"
    elif reply.status in _PROVEN and is_taken_here:
        yield f"a signed sample that the relay here takes is refused by way of {public}:"
        yield "something in between changes the body, its headers or the path; pass them on byte by byte"
    elif reply.status in _PROVEN:
        yield f"a sample signed with the first of its secrets is refused by way of {public}:"
        yield "the relay there has other secrets, or something in between changes the body, its headers or the path"
    else:
        yield f"the relay answers a signed sample {reply.status} by way of {public}: compare what is passed on"
