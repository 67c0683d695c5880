"""``carrier-relay sandbox``: the bundled VTEX standing alone."""

import asyncio
from dataclasses import dataclass

import typer

from app.main import Listener, serve, until_signalled
from app.sandbox import Mode, SandboxOptions, create_sandbox, seed_shop
from app.telemetry import configure_logging

__all__ = ["Standing", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it behaves, and what is in it.

    Args:
        mode: What a PUT does to the rows that are there.
        strict: Whether VTEX's schema is held to.
        shop: How many orders it starts with.
        seed: What they are made from.
        speed: How much faster than at VTEX hooks are retried and dropped.

    """

    mode: Mode
    strict: bool
    shop: int
    seed: int
    speed: float


def run(host: str, port: int, standing: Standing) -> None:
    """Serve a sandbox until the process is asked to stop."""
    configure_logging("warning", "text")
    asyncio.run(_serve(host, port, standing))


async def _serve(host: str, port: int, standing: Standing) -> None:
    options = SandboxOptions(mode=standing.mode, strict=standing.strict, speed=standing.speed)
    application = create_sandbox(options)
    kinds = await seed_shop(application, standing.shop, standing.seed)
    listener = Listener(application=application, host=host, port=port, setting="--port")
    async with serve([listener], shutdown_seconds=5) as (bound,):
        url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        seed = '{"invoices": [{"invoice_number": "000045781", "tracking_number": "QX004512345BR"}]}'
        typer.echo(f"""A VTEX account {options.default_account!r}, in memory (a PUT of tracking: {options.mode})
  Order pages     {url}/
  Hook and feed   {url}/notifications
  VTEX's API      {url}/api/oms/pvt/orders, with any X-VTEX-API-AppKey and X-VTEX-API-AppToken
  Sandbox's API   {url}/sandbox/openapi.json""")
        if kinds:
            shown = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
            typer.echo(f"A shop of {sum(kinds.values()):,} orders (--seed {standing.seed}): {shown}")
        typer.echo(f"""Seed an order:
  curl {url}/sandbox/api/orders -H 'Content-Type: application/json' -d '{seed}'
Let a relay use it: set accounts.{options.default_account}.base_url = "{url}"
Ready. Stop with Ctrl+C.""")
        await until_signalled()
