"""``carrier-relay doctor``: what is configured, what is missing, and what was verified, in plain words."""

import asyncio
import json
from collections.abc import Iterator, Sequence

import typer

from app.cli.doctor.accounts import examine_accounts
from app.cli.doctor.configuration import examine_configuration, examine_listeners
from app.cli.doctor.findings import Finding, Level
from app.cli.doctor.refused import examine_refusals, examine_states
from app.cli.doctor.sources import examine_sources
from app.cli.doctor.storage import examine_storage
from app.cli.doctor.ways import examine_ways
from app.cli.exits import ExitCode
from app.cli.tables import aligned
from app.errors import ConfigurationError
from app.settings import load_settings

__all__ = ["Finding", "Level", "examine"]


def examine(*, online: bool, as_json: bool) -> None:
    """Look at everything, print what was found, and end with 1 where something is wrong."""
    findings = list(_look(online=online))
    is_well = not any(finding.level is Level.PROBLEM for finding in findings)
    if as_json:
        listed = [finding.document() for finding in findings]
        typer.echo(json.dumps({"well": is_well, "findings": listed}, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_as_text(findings)))
    if not is_well:
        raise typer.Exit(ExitCode.FAILED)


def _look(*, online: bool) -> Iterator[Finding]:
    """Look at everything; without readable settings there is nothing else to look at."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield from (Finding(level=Level.PROBLEM, about="settings", text=problem) for problem in error.problems)
        return
    answers, heard = asyncio.run(examine_listeners(settings))
    yield from examine_configuration(settings)
    yield from examine_storage(settings, answers=answers)
    yield heard
    yield from examine_sources(settings)
    yield from asyncio.run(examine_ways(settings, online=online))
    yield from asyncio.run(examine_refusals(settings))
    yield from asyncio.run(examine_states(settings))
    yield from asyncio.run(examine_accounts(settings, online=online))


def _as_text(findings: Sequence[Finding]) -> Iterator[str]:
    yield from aligned([(finding.level.value, finding.about, finding.text) for finding in findings])
    counted = [sum(finding.level is level for finding in findings) for level in (Level.PROBLEM, Level.WARNING)]
    words = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in zip(counted, ("problem", "warning"), strict=True)
    ]
    yield ""
    yield f"{' and '.join(words)}."
