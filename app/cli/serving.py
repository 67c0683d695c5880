"""``carrier-relay serve``: the relay, until it is asked to stop."""

import asyncio
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Final

import typer
import uvloop

from app import __version__
from app.cli.collecting import keep_what_is_there
from app.cli.tables import aligned
from app.errors import ConfigurationError
from app.main import Listener, Relay, inherited_sockets, relay, serve, until_signalled
from app.settings import ListenAddress, Settings, load_settings
from app.source import Source
from app.telemetry import configure_logging
from app.web import Budgets, Dependencies, Part, budgets_of, create_app, ops_app

__all__ = ["READY", "base_url", "listening", "run", "shown_path"]

READY = "Ready. Stop with Ctrl+C."
_LISTENERS: Final = ("listen", "ops_listen")


def run(host: str | None, port: int | None, part: Part = Part.ALL) -> None:
    """Serve what is configured, or a demonstration where no account is.

    Raises:
        ConfigurationError: The settings are wrong, or an address cannot be listened on.
        StoreBusy: Another process owns the database.

    """
    keep_what_is_there()
    settings = load_settings()
    given = settings.listen
    listen = ListenAddress(host or given.host, given.port if port is None else port)
    settings = settings.model_copy(update={"listen": listen})
    if settings.accounts:
        configure_logging(settings.log_level, settings.log_format)
        uvloop.run(_serve(settings, part))
    else:
        from app.cli.demo import demonstrate

        uvloop.run(demonstrate(settings))


async def _serve(settings: Settings, part: Part) -> None:
    # Before the store, which may have to wait for its former owner: a socket that does not fit ends the start at once.
    inherited = _inherited(settings)
    async with relay(settings, part=part) as running, AsyncExitStack() as stack:
        ports = await listening(settings, running, stack, inherited, part=part)
        for line in _served(settings, running, ports, part):
            typer.echo(line)
        keep_what_is_there()
        typer.echo(READY)
        await until_signalled()


def _inherited(settings: Settings) -> Mapping[str, socket.socket]:
    """Take over the sockets of a supervisor; what it listens on for nobody would be a queue that nobody answers.

    Raises:
        ConfigurationError: A socket fits no listener of this relay.

    """
    found = inherited_sockets(os.environ, _LISTENERS)
    if "ops_listen" in found and settings.ops_listen is None:
        raise ConfigurationError("a socket was inherited for ops_listen, which is not set: set it to the same address")
    return found


async def listening(
    settings: Settings,
    running: Relay,
    stack: AsyncExitStack,
    inherited: Mapping[str, socket.socket] | None = None,
    *,
    part: Part = Part.ALL,
) -> tuple[int, ...]:
    """Listen until the stack is left: where webhooks come in and, if it is apart, where operators do.

    A socket that was ``inherited`` for a setting is listened on in the place of the setting's address.
    """
    given = inherited or {}
    dependencies, ops_listen = running.dependencies, settings.ops_listen
    budgets = budgets_of(dependencies)
    application = create_app(dependencies, budgets, with_ops=ops_listen is None, part=part)
    stack.push_async_callback(application.close)
    listeners = [_listener(application, settings.listen, "listen", given, dependencies, budgets)]
    if ops_listen is not None:
        budgets = budgets_of(dependencies)
        apart = ops_app(dependencies, budgets, part=part)
        listeners.append(_listener(apart, ops_listen, "ops_listen", given, dependencies, budgets))
    ports = await stack.enter_async_context(serve(listeners, shutdown_seconds=settings.shutdown_seconds))
    if part.takes_webhooks:
        stack.callback(dependencies.outages.leave)
        await dependencies.outages.arrive()
    preparing = asyncio.create_task(application.prepare(), name="prepare")
    stack.callback(preparing.cancel)
    return ports


def _listener(
    application: object,
    address: ListenAddress,
    setting: str,
    inherited: Mapping[str, socket.socket],
    dependencies: Dependencies,
    budgets: Budgets,
) -> Listener:
    return Listener(
        application=application,
        host=address.host,
        port=address.port,
        setting=setting,
        inherited=inherited.get(setting),
        limits=dependencies.limits,
        trusted=dependencies.trusted_proxies,
        budgets=budgets,
        count_refusal=dependencies.metrics.refusal,
    )


def base_url(address: ListenAddress, port: int | None = None) -> str:
    """Return the address under which this machine reaches a listener."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on by the operator's wish, not called
    host = anywhere.get(address.host, address.host)
    return f"http://{ListenAddress(host, address.port if port is None else port)}"


def shown_path(source: Source) -> str:
    """Return the path that a carrier posts to, with a word in the place of the path key."""
    return f"{source.path}/<path_key>" if source.path_key else source.path


def _served(settings: Settings, running: Relay, ports: tuple[int, ...], part: Part) -> Iterator[str]:
    """Say what is served where."""
    dependencies = running.dependencies
    url = ops_url = base_url(settings.listen, ports[0])
    if settings.ops_listen is not None:
        ops_url = base_url(settings.ops_listen, ports[1])
    store = dependencies.store
    rows = [("Database", f"{store.database.place}, revision {store.revisions[1]}")]
    if part is not Part.ALL:
        rows += [("Role", part.value)]
    rows += [
        ("Webhooks", f"{source.name}: {settings.public_url or url}{shown_path(source)}")
        for source in dependencies.sources
        if part.takes_webhooks
    ] or [("Webhooks", "none: " + _why_none(part))]
    who = "" if dependencies.tokens else ", closed: `carrier-relay token new` makes a token"
    shown = f"{ops_url}/console, {ops_url}/docs, {ops_url}/metrics{who}" if part.serves_operators else ""
    rows += [
        ("Operators", shown or f"elsewhere; {ops_url}/metrics is here{who}"),
        ("Probes", f"{url}/livez, {url}/readyz"),
    ]
    yield f"carrier-relay {__version__}"
    yield from aligned(rows, indent="  ")


def _why_none(part: Part) -> str:
    if not part.takes_webhooks:
        return "other processes take them"
    return "no account has a carrier; `carrier-relay carriers` lists them"
