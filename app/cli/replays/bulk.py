"""``carrier-relay replay start`` and what belongs to it: many webhooks read again by a job of the relay."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import typer

from app.cli.accounts.durations import spoken
from app.cli.backfilling import moment
from app.cli.exits import ExitCode, stop
from app.cli.operating import Operators, reach
from app.cli.tables import aligned

__all__ = ["Starting", "change_replay", "list_replays", "show_replay", "start_replay"]

_ASK_SECONDS: Final = 1.0
_LINE_SECONDS: Final = 10.0
_BAR: Final = 30
_RUNNING: Final = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """How a replay is started, and whether it is followed."""

    reason: str
    rate: float
    yes: bool
    detach: bool
    as_json: bool


def start_replay(wanted: Mapping[str, Any], asked: Starting, url: str | None, token: str | None) -> None:
    """Preview a replay, ask whether it is to run, run it and, unless detached, follow it."""
    operators = reach(url, token)
    body = {name: value for name, value in wanted.items() if value is not None}
    body |= {name: moment(f"--{name}", body[name]) for name in ("since", "until") if name in body}
    shown = operators.ask("POST", "/replays/preview", body=body)
    typer.echo("\n".join(_preview(shown)), err=True)
    if int(shown["count"]) == 0:
        raise stop(ExitCode.FAILED, "no webhook fits: nothing was started")
    _agree(asked)
    begun = {"token": shown["token"], "reason": asked.reason, "rate": asked.rate}
    found = operators.ask("POST", "/replays", body=begun)
    path = f"/replays/{found['id']}"
    if not asked.detach:
        typer.echo(f"{found['id']} goes on by itself; Ctrl+C only stops watching it.", err=True)
        try:
            found = _followed(operators, found)
        except KeyboardInterrupt:
            typer.echo(f"\nIt goes on: carrier-relay replay show {found['id']}, or cancel {found['id']}.", err=True)
            return
    typer.echo(operators.text("GET", path) if asked.as_json else "\n".join(_as_text(found)))
    if found["state"] in {"paused", "cancelled"} or int(found["failed"]):
        raise typer.Exit(ExitCode.FAILED)


def _agree(asked: Starting) -> None:
    """Go on only when that is wished."""
    if asked.yes:
        return
    if not sys.stdin.isatty():
        raise stop(ExitCode.BAD_INPUT, "there is no terminal to ask on: look at the preview, and give --yes")
    if not typer.confirm("Run this?", err=True):
        raise typer.Exit(ExitCode.FAILED)


def _preview(shown: Mapping[str, Any]) -> Iterator[str]:
    yield f"{shown['count']} webhooks would be read again; {shown['orders']} orders show events of them."
    for meaning in shown["meanings"]:
        yield f"  {meaning['before'] or 'new'} -> {meaning['after']}: {meaning['count']} of the sample"
    unread = [item for item in shown["sample"] if item["problem"]]
    yield from (f"  {item['webhook_id']} cannot be read, still: {item['problem']}" for item in unread)
    yield shown["note"]


def _followed(operators: Operators, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Show how far a replay is until it ended: a bar on a terminal, a line now and then elsewhere."""
    is_terminal, said_at = sys.stderr.isatty(), float("-inf")
    while found["state"] == _RUNNING:
        if is_terminal:
            typer.echo(f"\r\x1b[K{_bar(found)}", nl=False, err=True)
        elif time.monotonic() - said_at >= _LINE_SECONDS:
            typer.echo(_progress(found), err=True)
            said_at = time.monotonic()
        time.sleep(_ASK_SECONDS)
        found = operators.ask("GET", f"/replays/{found['id']}")
    if is_terminal:
        typer.echo("\r\x1b[K", nl=False, err=True)
    return found


def _bar(found: Mapping[str, Any]) -> str:
    expected, done = int(found["expected"]), int(found["done"])
    filled = min(_BAR, _BAR * done // expected) if expected else 0
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {_progress(found)}"


def _progress(found: Mapping[str, Any]) -> str:
    left = f", {spoken(float(found['eta_seconds']))} left" if found["eta_seconds"] is not None else ""
    failed = f", {found['failed']} failed" if int(found["failed"]) else ""
    hindered = f" ({found['problem']})" if found["problem"] else ""
    return f"{found['done']} of {found['expected']} webhooks{failed}{left}{hindered}"


def list_replays(url: str | None, token: str | None, *, as_json: bool) -> None:
    """List the latest bulk replays."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/replays"))
        return
    rows = [("REPLAY", "STATE", "ACCOUNT", "CARRIER", "PROGRESS")]
    rows += [
        (item["id"], item["state"], item["account"] or "–", item["carrier"] or "–", _progress(item))
        for item in operators.ask("GET", "/replays")["items"]
    ]
    typer.echo("\n".join(aligned(rows)))


def show_replay(id_: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one bulk replay."""
    operators, path = reach(url, token), f"/replays/{quote(id_, safe='')}"
    typer.echo(operators.text("GET", path) if as_json else "\n".join(_as_text(operators.ask("GET", path))))


def change_replay(id_: str, change: str, reason: str | None, url: str | None, token: str | None) -> None:
    """Pause, resume or cancel a bulk replay, and say how it stands."""
    path, body = f"/replays/{quote(id_, safe='')}/{change}", None if reason is None else {"reason": reason}
    typer.echo("\n".join(_as_text(reach(url, token).ask("POST", path, body=body))))


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['id']} is {found['state']}: {_progress(found)}."
    yield f"  {found['new_events']} events were added, {found['changed']} read differently."
    for failure in found["failures"]:
        yield f"  {failure['webhook_id']} cannot be read, still: {failure['problem']}"
