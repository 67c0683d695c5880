"""Check who sent a saved webhook, with the secret that is at hand."""

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.adapter import Adapter
from app.cli.exits import ExitCode, stop
from app.cli.saved import SavedRequest
from app.errors import KeyNeeded, StaleTimestamp, Unverified, WrongCredential
from app.examples import Example
from app.model import Webhook
from app.verification import Credentials, Scheme, Verified, verify

__all__ = ["SECRET_VARIABLE", "Verdict", "check"]

SECRET_VARIABLE: Final = "RELAY_TRY_SECRET"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a webhook is genuine, in words."""

    is_genuine: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What there is to verify with.

    Args:
        credentials: The secrets or keys.
        origin: Where they were taken from.
        may_fetch: Whether the carrier's public keys may be asked for.

    """

    credentials: Credentials
    origin: str
    may_fetch: bool = False


def check(adapter: Adapter, saved: SavedRequest, secret_file: Path | None, account: str | None) -> Verdict:
    """Verify a saved webhook.

    The secret is that of the file, else of the variable, else the one that a shipped sample names, else what is
    configured for the carrier.
    """
    scheme = adapter.verification
    if not (scheme.needs_secret or scheme.binds_body):
        return Verdict(is_genuine=True, text=f"Nothing to verify: {adapter.name} sends {scheme.describe()}.")
    held = _held(adapter, saved, secret_file, account)
    now = saved.webhook.received_at if saved.is_case else datetime.now(UTC)
    try:
        verified = _verify(scheme, saved.webhook, held, now)
    except StaleTimestamp as error:
        return Verdict(is_genuine=False, text=f"Rightly signed, but not at a time that a relay takes now: {error}.")
    except Unverified as error:
        return Verdict(is_genuine=False, text=f"Refused ({error.reason}): {error}. The secret was {held.origin}.")
    which = f"secret {verified.secret + 1} of {len(held.credentials.secrets)}, " if verified.secret >= 0 else ""
    return Verdict(is_genuine=True, text=f"Genuine: {scheme.describe()} ({which}{held.origin}).")


def _held(adapter: Adapter, saved: SavedRequest, secret_file: Path | None, account: str | None) -> _Held:
    if secret_file is not None:
        try:
            secret = secret_file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise stop(ExitCode.BAD_INPUT, f"--secret-file {secret_file} cannot be read: {error}") from None
        return _given(saved.webhook, secret, f"that of {secret_file}")
    if given := os.environ.get(SECRET_VARIABLE):
        return _given(saved.webhook, given, f"that of {SECRET_VARIABLE}")
    if saved.secret is not None:
        return _given(saved.webhook, saved.secret, "the sample's own")
    return _configured(adapter, account)


def _given(webhook: Webhook, secret: str, origin: str) -> _Held:
    """Take a secret as the shipped samples give theirs: the text itself, or a key set."""
    if not secret.strip():
        raise stop(ExitCode.BAD_INPUT, "the secret to verify with is empty")
    return _Held(credentials=Example(name="", webhook=webhook, secret=secret).credentials, origin=origin)


def _configured(adapter: Adapter, account: str | None) -> _Held:
    from app.carriers import adapters
    from app.cli.picking import source_of
    from app.main import sources_of
    from app.settings import load_settings

    settings = load_settings()
    if not settings.accounts:
        raise stop(
            ExitCode.CONFIGURATION,
            f"there is no secret to verify with: name a file with --secret-file, set {SECRET_VARIABLE}, "
            f"or configure accounts.<account>.carriers.{adapter.slug}",
        )
    source = source_of(sources_of(settings, adapters()), adapter, account)
    # A file tells nothing of the network it came through, and the route has checked the path.
    credentials = replace(source.credentials, networks=(), path_key=True)
    return _Held(credentials=credentials, origin=f"that configured for {source.name}", may_fetch=True)


def _verify(scheme: Scheme, webhook: Webhook, held: _Held, now: datetime) -> Verified:
    """Verify, fetching the carrier's public keys where none were given."""
    try:
        return verify(scheme, webhook, held.credentials, now)
    except KeyNeeded as needed:
        key_id, jwks_url = needed.key_id, needed.jwks_url
    missing = WrongCredential(f"the key set holds no RSA key {key_id!r}")
    if not held.may_fetch:
        raise missing
    try:
        return verify(scheme, webhook, asyncio.run(_with_keys(held.credentials, jwks_url)), now)
    except KeyNeeded:
        raise missing from None


async def _with_keys(credentials: Credentials, jwks_url: str) -> Credentials:
    from app.egress import Egress
    from app.keyring import Keyring

    async with Egress() as egress:
        keyring = Keyring(egress, lambda: datetime.now(UTC))
        await keyring.fetch(jwks_url)
        return replace(credentials, keys=keyring)
