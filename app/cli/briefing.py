"""``carrier-relay carriers brief``: what to write to a carrier's engineer so that webhooks arrive."""

import base64
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

import typer

from app.adapter import Adapter
from app.briefing import BRIEFINGS
from app.carriers import adapters
from app.cli.letters import LETTERS, Letter
from app.cli.picking import adapter_called, source_of
from app.cli.proofs import Language, in_words
from app.cli.samples import SignedRequest, reading_of, signed_request
from app.errors import Unverified
from app.examples import Example, examples
from app.source import Source
from app.verification import AnyOf, Basic, Bearer, StaticHeader

__all__ = ["PLACEHOLDER_URL", "Brief", "brief_carrier", "make_brief"]

PLACEHOLDER_URL: Final = "https://relay.example"
"""Stands for the relay's address where `public_url` is not set."""

_ACCEPTED: Final = '{"id": "wh_…", "status": "accepted"}'
_READING: Final = frozenset({"GET", "HEAD"})
_REPLACED: Final = frozenset({400, 401, 413, 415})


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a carrier's engineer has to know.

    Args:
        language: The language of the letter.
        carrier: The carrier's slug.
        owner: The account or group.
        url: Where webhooks go.
        verify_url: Where nothing is stored.
        methods: Methods that are taken.
        media_types: Content types that are taken.
        proof: How requests must prove their sender.
        curl: A call that the relay accepts; None where there is no sample to make it of.
        is_signed: Whether the call carries a proof.
        answers: What each status means, the good one first.
        wishes: How to retry.
        setup: What to do at the carrier's, step by step.
        traps: What is known to go wrong.
        number_rules: How the merchant's numbers hang together.

    """

    language: Language
    carrier: str
    owner: str
    url: str
    verify_url: str
    methods: tuple[str, ...]
    media_types: tuple[str, ...]
    proof: str
    curl: str | None
    is_signed: bool
    answers: tuple[tuple[int, str], ...]
    wishes: tuple[str, ...]
    setup: tuple[str, ...]
    traps: tuple[str, ...]
    number_rules: tuple[str, ...]


def brief_carrier(slug: str, account: str | None, language: Language, *, show_secrets: bool, as_json: bool) -> None:
    """Print the letter for a configured carrier."""
    from app.main import sources_of
    from app.settings import load_settings

    adapter = adapter_called(slug)
    settings = load_settings()
    source = source_of(sources_of(settings, adapters()), adapter, account)
    base = str(settings.public_url or PLACEHOLDER_URL).rstrip("/")
    brief = make_brief(source, base, language, datetime.now(UTC), show_secrets=show_secrets)
    if as_json:
        typer.echo(json.dumps(asdict(brief), ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join(_as_letter(brief, adapter)))
    if settings.public_url is None:
        typer.echo(f"carrier-relay: public_url is not set, so {PLACEHOLDER_URL} stands in its place", err=True)


def make_brief(source: Source, base_url: str, language: Language, now: datetime, *, show_secrets: bool) -> Brief:
    """Gather what a source's carrier has to know; secrets only on demand."""
    adapter, letter = source.adapter, LETTERS[language]
    key = source.path_key if show_secrets else letter.path_key
    url = f"{base_url}{source.path}" + (f"/{key}" if source.path_key else "")
    curl, is_signed = _call(source, base_url, letter, now, show_secrets=show_secrets)
    known = BRIEFINGS.get(adapter.slug)
    return Brief(
        language=language,
        carrier=adapter.slug,
        owner=source.owner,
        url=url,
        verify_url=f"{url}/verify",
        methods=tuple(sorted(adapter.methods)),
        media_types=tuple(sorted(adapter.media_types)),
        proof=in_words(adapter.verification, source.credentials, language),
        curl=curl,
        is_signed=is_signed,
        answers=tuple(_answers(adapter, letter)),
        wishes=letter.wishes,
        setup=known.setup if known else (),
        traps=known.traps if known else (),
        number_rules=tuple(str(rule) for rule in source.number_rules),
    )


def _answers(adapter: Adapter, letter: Letter) -> Iterator[tuple[int, str]]:
    given = adapter.acknowledgement
    status, body = (given.status, given.body.decode("utf-8", "replace")) if given else (200, _ACCEPTED)
    yield status, f"{body} – {letter.stored}." if body else f"{letter.stored}."
    for code, meaning in letter.refused.items():
        if adapter.refusal_status is None or code not in _REPLACED:
            yield code, f"{meaning}."
    if adapter.refusal_status is not None:
        yield adapter.refusal_status, letter.replaced.format(status=adapter.refusal_status)


