"""Play the demonstration: start a VTEX and a relay, tell them of some parcels, and let their carriers speak."""

import asyncio
import os
import secrets
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import typer

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.demo.conversation import Conversation
from app.cli.demo.facts import DemoFacts, published
from app.cli.demo.parcels import ACCOUNT, PARCELS, order_seeds
from app.cli.demo.story import opening, told
from app.cli.serving import READY, base_url, listening
from app.cli.tokens import make_token
from app.egress import Egress
from app.main import Listener, relay, serve, until_signalled, utc_now
from app.sandbox import Credential, SandboxOptions, create_sandbox
from app.settings import Settings, load_settings
from app.telemetry import configure_logging

__all__ = ["demonstrate"]

_SHUTDOWN_SECONDS: Final = 2.0
"""How long open pages of the bundled VTEX may hold up the end."""


async def demonstrate(settings: Settings) -> None:
    """Run the demonstration until the process is asked to stop.

    Raises:
        ConfigurationError: An address cannot be listened on, or the folder of the database cannot be written.
        CallFailed: A webhook did not reach its order's page in time.

    """
    stopping = asyncio.create_task(until_signalled())
    playing = asyncio.create_task(_play(settings, stopping))
    await asyncio.wait({stopping, playing}, return_when=asyncio.FIRST_COMPLETED)
    if not playing.done() and not _is_ready(playing):
        playing.cancel()
    await asyncio.gather(playing, return_exceptions=False)
