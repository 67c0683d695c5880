"""The demonstration's configuration: an account with every carrier there is, and new secrets each time."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from app.adapter import Adapter
from app.cli.demo.parcels import ACCOUNT
from app.cli.tokens import digest_of
from app.settings import variable

__all__ = ["demo_variables"]


def demo_variables(
    adapters: Mapping[str, Adapter], *, folder: Path, vtex_url: str, app_key: str, app_token: str, ops_token: str
) -> dict[str, str]:
    """Return the configuration as variables of the environment, which go over every file."""
    values: dict[tuple[str, ...], str] = {
        ("database_url",): f"sqlite:///{folder / 'relay.db'}",
        ("tokens",): json.dumps([{"name": "demo", "role": "admin", "sha256": digest_of(ops_token)}]),
        ("accounts", ACCOUNT, "base_url"): vtex_url,
        ("accounts", ACCOUNT, "app_key"): app_key,
        ("accounts", ACCOUNT, "app_token"): app_token,
        ("accounts", ACCOUNT, "hook_key"): secrets.token_urlsafe(24),
        # The bundled VTEX forgets nothing and lags by nothing.
        ("accounts", ACCOUNT, "retry_base_seconds"): "1",
        ("accounts", ACCOUNT, "read_lag_seconds"): "0.5",
    }
    for adapter in adapters.values():
        values["accounts", ACCOUNT, "carriers", adapter.slug] = json.dumps(_source(adapter))
    return {variable(path): value for path, value in values.items()}


def _source(adapter: Adapter) -> dict[str, object]:
    """Give a carrier what it cannot do without; one that signs with a key of its own needs nothing."""
    scheme = adapter.verification
    if scheme.needs_secret:
        return {"secrets": [secrets.token_urlsafe(24)]}
    return {} if scheme.binds_body else {"path_key": secrets.token_urlsafe(24), "unsigned": True}
