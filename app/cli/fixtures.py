"""``carrier-relay try --scrub``: a saved webhook without persons, signed anew, as a file that can be sent in."""

import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer

from app.adapter import Adapter
from app.cli.exits import ExitCode, stop
from app.cli.saved import SavedRequest
from app.cli.scrubbing import Scrubber
from app.errors import MalformedPayload, Unverified
from app.model import Webhook
from app.personal import PersonalData
from app.reading import read
from app.verification import Credentials, seal

__all__ = ["SECRET", "write_scrubbed"]

SECRET: Final = "invented-secret"  # noqa: S105 - what the copy is signed with
_PRIVATE: Final = re.compile(
    r"(?i)auth|cookie|key|token|secret|sign|hmac|digest|credential|forwarded|real-ip|client-ip|^(?:host|via|connection|"
    r"content-length|transfer-encoding|accept-encoding)$|^(?:cf|x-amz|x-amzn|x-cloud)-"
)
_SECRET_PARAMETER: Final = re.compile(r"(?i)key|token|secret|sign|auth|pass")


def write_scrubbed(adapter: Adapter, saved: SavedRequest, file: Path) -> None:
    """Write the copy, and say what was done and what to look at: an ``.http`` file whole, any other the body alone."""
    scrubber = Scrubber(key=secrets.token_bytes(32), personal=adapter.personal or PersonalData())
    webhook = _scrubbed(adapter, saved.webhook, scrubber)
    webhook, is_signed = _signed(adapter, webhook)
    content = _raw(adapter, saved, webhook, is_signed=is_signed) if file.suffix == ".http" else webhook.body
    try:
        with file.open("xb") as target:
            target.write(content)
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"--scrub {file} cannot be written: {error.strerror}") from None
    count = scrubber.replaced
    typer.echo(f"Wrote {file}: {count} personal value{'' if count == 1 else 's'} replaced.", err=True)
    typer.echo("Tracking numbers, order numbers and places are as they were: read it before you send it.", err=True)
    if _meaning(adapter, saved.webhook) != _meaning(adapter, webhook):
        typer.echo("It maps to something else than before: say so when you send it.", err=True)


def _scrubbed(adapter: Adapter, webhook: Webhook, scrubber: Scrubber) -> Webhook:
    pairs = [pair for pair in webhook.query.split("&") if pair and not _SECRET_PARAMETER.search(pair.partition("=")[0])]
    hidden = set(adapter.verification.headers)
    return replace(
        webhook,
        path=f"/webhooks/{adapter.slug}/mystore",
        query=scrubber.query("&".join(pairs)),
        headers=tuple(
            (name, value) for name, value in webhook.headers if name not in hidden and not _PRIVATE.search(name)
        ),
        body=scrubber.body(webhook.body, webhook.content_type),
    )


def _signed(adapter: Adapter, webhook: Webhook) -> tuple[Webhook, bool]:
    """Sign the copy with an invented secret; one that only the carrier can sign stays without."""
    scheme = adapter.verification
    if not scheme.needs_secret:
        return webhook, False
    try:
        return seal(scheme, webhook, Credentials(secrets=(SECRET,)), webhook.received_at), True
    except (Unverified, MalformedPayload):
        return webhook, False


def _raw(adapter: Adapter, saved: SavedRequest, webhook: Webhook, *, is_signed: bool) -> bytes:
    """Write a request as the shipped samples are."""
    received = saved.webhook.received_at
    target = f"{webhook.path}?{webhook.query}" if webhook.query else webhook.path
    lines = [f"{webhook.method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in webhook.headers]
    lines += [f"X-Fixture-Source: captured {received:%Y-%m-%d}", f"X-Fixture-Received: {received.isoformat()}"]
    if is_signed:
        lines.append(f"X-Fixture-Secret: {SECRET}")
    elif adapter.verification.binds_body and not adapter.verification.needs_secret:
        lines.append("X-Fixture-Secret: {}")
    return "\n".join([*lines, "", ""]).encode("latin-1", "replace") + webhook.body


def _meaning(adapter: Adapter, webhook: Webhook) -> list[tuple[object, ...]]:
    try:
        events = read(adapter, webhook).events
    except MalformedPayload:
        return []
    return [(event.code, event.milestone, event.occurred_at, event.tracking_numbers) for event in events]
