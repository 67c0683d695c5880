"""``carrier-relay accounts remove ACCOUNT --erase``: forget an account that was taken out of the configuration."""

import json
import sys
from collections import Counter
from urllib.parse import quote

import typer

from app.cli.exits import ExitCode, stop
from app.cli.operating import reach
from app.payload import json_document

__all__ = ["remove_account"]


def remove_account(account: str, reason: str, url: str | None, token: str | None, erase: bool, yes: bool) -> None:
    """Erase everything that an account has left, a few seconds at a time."""
    if not erase:
        advice = "take it out of the settings and start the relay again; --erase then deletes what it has left"
        raise stop(ExitCode.BAD_INPUT, f"an account is removed where it is configured: {advice}")
    operators = reach(url, token)
    if (
        not yes
        and typer.prompt(f"Everything stored of {account} is deleted for good. Type its name to go on") != account
    ):
        raise stop(ExitCode.FAILED, "nothing was erased")
    path = f"/accounts/{quote(account, safe='')}/erase"
    body = json.dumps({"reason": reason}).encode()
    rows: Counter[str] = Counter()
    while True:
        told = json_document(operators.stream(path, body)).plain()
        rows.update({name: int(count) for name, count in told["rows"].items()})
        if told["done"]:
            break
        line = f"erased {rows.total()} rows so far"
        # On a terminal the next one stands in its place.
        typer.echo(f"\r{line}" if sys.stderr.isatty() else line, err=True, nl=not sys.stderr.isatty())
    typer.echo(f"{account} is erased: {', '.join(f'{count} {name}' for name, count in sorted(rows.items()))}.")
