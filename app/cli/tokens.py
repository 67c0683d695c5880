"""``carrier-relay token new``: a key to the operators' interface, shown once and kept only as a digest."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import Final

import typer

from app.cli.exits import ExitCode, stop

__all__ = ["digest_of", "make_at_run_time", "make_token", "new_token"]

_NAME: Final = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_ACCOUNT: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def make_token() -> str:
    """Make a token of 256 random bits; its prefix lets secret scanners recognise it."""
    return f"relay_{secrets.token_urlsafe(32)}"


def digest_of(token: str) -> str:
    """Return what the configuration knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(name: str, role: str, accounts: str | None) -> None:
    """Print a new token and the two ways to configure it."""
    if not _NAME.fullmatch(name):
        raise stop(ExitCode.BAD_INPUT, f"NAME must be 1 to 64 characters of [A-Za-z0-9._@-], not {name!r}")
    limits = None if accounts is None else [account.strip() for account in accounts.split(",")]
    for account in limits or ():
        if not _ACCOUNT.fullmatch(account):
            problem = f"--accounts takes names of [a-z0-9-] parted by commas, not {account!r}"
            raise stop(ExitCode.BAD_INPUT, problem)
    token = make_token()
    entry: dict[str, object] = {"name": name, "role": role, "sha256": digest_of(token)}
    if limits is not None:
        entry["accounts"] = limits
    toml = "\n".join(f"{key} = {json.dumps(value)}" for key, value in entry.items())
    typer.echo(f"""{token}

This is the token: it is shown this once, send it as Authorization: Bearer TOKEN.
The relay is told its digest, in relay.toml:

[[tokens]]
{toml}

or in the environment, where a list replaces that of the file:

RELAY_TOKENS='{json.dumps([entry])}'""")


def make_at_run_time(
    path: str, asked: Mapping[str, object], url: str | None, token: str | None, *, as_json: bool
) -> None:
    """Have a running relay make or rotate a token, and show what opens this once."""
    from app.cli.operating import reach

    body = {name: value for name, value in asked.items() if value is not None}
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("POST", path, body=body))
        return
    made = operators.ask("POST", path, body=body)
    until = f", until {made['expires_at']}" if made["expires_at"] else ""
    before = f" The one before opens until {made['old_until']}." if made["old_until"] else ""
    typer.echo(f"""{made["token"]}

This is the token of {made["name"]}, a {made["role"]}{until}: it is shown this once.{before}""")
