"""``carrier-relay carriers``: which carriers there are, and what each needs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from app.adapter import Adapter
from app.briefing import BRIEFINGS
from app.carriers import adapters
from app.cli.picking import adapter_called, declared_too
from app.cli.tables import aligned
from app.errors import ConfigurationError
from app.examples import examples

__all__ = ["needs", "show_carriers"]


def show_carriers(slug: str | None, *, as_json: bool) -> None:
    """List all carriers, or show one."""
    if slug is not None:
        adapter = adapter_called(slug)
        typer.echo(_json(_document(adapter)) if as_json else "\n".join(_as_text(adapter)))
        return
    known = _carriers().values()
    if as_json:
        typer.echo(_json([_document(adapter) for adapter in known]))
        return
    rows = [("SLUG", "CARRIER", "MATURITY", "NEEDS")]
    rows += [(adapter.slug, adapter.name, adapter.maturity.value, ", ".join(needs(adapter))) for adapter in known]
    typer.echo("\n".join(aligned(rows)))
    typer.echo("\n`carrier-relay carriers SLUG` shows one with its samples and how to configure it.")


def _carriers() -> Mapping[str, Adapter]:
    """Return the carriers there are; those that the settings declare only where the settings can be read."""
    try:
        return declared_too()
    except ConfigurationError:
        return adapters()


def needs(adapter: Adapter) -> tuple[str, ...]:
    """Name the settings that a source of the carrier cannot do without."""
    scheme = adapter.verification
    if scheme.needs_secret:
        return ("secrets",)
    return () if scheme.binds_body else ("path_key", "unsigned")


def _document(adapter: Adapter) -> dict[str, Any]:
    scheme, briefing = adapter.verification, BRIEFINGS.get(adapter.slug)
    return {
        "slug": adapter.slug,
        "name": adapter.name,
        "maturity": adapter.maturity.value,
        "documentation": adapter.documentation,
        "verification": scheme.describe(),
        "binds_body": scheme.binds_body,
        "needs": list(needs(adapter)),
        "methods": sorted(adapter.methods),
        "media_types": sorted(adapter.media_types),
        "zone": adapter.zone,
        "redelivery": adapter.redelivery.describe(),
        "resend": adapter.redelivery.ask,
        "version": adapter.version,
        "countries": list(briefing.countries) if briefing else [],
        "pushes": briefing.pushes if briefing else None,
        "reports": briefing.reports if briefing else None,
        "references": list(briefing.references) if briefing else [],
        "setup": list(briefing.setup) if briefing else [],
        "traps": list(briefing.traps) if briefing else [],
        "cases": [example.name for example in examples(adapter.slug)],
    }


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _as_text(adapter: Adapter) -> Iterator[str]:
    scheme = adapter.verification
    binds = "" if scheme.binds_body else " (does not cover the body)"
    yield f"{adapter.name} ({adapter.slug}), {adapter.maturity.value}"
    yield from aligned(
        [
            ("Documentation", adapter.documentation),
            ("Proves itself by", f"{scheme.describe()}{binds}"),
            ("Sends", f"{', '.join(sorted(adapter.methods))} of {', '.join(sorted(adapter.media_types))}"),
            ("Times without zone", adapter.zone or "read in the account's zone"),
            ("What was not taken", f"{adapter.redelivery.describe()} {adapter.redelivery.ask}".rstrip()),
            ("Samples", ", ".join(example.name for example in examples(adapter.slug))),
        ],
        indent="  ",
    )
    yield ""
    yield "In relay.toml, for an account or group:"
    yield f"  [accounts.<account>.carriers.{adapter.slug}]"
    values = {"secrets": '["…"]', "path_key": '"at least 16 random characters"', "unsigned": "true"}
    yield from (f"  {name} = {values[name]}" for name in needs(adapter))
    if briefing := BRIEFINGS.get(adapter.slug):
        yield from ("", "At the carrier's:", *(f"  {number}. {step}" for number, step in enumerate(briefing.setup, 1)))
        yield from ("", "Worth knowing:", *(f"  - {trap}" for trap in briefing.traps))
    yield from ("", f"`carrier-relay carriers brief {adapter.slug}` writes to its engineer.")
