"""Why a request was refused: found by trying what senders and proxies are known to get wrong, on what was kept of it.

Only operators are told. Nothing here says which signature would have been right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.errors import KeyNeeded, StaleTimestamp, Unverified
from app.model import Webhook
from app.payload import read_moment
from app.source import Source
from app.store.queries import Refusal
from app.verification import (
    BodyDigest,
    BodyHmac,
    Credentials,
    Hmac,
    RsaJwks,
    Scheme,
    StampedHmac,
    body_variations,
    ways,
)

__all__ = ["Explanation", "Finding", "explain"]

_MASK: Final = "***"
_SHOWN: Final = 3
_HEADERS_TRIED: Final = 30
_QUARTER: Final = 900
_PROOFS: Final = frozenset({"missing-credential", "wrong-credential", "unreadable-credential"})
_ORDINARY: Final = frozenset({"content-length", "content-type", "date", "host", "user-agent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that explains the refusal, or may, and what to do about it."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was found, how much was tried, and what could not be tried."""

    findings: tuple[Finding, ...]
    tried: int
    limits: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Trial:
    """Count what is tried."""

    source: Source
    at: datetime
    tried: int = 0

    def succeeds(self, way: Scheme, webhook: Webhook, secret: str) -> bool:
        """Tell whether a secret explains a request; a time that is too far away is another matter."""
        self.tried += 1
        credentials: Credentials = replace(self.source.credentials, secrets=(secret,), networks=())
        try:
            way.check(webhook, credentials, self.at)
        except StaleTimestamp:
            return True
        except (Unverified, KeyNeeded):
            return False
        return True


def explain(refusal: Refusal, source: Source, others: Sequence[Source]) -> Explanation:
    """Explain a refused request of a source; ``others`` are the sources whose secrets may be tried on it."""
    webhook = Webhook(
        method=refusal.method,
        path=refusal.path.partition("?")[0],
        query=refusal.path.partition("?")[2],
        headers=refusal.headers,
        body=refusal.body,
        received_at=refusal.at,
    )
    trial = _Trial(source=source, at=refusal.at)
    findings = [*_of_the_path(refusal, source), *_of_the_clock(refusal, source, webhook)]
    if refusal.cause in _PROOFS:
        findings += _of_the_headers(source, webhook)
        if _is_whole(refusal):
            findings += _of_the_signature(trial, webhook, others)
    elif not findings:
        findings.append(Finding(what=refusal.detail, advice="The answer told the sender the same."))
    return Explanation(findings=tuple(findings), tried=trial.tried, limits=tuple(_limits(refusal, source, webhook)))


def _is_whole(refusal: Refusal) -> bool:
    return refusal.size == len(refusal.body) and _MASK.encode() not in refusal.body


def _of_the_path(refusal: Refusal, source: Source) -> Iterator[Finding]:
    """Say what is wrong with the address; a source whose path was right was not refused as unknown."""
    if refusal.cause != "not-found":
        return
    rest = refusal.path.partition("?")[0].removeprefix(source.path).strip("/")
    if source.path_key and rest in {"", "verify"}:
        yield Finding(
            what="The path key is missing at the end of the address.",
            advice="Give the sender the whole address: `carrier-relay carriers brief` writes it with --show-secrets.",
        )
    elif source.path_key:
        yield Finding(
            what="The address ends with something else than the path key, or goes on after it.",
            advice="Compare the sender's address with the configured one, letter by letter.",
        )
    else:
        yield Finding(
            what="The address goes on after the source's name, and the source has no path key.",
            advice=f"Let the sender post to {source.path}, or configure path_key.",
        )


def _of_the_clock(refusal: Refusal, source: Source, webhook: Webhook) -> Iterator[Finding]:
    """Say how far a signed time is from the arrival, and what such a distance often means."""
    if refusal.cause != "stale-timestamp":
        return
    signed = next(filter(None, (_signed_time(way, webhook) for way in ways(source.adapter.verification))), None)
    if signed is None:
        yield Finding(
            what="The signed time is too far from this relay's clock.",
            advice="Compare both clocks with a time server; an old request that is sent again must be signed anew.",
        )
        return
    distance = refusal.at - signed
    seconds = round(distance.total_seconds())
    direction = "before" if distance > timedelta() else "after"
    is_zone = (
        seconds % _QUARTER in {0, 1, 2, _QUARTER - 1, _QUARTER - 2} and abs(seconds) < timedelta(days=1).total_seconds()
    )
    yield Finding(
        what=f"The request was signed {abs(seconds)} s {direction} it arrived.",
        advice="Whole quarters of an hour: the sender takes its local time for UTC."
        if is_zone
        else "Compare both clocks with a time server; an old request that is sent again must be signed anew.",
    )


def _signed_time(way: Scheme, webhook: Webhook) -> datetime | None:
    match way:
        case Hmac(timestamp_header=str(name)) | RsaJwks(timestamp_header=name):
            text = webhook.header(name) or ""
        case StampedHmac():
            parts = (part.strip().partition("=") for part in (webhook.header(way.header) or "").split(","))
            text = next((value for key, _, value in parts if key == way.time_key), "")
        case _:
            return None
    moment = read_moment(text)
    return moment.at if moment else None


