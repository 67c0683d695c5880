"""``carrier-relay sandbox``: the bundled VTEX standing alone."""

import asyncio

import typer

from app.main import Listener, serve, until_signalled
from app.sandbox import Mode, SandboxOptions, create_sandbox
from app.telemetry import configure_logging

__all__ = ["run"]


def run(host: str, port: int, *, mode: Mode, strict: bool) -> None:
    """Serve a sandbox until the process is asked to stop."""
    configure_logging("warning", "text")
    asyncio.run(_serve(host, port, SandboxOptions(mode=mode, strict=strict)))


async def _serve(host: str, port: int, options: SandboxOptions) -> None:
    listener = Listener(application=create_sandbox(options), host=host, port=port, setting="--port")
    async with serve([listener], shutdown_seconds=5) as (bound,):
        url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        seed = '{"invoices": [{"invoice_number": "000045781", "tracking_number": "QX004512345BR"}]}'
        typer.echo(f"""A VTEX account {options.default_account!r}, in memory (a PUT of tracking: {options.mode})
  Order pages     {url}/
  VTEX's API      {url}/api/oms/pvt/orders, with any X-VTEX-API-AppKey and X-VTEX-API-AppToken
  Sandbox's API   {url}/sandbox/openapi.json
Seed an order:
  curl {url}/sandbox/api/orders -H 'Content-Type: application/json' -d '{seed}'
Let a relay use it: set accounts.{options.default_account}.base_url = "{url}"
Ready. Stop with Ctrl+C.""")
        await until_signalled()
