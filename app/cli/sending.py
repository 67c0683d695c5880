"""``carrier-relay send``: a signed sample to a running relay."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.adapter import Adapter
from app.carriers import adapters
from app.cli.calls import call
from app.cli.demo import DemoFacts, read_facts
from app.cli.exits import ExitCode, stop
from app.cli.picking import adapter_called, source_of
from app.cli.samples import SignedRequest, reading_of, shown_cases, signed_request, with_tracking_number
from app.cli.serving import base_url
from app.cli.tables import aligned
from app.egress import Reply
from app.errors import CallFailed, MalformedPayload, Unverified
from app.examples import Example, examples
from app.main import sources_of
from app.payload import json_document
from app.settings import Settings, load_settings
from app.source import Source

__all__ = ["Sending", "send_sample"]

_PROBLEM: Final = "application/problem+json"
_REFUSED: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The options of the command; see its ``--help``."""

    account: str | None = None
    url: str | None = None
    private_key: Path | None = None
    tracking_number: str | None = None
    repeat: int = 1


def send_sample(carrier: str, case: str | None, options: Sending) -> None:
    """Send a sample, and say how the relay answered and where to look."""
    adapter = adapter_called(carrier)
    example = _example(adapter, case)
    settings, facts = _target(adapter, options)
    source = source_of(sources_of(settings, adapters()), adapter, options.account)
    webhook = example.webhook
    if options.tracking_number is not None:
        webhook = with_tracking_number(adapter, example, options.tracking_number)
    try:
        request = signed_request(source, webhook, datetime.now(UTC), private_key=_private_key(options.private_key))
    except Unverified as error:
        raise stop(ExitCode.BAD_INPUT, _why_unsigned(source, str(error))) from None
    url = (options.url or (facts.url if facts else base_url(settings.listen))).rstrip("/")
    replies = [_post(url, request) for _ in range(options.repeat)]
    number = options.tracking_number or _number(adapter, example)
    for line in _where_to_look(url, adapter, replies[-1], facts, number):
        typer.echo(line)
    if any(_is_refusal(reply) for reply in replies):
        raise typer.Exit(ExitCode.FAILED)


def _example(adapter: Adapter, case: str | None) -> Example:
    """Find a sample; without its name, or with a wrong one, show which there are."""
    found = next((example for example in examples(adapter.slug) if example.name == case), None)
    if found is not None:
        return found
    listed = "\n".join(aligned(list(shown_cases(adapter)), indent="  ")) or "  none yet"
    text = f"Samples of {adapter.name}, for `carrier-relay send {adapter.slug} CASE`:\n{listed}"
    if case is None:
        typer.echo(text)
        raise typer.Exit
    problem = stop(ExitCode.BAD_INPUT, f"{adapter.slug} has no sample {case!r}")
    typer.echo(text, err=True)
    raise problem


def _target(adapter: Adapter, options: Sending) -> tuple[Settings, DemoFacts | None]:
    """Return the configuration to sign with: the real one, or that of the demonstration that runs here."""
    settings = load_settings()
    if settings.accounts:
        return settings, None
    facts = None if options.url else read_facts(settings)
    if facts is None:
        place = f"accounts.<account>.carriers.{adapter.slug}"
        raise stop(
            ExitCode.CONFIGURATION,
            f"no account is configured, so there is no secret to sign with: set {place}"
            + ("" if options.url else ", or start the demonstration in this folder: carrier-relay serve"),
        )
    return load_settings({**os.environ, **facts.variables}), facts


def _private_key(file: Path | None) -> RSAPrivateKey | None:
    if file is None:
        return None
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"--private-key {file} cannot be read: {error.strerror}") from None
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise stop(ExitCode.BAD_INPUT, f"--private-key {file} is no PEM of an RSA key without password") from None
    if not isinstance(key, RSAPrivateKey):
        raise stop(ExitCode.BAD_INPUT, f"--private-key {file} holds a key that is not RSA")
    return key


def _why_unsigned(source: Source, problem: str) -> str:
    scheme = source.adapter.verification
    if scheme.needs_secret:
        return f"this sample cannot be signed as {source.adapter.name} does, by {scheme.describe()}: {problem}"
    advice = (
        f"make a key, publish its public half as a key set with the key id 'sample', set jwks_url of {source.name} "
        "to its address, and name the key with --private-key FILE"
    )
    return f"{source.adapter.name} proves itself by {scheme.describe()}, and {problem}: {advice}"


def _post(url: str, request: SignedRequest) -> Reply:
    """Send a request, and print both sides of it."""
    try:
        reply = call(request.method, url + request.path, request.headers, request.body)
    except CallFailed as error:
        advice = "start one with `carrier-relay serve`, or name it with --url"
        raise stop(ExitCode.UNAVAILABLE, f"no relay answers at {url}: {error}; {advice}") from None
    typer.echo(f"{request.method} {url}{request.path} ({len(request.body)} bytes)")
    typer.echo(f"{reply.status} {reply.body.decode('utf-8', 'replace')}")
    return reply


def _is_refusal(reply: Reply) -> bool:
    """Tell a refusal also where the carrier's rules give it another status."""
    return reply.status >= _REFUSED or str(reply.headers.get("content-type", "")).startswith(_PROBLEM)


def _number(adapter: Adapter, example: Example) -> str:
    numbers = (str(number) for event in reading_of(adapter, example).events for number in event.tracking_numbers)
    return next(numbers, "")


def _where_to_look(url: str, adapter: Adapter, reply: Reply, facts: DemoFacts | None, number: str) -> list[str]:
    """Name the pages that show what became of the webhook."""
    url = facts.ops_url if facts else url
    id_ = _member(reply, "id")
    if _is_refusal(reply):
        return [f"Refused; operators see why at {url}/ops/v1/refusals" + (f"/{id_}" if id_ else "")]
    where = f"{url}/ops/v1/webhooks/{id_}" if id_ else f"{url}/ops/v1/webhooks?carrier={adapter.slug}"
    if facts is None:
        return [f"Operators see it at {where}"]
    page = facts.pages.get(number, "")
    others = f"No order has the number {number or '-'}; put one in with --tracking-number: {', '.join(facts.pages)}"
    lines = [f"The shopper sees {page}" if page else others]
    return [*lines, f"Operators see   curl -H 'Authorization: Bearer {facts.ops_token}' {where!r}"]


def _member(reply: Reply, name: str) -> str | None:
    try:
        return json_document(reply.body.decode("utf-8", "replace")).get(name).text()
    except MalformedPayload:
        return None
