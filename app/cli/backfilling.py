"""``carrier-relay backfill``: have a running relay look for orders of the past, and follow how far it comes."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import typer

from app.cli.accounts.durations import spoken
from app.cli.exits import ExitCode, stop
from app.cli.operating import Operators, reach
from app.cli.tables import aligned

__all__ = ["Starting", "change_backfill", "list_backfills", "moment", "show_backfill", "start_backfill"]

_ASK_SECONDS: Final = 1.0
_LINE_SECONDS: Final = 10.0
_BAR: Final = 30
_ZONE: Final = ZoneInfo("America/Sao_Paulo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """How a backfill is started, and whether it is followed."""

    since: str
    until: str | None
    rate: float | None
    reason: str | None
    detach: bool
    as_json: bool


def start_backfill(account: str, asked: Starting, url: str | None, token: str | None) -> None:
    """Start a backfill and, unless detached, follow it until everything that can be listed now was read."""
    operators = reach(url, token)
    body: dict[str, object] = {"account": account, "since": moment("--since", asked.since)}
    if asked.until is not None:
        body["until"] = moment("--until", asked.until)
    more = {"rate": asked.rate, "reason": asked.reason}
    body |= {name: value for name, value in more.items() if value is not None}
    if asked.detach:
        _print(operators, "POST", "/backfills", body=body, as_json=asked.as_json)
        return
    found = operators.ask("POST", "/backfills", body=body)
    typer.echo(f"{found['id']} goes on by itself; Ctrl+C only stops watching it.", err=True)
    try:
        found = _followed(operators, found)
    except KeyboardInterrupt:
        typer.echo(f"\nIt goes on: carrier-relay backfill show {found['id']}, or cancel {found['id']}.", err=True)
        return
    if asked.as_json:
        typer.echo(operators.text("GET", f"/backfills/{found['id']}"))
    else:
        typer.echo(_sentence(found))
    if found["state"] == "cancelled":
        raise typer.Exit(ExitCode.FAILED)


def moment(option: str, text: str) -> str:
    """Read a day, which begins at midnight in Sao Paulo, or a time with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise stop(ExitCode.BAD_INPUT, f"{option} {text!r} is no day (2026-01-31) and no RFC 3339 time") from None
    return (at if at.tzinfo else at.replace(tzinfo=_ZONE)).isoformat()


def _followed(operators: Operators, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Show how far a backfill is until it ended: a bar on a terminal, a line now and then elsewhere."""
    is_terminal, said_at = sys.stderr.isatty(), float("-inf")
    while not _is_over(found):
        if is_terminal:
            typer.echo(f"\r\x1b[K{_bar(found)}", nl=False, err=True)
        elif time.monotonic() - said_at >= _LINE_SECONDS:
            typer.echo(_progress(found), err=True)
            said_at = time.monotonic()
        time.sleep(_ASK_SECONDS)
        found = operators.ask("GET", f"/backfills/{found['id']}")
    if is_terminal:
        typer.echo("\r\x1b[K", nl=False, err=True)
    return found


def _is_over(found: Mapping[str, Any]) -> bool:
    is_listed = found["state"] == "done" or (found["state"] == "running" and found["resume_at"] is not None)
    return found["state"] in {"cancelled", "paused"} or (is_listed and int(found["unread"]) == 0)


def _bar(found: Mapping[str, Any]) -> str:
    expected, done = int(found["expected"] or 0), _done(found)
    filled = min(_BAR, _BAR * done // expected) if expected else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {_progress(found)}"


def _done(found: Mapping[str, Any]) -> int:
    return max(0, int(found["told"]) - int(found["unread"]))


def _progress(found: Mapping[str, Any]) -> str:
    of = f" of {found['expected']}" if found["expected"] is not None else ""
    left = f", {spoken(float(found['eta_seconds']))} left" if found["eta_seconds"] is not None else ""
    hindered = f" ({found['problem']})" if found["problem"] else ""
    return f"{_done(found)}{of} orders{left}{hindered}"


def list_backfills(account: str | None, url: str | None, token: str | None, *, as_json: bool) -> None:
    """List the latest backfills."""
    operators = reach(url, token)
    query = {"account": account}
    if as_json:
        typer.echo(operators.text("GET", "/backfills", query=query))
        return
    rows = [("BACKFILL", "ACCOUNT", "STATE", "SINCE", "UNTIL", "PROGRESS")]
    rows += [
        (item["id"], item["account"], item["state"], item["since"], item["until"], _progress(item))
        for item in operators.ask("GET", "/backfills", query=query)["items"]
    ]
    typer.echo("\n".join(aligned(rows)))


def show_backfill(id_: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one backfill."""
    _print(reach(url, token), "GET", f"/backfills/{id_}", body=None, as_json=as_json)


def change_backfill(id_: str, change: str, reason: str | None, url: str | None, token: str | None) -> None:
    """Pause, resume or cancel a backfill, and say how it stands."""
    body = None if reason is None else {"reason": reason}
    _print(reach(url, token), "POST", f"/backfills/{id_}/{change}", body=body, as_json=False)


def _print(operators: Operators, method: str, path: str, *, body: object, as_json: bool) -> None:
    if as_json:
        typer.echo(operators.text(method, path, body=body))
        return
    typer.echo("\n".join(_as_text(operators.ask(method, path, body=body))))


def _sentence(found: Mapping[str, Any]) -> str:
    told = f"{found['id']} is {found['state']}: {found['told']} orders found"
    if int(found["unlisted"]):
        told += f", {found['unlisted']} more were counted by VTEX and not shown"
    if found["state"] == "running" and found["resume_at"] is not None:
        told += f"; the last minutes, which VTEX's list shows late, follow at {found['resume_at']}"
    return f"{told}."


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    yield _sentence(found)
    facts = [
        ("Account", found["account"]),
        ("Invoiced", f"from {found['since']} until {found['until']}"),
        ("Progress", _progress(found)),
        ("Rate", f"{found['rate']} orders per second" if found["rate"] else "by the account's limits"),
        ("Started by", f"{found['actor']} at {found['created_at']}"),
    ]
    yield from aligned(facts, indent="  ")
