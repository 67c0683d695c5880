"""What each carrier is to be told, and how well its webhooks are protected."""

from collections.abc import Iterator
from typing import Final

from app.carriers import adapters
from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.cli.serving import base_url, shown_path
from app.errors import ConfigurationError
from app.main import sources_of
from app.settings import Settings
from app.source import Source

__all__ = ["examine_sources"]

_SHORTEST: Final = 16


def examine_sources(settings: Settings) -> Iterator[Finding]:
    """Look at every carrier of every account and group."""
    try:
        sources = sources_of(settings, adapters())
    except ConfigurationError as error:
        yield from (problem("sources", text) for text in error.problems)
        return
    base = settings.public_url or base_url(settings.listen)
    for source in sources:
        scheme = source.adapter.verification
        proof = "nothing: unsigned" if source.credentials.unsigned else scheme.describe()
        yield ok(source.name, f"posts to {base}{shown_path(source)} and proves itself by {proof}")
        yield from _weaknesses(source)


def _weaknesses(source: Source) -> Iterator[Finding]:
    credentials, scheme = source.credentials, source.adapter.verification
    if source.path_key is not None and len(source.path_key) < _SHORTEST:
        length = len(source.path_key)
        yield warning(
            source.name, f"path_key has {length} characters and could be guessed; take {_SHORTEST} random ones"
        )
    if credentials.unsigned and not credentials.networks:
        yield warning(source.name, "whoever learns its URL can post anything: set networks if the carrier names them")
    elif scheme.needs_secret and not scheme.binds_body:
        yield note(
            source.name, "its secret is sent as it is and does not cover the body: who reads one can forge others"
        )
    if any(len(secret) < _SHORTEST for secret in credentials.secrets):
        yield warning(source.name, f"a secret is shorter than {_SHORTEST} characters; ask the carrier for a longer one")
    if len(credentials.secrets) > 1:
        yield note(
            source.name, f"{len(credentials.secrets)} secrets are live: take the old ones out after the rotation"
        )
