"""Set the demonstration up: start a VTEX and a relay, tell them of some parcels, and let their carriers speak."""

import asyncio
import os
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import typer

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.demo.conversation import Conversation
from app.cli.demo.facts import DemoFacts, published
from app.cli.demo.parcels import ACCOUNT, PARCELS
from app.cli.demo.story import closing, opening, page_of
from app.cli.serving import READY, base_url, listening
from app.cli.tokens import make_token
from app.egress import Egress
from app.errors import ConfigurationError
from app.main import Listener, relay, serve, until_signalled, utc_now
from app.sandbox import Credential, SandboxOptions, create_sandbox
from app.settings import Settings, load_settings
from app.telemetry import configure_logging

__all__ = ["demonstrate"]

_LOOPBACK: Final = "127.0.0.1"
_PAGES_SECONDS: Final = 2.0
"""How long pages that are being read may hold up the end."""


async def demonstrate(settings: Settings) -> None:
    """Run the demonstration until the process is asked to stop.

    Raises:
        ConfigurationError: An address cannot be listened on, or the folder of the database cannot be written.
        CallFailed: A webhook did not reach its order's page in time.

    """
    stopping = asyncio.create_task(until_signalled())
    try:
        async with AsyncExitStack() as stack:
            setting = asyncio.create_task(_set_up(settings, stack))
            await asyncio.wait({setting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if setting.done():
                await setting
                await stopping
            else:
                setting.cancel()
                await asyncio.gather(setting, return_exceptions=True)
    finally:
        stopping.cancel()


async def _set_up(settings: Settings, stack: AsyncExitStack) -> None:
    """Start everything, and say what there is to see; the stack takes it down again."""
    # Until it is ready, the demonstration itself tells what happens.
    style = settings.log_format if "log_format" in settings.model_fields_set else "text"
    configure_logging("warning", style)
    folder = _scratch(stack)
    app_key, app_token, ops_token = f"vtexappkey-{ACCOUNT}", secrets.token_urlsafe(24), make_token()
    vtex_url = await _start_vtex(stack, app_key, app_token)
    variables = demo_variables(
        adapters(), folder=folder, vtex_url=vtex_url, app_key=app_key, app_token=app_token, ops_token=ops_token
    )
    configured = load_settings({**os.environ, **variables}).model_copy(update={"listen": settings.listen})
    running = await stack.enter_async_context(relay(configured))
    ports = await listening(configured, running.dependencies, stack)
    url = base_url(configured.listen, ports[0])
    ops_url = base_url(configured.ops_listen, ports[1]) if configured.ops_listen else url
    for line in opening(url, vtex_url):
        typer.echo(line)
    talk = Conversation(
        egress=await stack.enter_async_context(Egress()),
        sources=running.dependencies.sources,
        url=url,
        ops_url=ops_url,
        vtex_url=vtex_url,
        ops_token=ops_token,
        now=utc_now,
    )
    facts = DemoFacts(
        url=url,
        ops_url=ops_url,
        ops_token=ops_token,
        variables=variables,
        pages={parcel.tracking_number: page_of(vtex_url, parcel) for parcel in PARCELS},
    )
    stack.enter_context(published(settings, facts))
    timelines = await talk.hold(PARCELS)
    for line in closing(talk, timelines, folder):
        typer.echo(line)
    configure_logging(settings.log_level, style)
    typer.echo(READY)


def _scratch(stack: AsyncExitStack) -> Path:
    """Make a folder that goes when the stack is left."""
    try:
        return Path(stack.enter_context(TemporaryDirectory(prefix="carrier-relay-demo-")))
    except OSError as error:
        raise ConfigurationError(f"TMPDIR: the demonstration needs a folder for its database: {error}") from None


async def _start_vtex(stack: AsyncExitStack, app_key: str, app_token: str) -> str:
    """Start the bundled VTEX on a free port of this machine, closed to every key but the relay's."""
    credential = Credential(account=ACCOUNT, app_key=app_key, app_token=app_token)
    options = SandboxOptions(default_account=ACCOUNT, credentials=(credential,))
    listener = Listener(application=create_sandbox(options), host=_LOOPBACK, port=0, setting="sandbox")
    (port,) = await stack.enter_async_context(serve([listener], shutdown_seconds=_PAGES_SECONDS))
    return f"http://{_LOOPBACK}:{port}"
