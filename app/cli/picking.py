"""Find what an argument names, or end the command with what there is instead."""

from collections.abc import Mapping

from app.adapter import Adapter
from app.carriers import adapters, find
from app.cli.exits import ExitCode, stop
from app.errors import ConfigurationError
from app.source import Source, Sources

__all__ = ["adapter_called", "declared_too", "source_of"]


def adapter_called(slug: str) -> Adapter:
    """Return the carrier that an argument names: one that has a file, or one that the settings declare."""
    known = adapters()  # A carrier that is broken is not the argument's fault.
    if slug in known:
        return known[slug]
    carriers = declared_too()
    try:
        return carriers[slug] if slug in carriers else find(slug)
    except ConfigurationError as error:
        raise stop(ExitCode.BAD_INPUT, str(error)) from None


def declared_too() -> Mapping[str, Adapter]:
    """Return every carrier there is, by slug, those that the settings declare among them.

    Raises:
        ConfigurationError: The settings are wrong.

    """
    from app.main import adapters_of
    from app.settings import load_settings

    return adapters_of(load_settings(), adapters())


def source_of(sources: Sources, adapter: Adapter, owner: str | None) -> Source:
    """Return the configured source of a carrier: the one of an account or group, or the only one there is."""
    found = [source for source in sources if source.adapter.slug == adapter.slug]
    owners = ", ".join(source.owner for source in found)
    if owner is not None:
        for source in found:
            if source.owner == owner:
                return source
        problem = f"{owner} has no {adapter.slug} configured; it is configured for: {owners or 'nobody'}"
        raise stop(ExitCode.BAD_INPUT, problem)
    if not found:
        place = f"accounts.<account>.carriers.{adapter.slug}"
        problem = f"no account has {adapter.slug} configured; `carrier-relay carriers {adapter.slug}` shows {place}"
        raise stop(ExitCode.CONFIGURATION, problem)
    if len(found) > 1:
        raise stop(ExitCode.BAD_INPUT, f"several have {adapter.slug} configured, name one with --account: {owners}")
    return found[0]