def _call(
    source: Source, base_url: str, letter: Letter, now: datetime, *, show_secrets: bool
) -> tuple[str | None, bool]:
    """Write a call to the address that stores nothing, and tell whether it proves its sender."""
    sample = _sample(source.adapter)
    if sample is None:
        return None, False
    try:
        request, is_signed = signed_request(source, sample.webhook, now, tries=True), True
    except Unverified:
        request, is_signed = _bare(source, sample), False
    return _curl(source, request, base_url, None if show_secrets else letter), is_signed


def _sample(adapter: Adapter) -> Example | None:
    """Choose the shortest sample with an event that is posted with a body."""
    fitting = [each for each in examples(adapter.slug) if each.webhook.body and each.webhook.method not in _READING]
    fitting = [each for each in fitting if reading_of(adapter, each).events] or fitting
    return min(fitting, key=lambda each: len(each.webhook.body), default=None)


def _bare(source: Source, sample: Example) -> SignedRequest:
    """Address a sample to a source whose carrier alone can sign."""
    hidden = source.adapter.verification.headers
    path = f"{source.path}/{source.path_key}" if source.path_key else source.path
    kept = {name: value for name, value in sample.webhook.headers if name not in {*hidden, "content-length", "host"}}
    return SignedRequest(method=sample.webhook.method, path=f"{path}/verify", headers=kept, body=sample.webhook.body)


def _curl(source: Source, request: SignedRequest, base_url: str, letter: Letter | None) -> str:
    """Write a request for a shell; with a letter, its words stand in the place of secrets."""
    headers, path, content = dict(request.headers), request.path, request.body
    if letter is not None:
        headers = _masked(source, headers, letter)
        path = path.replace(f"/{source.path_key}", f"/{letter.path_key}") if source.path_key else path
        for secret in filter(None, source.credentials.secrets):
            content = content.replace(secret.encode(), letter.secret.encode())
    lines = [f"curl --include --request {request.method} {shlex.quote(base_url + path)}"]
    lines += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text and not text.startswith("@"):
        return " \\\n  ".join([*lines, f"--data-binary {shlex.quote(text)}"])
    # A shell cannot carry every byte, nor curl a text that begins like the name of a file.
    encoded = base64.b64encode(content).decode()
    return f"printf %s {encoded} | base64 -d | " + " \\\n  ".join([*lines, "--data-binary @-"])


def _masked(source: Source, headers: dict[str, str], letter: Letter) -> dict[str, str]:
    """Blank what opens the door again: a secret, or a proof that does not cover the body."""
    scheme = source.adapter.verification
    chosen = scheme.choose(source.credentials) if isinstance(scheme, AnyOf) else scheme
    if chosen.binds_body:
        return headers
    kinds = {Basic: "Basic ", Bearer: "Bearer "}
    prefix = chosen.prefix if isinstance(chosen, StaticHeader) else kinds.get(type(chosen), "")
    names = {*chosen.headers, (source.credentials.header or "").lower()}
    return {name: f"{prefix}{letter.secret}" if name.lower() in names else value for name, value in headers.items()}


def _as_letter(brief: Brief, adapter: Adapter) -> Iterator[str]:
    """Write the e-mail."""
    letter = LETTERS[brief.language]
    yield letter.subject.format(carrier=adapter.name, owner=brief.owner)
    yield from ("", letter.opening)
    sends = letter.sends.format(methods=" / ".join(brief.methods), types=" / ".join(brief.media_types))
    yield from ("", f"1. {letter.address}", brief.url, sends)
    yield from ("", f"2. {letter.proof}", brief.proof)
    yield from ("", f"3. {letter.trying}")
    if brief.curl is None:
        yield brief.verify_url
    else:
        yield letter.tries.format(url=brief.verify_url)
        yield from ("", brief.curl)
        if adapter.verification.needs_secret or adapter.verification.binds_body:
            yield from ("", letter.valid if brief.is_signed else letter.unsigned)
    yield from ("", f"4. {letter.answers}")
    yield from (f"{status}: {text}" for status, text in brief.answers)
    yield from ("", f"5. {letter.retries}")
    yield from (f"- {wish}" for wish in brief.wishes)
    yield from _listed(f"6. {letter.setup}", brief.setup)
    yield from _listed(f"7. {letter.notes}", brief.traps)
    yield from _listed(f"{8 if brief.traps else 7}. {letter.numbers}", brief.number_rules)
    yield from ("", letter.closing)


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield from ("", title)
        yield from (f"- {line}" for line in lines)