def _of_the_headers(source: Source, webhook: Webhook) -> Iterator[Finding]:
    """Say where credentials were expected and where something like one stands."""
    scheme = source.adapter.verification
    expected = {source.credentials.header.lower()} if source.credentials.header else set(scheme.headers)
    present = {name for name, value in webhook.headers if value}
    if scheme.needs_secret and not any(source.credentials.secrets):
        yield Finding(what="The source has no secret.", advice=f"Configure secrets of {source.name}.")
    if expected and not expected & present:
        yield Finding(
            what=f"None of the headers that carry a proof came: {', '.join(sorted(expected))}.",
            advice="Ask whether signing is switched on at the sender's, and whether a proxy drops the header; nginx"
            " drops names with an underscore.",
        )
    for name, value in webhook.headers:
        if _MASK in value and value != _MASK and name not in expected:
            yield Finding(
                what=f"The header {name} holds a live secret of this source.",
                advice=f"Let the sender use {' or '.join(sorted(expected)) or 'no header'}, and change the secret.",
            )
    if _MASK.encode() in webhook.body and _MASK.encode() != webhook.body:
        yield Finding(
            what="The body seems to hold a live secret of this source.",
            advice="The secret signs and is never sent: have the sender corrected, and change the secret.",
        )


def _of_the_signature(trial: _Trial, webhook: Webhook, others: Sequence[Source]) -> Iterator[Finding]:
    """Try other secrets, encodings, headers and bodies, one or two at a time; the simplest explanations first."""
    found: dict[tuple[str, ...], None] = {}
    for way in ways(trial.source.adapter.verification):
        for labels in _explanations(trial, way, webhook, others):
            found[labels] = None
    fewest = min(map(len, found), default=0)
    for labels in [labels for labels in found if len(labels) == fewest][:_SHOWN]:
        if not labels:
            yield Finding(
                what="With the secrets of today the request is genuine.",
                advice="The configuration was corrected since: ask the sender to send it again.",
            )
            continue
        yield Finding(what=f"The signature is right {' and '.join(labels)}.", advice=_advice(labels))


def _explanations(trial: _Trial, way: Scheme, webhook: Webhook, others: Sequence[Source]) -> Iterator[tuple[str, ...]]:
    loose = _loosened(way)
    if loose is None:
        return
    secrets = list(_secrets(trial.source, others))
    for source_header, candidate in _under_other_names(way, trial.source, webhook):
        bodies: list[tuple[str, bytes]] = [("", candidate.body)]
        if not source_header and way.headers:
            bodies += [(f"for the body {how}", body) for how, body in body_variations(candidate.body)]
        for body_label, body in bodies:
            varied = replace(candidate, body=body)
            for secret_label, secret in secrets:
                if trial.succeeds(loose, varied, secret):
                    written = "" if trial.succeeds(way, varied, secret) else "if it may be written another way"
                    yield tuple(filter(None, (secret_label, source_header, body_label, written)))


def _loosened(way: Scheme) -> Scheme | None:
    """Return a way that also takes the other encoding and no prefix; None where no signature was kept."""
    match way:
        case Hmac() if way.binds_body:
            return replace(way, encodings=("hex", "base64"), prefix_is_optional=True)
        case BodyDigest():
            return replace(way, encoding="base64" if way.encoding == "hex" else "hex")
        case StampedHmac() | BodyHmac():
            return way
    return None


def _secrets(source: Source, others: Sequence[Source]) -> Iterator[tuple[str, str]]:
    own = [secret for secret in source.credentials.secrets if secret]
    yield from (("", secret) for secret in own)
    for secret in own:
        if secret.strip() != secret:
            yield "with the configured secret without the space around it", secret.strip()
        yield "with the configured secret and a line break after it", f"{secret}\n"
    for other in others:
        theirs = (secret for secret in other.credentials.secrets if secret and secret not in own)
        yield from ((f"with a secret of {other.name}", secret) for secret in theirs)


def _under_other_names(way: Scheme, source: Source, webhook: Webhook) -> Iterator[tuple[str, Webhook]]:
    """Yield the request as it is, then with each other header's value in the place of the signature."""
    yield "", webhook
    if not way.headers:
        return
    name = (source.credentials.header or way.headers[0]).lower()
    given = webhook.header(name) or ""
    kept = tuple(pair for pair in webhook.headers if pair[0] != name)
    if "=" in given:
        yield "if what stands before = is left out", replace(webhook, headers=(*kept, (name, given.partition("=")[2])))
    for other, value in webhook.headers[:_HEADERS_TRIED]:
        if other != name and other not in _ORDINARY and value and value != _MASK:
            yield (
                f"when read from the header {other} instead of {name}",
                replace(webhook, headers=(*kept, (name, value))),
            )


def _advice(labels: tuple[str, ...]) -> str:
    """Say what to do about the first difference."""
    first = labels[0]
    if first.startswith("with a secret of"):
        return "The sender posts to the wrong address, or signs with another account's secret: compare both."
    if first.startswith("with the configured secret"):
        return "Space around a secret counts: correct it at the sender's or in the configuration."
    if first.startswith("when read from"):
        return "Name that header in the source's setting `header`, or have it renamed at the sender's."
    if first.startswith("for the body"):
        return (
            "Something changed the body after it was signed: let the proxy, or the sender's client, pass its bytes on."
        )
    return "Have the sender write the signature as documented."


def _limits(refusal: Refusal, source: Source, webhook: Webhook) -> Iterator[str]:
    """Say what could not be tried, and why."""
    if refusal.size > len(refusal.body):
        yield f"Only {len(refusal.body)} of {refusal.size} bytes of the body are kept: no signature was tried."
    elif _MASK.encode() in refusal.body:
        yield "A secret in the body was masked: no signature was tried."
    names = set(source.adapter.verification.headers)
    masked = sorted({name for name, value in webhook.headers if name in names and value == _MASK})
    if masked:
        yield (
            f"What came in {', '.join(masked)} was no signature over the body, so it is not kept: an agreed secret"
            " cannot be compared. Let the sender try the address with /verify at its end."
        )
    if any(isinstance(way, RsaJwks) for way in ways(source.adapter.verification)):
        yield "Only the carrier can make the signature: other bodies were not tried."
