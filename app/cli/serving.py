"""``carrier-relay serve``: the relay, until it is asked to stop."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Final

import uvloop

from app import __version__
from app.cli.collecting import keep_what_is_there
from app.cli.tables import aligned
from app.errors import ConfigurationError
from app.main import Door, Listener, inherited_sockets, opened, serve, until_signalled
from app.settings import ListenAddress, Settings, load_settings
from app.source import Source
from app.telemetry import configure_logging
from app.web import Budgets, Front, Part, Whole, budgets_of, create_app, ops_app

__all__ = ["READY", "base_url", "listening", "run", "shown_path"]

READY = "Ready. Stop with Ctrl+C."
_LISTENERS: Final = ("listen", "ops_listen")
_USUAL_SECONDS: Final = 10.0
"""The rest of a relay is made within a fraction of this."""


def run(host: str | None, port: int | None, part: Part = Part.ALL) -> None:
    """Serve what is configured, or a demonstration where no account is.

    Raises:
        ConfigurationError: The settings are wrong, or an address cannot be listened on.
        StoreBusy: Another process owns the database.

    """
    settings = load_settings()
    given = settings.listen
    listen = ListenAddress(host or given.host, given.port if port is None else port)
    settings = settings.model_copy(update={"listen": listen})
    if settings.accounts:
        configure_logging(settings.log_level, settings.log_format)
        uvloop.run(_serve(settings, part))
    else:
        from app.cli.demo import demonstrate

        keep_what_is_there()
        uvloop.run(demonstrate(settings))


async def _serve(settings: Settings, part: Part) -> None:
    # Before the store, which may have to wait for its former owner: a socket that does not fit ends the start at once.
    inherited = _inherited(settings)
    async with opened(settings, part=part) as door, AsyncExitStack() as stack:
        ports = await listening(settings, door.front, stack, inherited, door.whole, part=part)
        beginning = asyncio.create_task(_begin(settings, door, ports, part), name="ready")
        stack.callback(beginning.cancel)
        stopping = asyncio.create_task(until_signalled(), name="stopping")
        stack.callback(stopping.cancel)
        await asyncio.wait({beginning, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            await beginning
        await stopping


async def _begin(settings: Settings, door: Door, ports: tuple[int, ...], part: Part) -> None:
    """Have the rest of the relay made, and say that it is there."""
    try:
        await asyncio.wait_for(door.begin(), _USUAL_SECONDS)
    except TimeoutError:
        # The store is gone; until it is back, what its failures leave must be sought.
        keep_what_is_there()
        await door.begin()
    lines = [*_served(settings, door.front, ports, part), READY]
    keep_what_is_there()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


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
    front: Front,
    stack: AsyncExitStack,
    inherited: Mapping[str, socket.socket] | None = None,
    whole: Whole | None = None,
    *,
    part: Part = Part.ALL,
) -> tuple[int, ...]:
    """Listen until the stack is left: where webhooks come in and, if it is apart, where operators do.

    A socket that was ``inherited`` for a setting is listened on in the place of the setting's address. What is needed
    beside ``front`` is had from ``whole``; see `app.web.create_app`.
    """
    given, ops_listen = inherited or {}, settings.ops_listen
    budgets = budgets_of(front)
    application = create_app(front, budgets, whole, with_ops=ops_listen is None, part=part)
    stack.push_async_callback(application.close)
    listeners = [_listener(application, settings.listen, "listen", given, front, budgets)]
    if ops_listen is not None:
        budgets = budgets_of(front)
        apart = ops_app(front, budgets, whole, part=part)
        listeners.append(_listener(apart, ops_listen, "ops_listen", given, front, budgets))
    ports = await stack.enter_async_context(serve(listeners, shutdown_seconds=settings.shutdown_seconds))
    if part.takes_webhooks:
        stack.callback(front.outages.leave)
        await front.outages.arrive()
    preparing = asyncio.create_task(application.prepare(), name="prepare")
    stack.callback(preparing.cancel)
    return ports


def _listener(
    application: object,
    address: ListenAddress,
    setting: str,
    inherited: Mapping[str, socket.socket],
    front: Front,
    budgets: Budgets,
) -> Listener:
    return Listener(
        application=application,
        host=address.host,
        port=address.port,
        setting=setting,
        inherited=inherited.get(setting),
        limits=front.limits,
        trusted=front.trusted_proxies,
        budgets=budgets,
        count_refusal=front.metrics.refusal,
    )


def base_url(address: ListenAddress, port: int | None = None) -> str:
    """Return the address under which this machine reaches a listener."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on by the operator's wish, not called
    host = anywhere.get(address.host, address.host)
    return f"http://{ListenAddress(host, address.port if port is None else port)}"


def shown_path(source: Source) -> str:
    """Return the path that a carrier posts to, with a word in the place of the path key."""
    return f"{source.path}/<path_key>" if source.path_key else source.path


def _served(settings: Settings, front: Front, ports: tuple[int, ...], part: Part) -> Iterator[str]:
    """Say what is served where."""
    url = ops_url = base_url(settings.listen, ports[0])
    if settings.ops_listen is not None:
        ops_url = base_url(settings.ops_listen, ports[1])
    store = front.store
    rows = [("Database", f"{store.database.place}, revision {store.revisions[1]}")]
    if part is not Part.ALL:
        rows += [("Role", part.value)]
    rows += [
        ("Webhooks", f"{source.name}: {settings.public_url or url}{shown_path(source)}")
        for source in front.sources
        if part.takes_webhooks
    ] or [("Webhooks", "none: " + _why_none(part))]
    who = "" if settings.tokens else ", closed: `carrier-relay token new` makes a token"
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
