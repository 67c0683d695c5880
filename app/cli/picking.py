"""Find what an argument names, or end the command with what there is instead."""

from app.adapter import Adapter
from app.carriers import adapters, find
from app.cli.exits import ExitCode, stop
from app.errors import ConfigurationError
from app.source import Source, Sources

__all__ = ["adapter_called", "source_of"]


def adapter_called(slug: str) -> Adapter:
    """Return the carrier that an argument names."""
    adapters()  # A carrier that is broken is not the argument's fault.
    try:
        return find(slug)
    except ConfigurationError as error:
        raise stop(ExitCode.BAD_INPUT, str(error)) from None


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
