"""``carrier-relay hook``: have VTEX's order hook tell a running relay, and never touch somebody else's."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import typer

from app.cli.exits import ExitCode
from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["install_hook", "remove_hook", "show_hook"]

_STATES: Final = {
    "off": "is not received: the account has no hook_key",
    "unchecked": "was not looked at yet",
    "none": "is not there",
    "ours": "tells this relay",
    "differs": "is this relay's, and has to be put right",
    "foreign": "is somebody else's, and is left alone",
    "unknown": "could not be looked at",
}


def show_hook(account: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Look at the hook of an account's key, and end with 1 unless it tells this relay."""
    found = reach(url, token).ask("POST", f"{_path(account)}/check")
    _print(found, as_json=as_json)
    if found["state"] != "ours":
        raise typer.Exit(ExitCode.FAILED)


def install_hook(
    account: str, public_url: str | None, reason: str | None, url: str | None, token: str | None, *, as_json: bool
) -> None:
    """Install the hook, or say that it stands already."""
    asked = {"public_url": public_url, "reason": reason}
    body = {name: value for name, value in asked.items() if value is not None}
    found = reach(url, token).ask("POST", f"{_path(account)}/install", body=body)
    if not as_json:
        typer.echo("Installed." if found["changed"] else "It stood there already; nothing was changed.")
    _print(found, as_json=as_json)


def remove_hook(account: str, reason: str | None, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Remove the relay's own hook."""
    body = {} if reason is None else {"reason": reason}
    found = reach(url, token).ask("POST", f"{_path(account)}/remove", body=body)
    if not as_json:
        typer.echo("Removed." if found["changed"] else "There was none.")
    _print(found, as_json=as_json)


def _path(account: str) -> str:
    return f"/accounts/{quote(account, safe='')}/hook"


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo("\n".join(_as_text(found)))


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"VTEX's order hook of {found['account']} {_STATES[found['state']]}."
    kept = "made again when VTEX deletes it" if found["kept"] else None
    restored = f"; last {found['restored_at']}" if found["restored_at"] else ""
    facts = [
        ("Leads to", found["url"]),
        ("This relay is at", found["expected_url"] if found["expected_url"] != found["url"] else None),
        ("Wrong", found["problem"]),
        ("Kept", kept and f"{kept}{restored}"),
        ("Looked at", found["checked_at"]),
    ]
    yield from aligned([(name, str(value)) for name, value in facts if value], indent="  ")
