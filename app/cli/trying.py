"""``carrier-relay try``: map a saved webhook, and show what was read from where."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from app.adapter import Adapter
from app.cli.exits import ExitCode, stop
from app.cli.picking import adapter_called
from app.cli.saved import SavedRequest, read_saved
from app.cli.tables import aligned
from app.errors import MalformedPayload
from app.model import CarrierEvent
from app.numbering import derive
from app.reading import Reading, as_document, read, trace

__all__ = ["UNREADABLE", "Trying", "try_webhook"]

UNREADABLE: Final = {
    "type": "/problems/malformed-payload",
    "title": "The webhook cannot be read",
    "status": 422,
}
"""The problem document of a body that cannot be read, without its detail: the one that the HTTP interface answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """The options of the command; see its ``--help``."""

    content_type: str | None = None
    headers: tuple[str, ...] = ()
    verify: bool = False
    secret_file: Path | None = None
    account: str | None = None
    as_json: bool = False
    scrub: Path | None = None


def try_webhook(carrier: str, file: str, options: Trying) -> None:
    """Map a saved webhook; the exit code says whether it could be read and, if asked, whether it is genuine."""
    adapter = adapter_called(carrier)
    is_genuine = True
    try:
        saved = read_saved(adapter, file, options.content_type, options.headers)
        if not adapter.accepts(saved.webhook.content_type):
            expected = " or ".join(sorted(adapter.media_types))
            typer.echo(f"A relay answers 415 to {saved.webhook.content_type}: this carrier sends {expected}.", err=True)
        if options.scrub is not None:
            from app.cli.fixtures import write_scrubbed

            write_scrubbed(adapter, saved, options.scrub)
            return
        if options.verify:
            is_genuine = _tell_verdict(adapter, saved, options)
        reading = read(adapter, saved.webhook)
        made = _made_by_rules(adapter, reading, options.account)
    except MalformedPayload as error:
        if not options.as_json:
            raise stop(ExitCode.BAD_INPUT, f"{adapter.name} cannot be read: {error}") from None
        typer.echo(json.dumps(UNREADABLE | {"detail": str(error)}, ensure_ascii=False, indent=2))
        raise typer.Exit(ExitCode.BAD_INPUT) from None
    if options.as_json:
        document = as_document(adapter, reading) | ({} if made is None else {"number_rules": made})
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_as_text(adapter, reading)))
        if made is not None:
            typer.echo("\n".join(("", f"The number rules of {options.account} make", *_bulleted(made))))
    if not is_genuine:
        raise typer.Exit(ExitCode.FAILED)


def _made_by_rules(adapter: Adapter, reading: Reading, account: str | None) -> list[str] | None:
    """Apply the number rules that an account or group has for the carrier; None where it has none."""
    if account is None:
        return None
    from app.carriers import adapters
    from app.cli.picking import source_of
    from app.main import sources_of
    from app.settings import load_settings

    rules = source_of(sources_of(load_settings(), adapters()), adapter, account).number_rules
    if not rules:
        return None
    return list(dict.fromkeys(line for event in reading.events for line in derive(rules, event).trace))


def _bulleted(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines or ["nothing: none of them fits this webhook"]]


def _tell_verdict(adapter: Adapter, saved: SavedRequest, options: Trying) -> bool:
    """Check who sent it; beside JSON the verdict goes to standard error."""
    from app.cli.verifying import check

    verdict = check(adapter, saved, options.secret_file, options.account)
    typer.echo(verdict.text, err=options.as_json)
    return verdict.is_genuine


def _as_text(adapter: Adapter, reading: Reading) -> Iterator[str]:
    """Write a reading for people: its events as a table, then where each field stood."""
    documents: list[dict[str, Any]] = as_document(adapter, reading)["events"]
    count = len(documents)
    yield f"{adapter.name}, adapter version {adapter.version}: {count} event{'' if count == 1 else 's'}"
    if documents:
        yield ""
        yield from aligned([_row(document) for document in documents], indent="  ")
    for number, (event, document) in enumerate(zip(reading.events, documents, strict=True), 1):
        yield from ("", f"Event {number} was read from")
        yield from aligned(list(_origins(event, document)), indent="  ")
    if reading.ignored or reading.warnings:
        yield ""
    yield from (f"Ignored: {reason}" for reason in reading.ignored)
    yield from (f"Warning: {text}" for text in reading.warnings)


def _row(document: Mapping[str, Any]) -> tuple[str, ...]:
    place = ", ".join(part for part in (document["city"], document["state"]) if part)
    return (
        document["occurred_at"] or "no time",
        document["milestone"],
        document["code"],
        document["description"] or "",
        place,
    )


def _origins(event: CarrierEvent, document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name each field that has a value, the value, and its place; what was made up of several has none."""
    places = trace(event)
    references = {f"references.{name}": value for name, value in document["references"].items()}
    fields = {name: value for name, value in document.items() if name != "references"} | references
    if event.unknown_code:
        fields["unknown_code"] = event.unknown_code
    for name, value in fields.items():
        if value is not None and name != "milestone":
            yield name, str(value), places.get(name, "made up of several, or none of the payload's")
