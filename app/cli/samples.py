"""Make of a shipped sample the request that its carrier would send to a source."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapter import Adapter
from app.cli.exits import ExitCode, stop
from app.errors import MalformedPayload
from app.examples import Example, examples
from app.model import Webhook
from app.reading import Reading, read
from app.source import Source
from app.verification import seal

__all__ = ["SignedRequest", "reading_of", "shown_cases", "signed_request", "with_tracking_number"]

_NUMBER: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_OF_THE_CONNECTION: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request to a relay: everything but the relay's address."""

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def reading_of(adapter: Adapter, example: Example) -> Reading:
    """Read a sample; one that is there because it cannot be read says nothing."""
    try:
        return read(adapter, example.webhook)
    except MalformedPayload:
        return Reading()


def signed_request(
    source: Source, webhook: Webhook, now: datetime, *, private_key: RSAPrivateKey | None = None, tries: bool = False
) -> SignedRequest:
    """Address a webhook to a source, and sign it with the source's first secret.

    Test calls that carriers make without credentials stay without. With ``tries`` it is addressed to where nothing is
    stored.

    Raises:
        Unverified: Only the carrier can sign and no private key stands in for its own, or the body has no place for
            the signature.

    """
    path = f"{source.path}/{source.path_key}" if source.path_key else source.path
    path = f"{path}/verify" if tries else path
    # Some signatures cover the path.
    sealed = webhook = replace(webhook, path=path)
    adapter = source.adapter
    if not (adapter.probe_is_unsigned and adapter.probe and adapter.probe(webhook) is not None):
        credentials = replace(source.credentials, private_key=private_key)
        sealed = seal(adapter.verification, webhook, credentials, now)
    return SignedRequest(
        method=sealed.method,
        path=f"{path}?{sealed.query}" if sealed.query else path,
        headers={name: value for name, value in sealed.headers if name not in _OF_THE_CONNECTION},
        body=sealed.body,
    )


def with_tracking_number(adapter: Adapter, example: Example, number: str) -> Webhook:
    """Put another tracking number in the place of a sample's, wherever it stands, byte for byte."""
    if not _NUMBER.fullmatch(number):
        problem = f"--tracking-number takes 1 to 100 characters of [A-Za-z0-9._-], not {number!r}"
        raise stop(ExitCode.BAD_INPUT, problem)
    events = reading_of(adapter, example).events
    old = next((str(each) for event in events for each in event.tracking_numbers), "")
    webhook = example.webhook
    if not old or old.encode() not in webhook.body:
        problem = f"--tracking-number: the body of {example.name} shows no tracking number to replace"
        raise stop(ExitCode.BAD_INPUT, problem)
    return replace(
        webhook,
        query=webhook.query.replace(old, number),
        body=webhook.body.replace(old.encode(), number.encode()),
    )


def shown_cases(adapter: Adapter) -> Iterator[tuple[str, str]]:
    """Name the samples of a carrier, each with what it says."""
    for example in examples(adapter.slug):
        reading = reading_of(adapter, example)
        milestones = dict.fromkeys(event.milestone.value for event in reading.events)
        yield example.name, ", ".join(milestones) or "; ".join(reading.ignored) or "cannot be read, on purpose"
