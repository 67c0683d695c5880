"""``carrier-relay replay one``."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import typer

from app.cli.operating import reach

__all__ = ["replay_one"]


def replay_one(webhook: str, reason: str, url: str | None, token: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Read a webhook again, and show what differs."""
    operators = reach(url, token)
    path, body = f"/webhooks/{quote(webhook, safe='')}/replay", {"reason": reason, "dry_run": dry_run}
    if as_json:
        typer.echo(operators.text("POST", path, body=body))
        return
    typer.echo("\n".join(_as_text(operators.ask("POST", path, body=body))))


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    new, changed = found["new"], found["changed"]
    done = "would be" if found["dry_run"] else "were"
    told = f"{len(new)} events {done} added, {len(changed)} read differently, {found['unchanged']} as before"
    yield f"{found['id']}: {told}."
    for event in new:
        yield f"  + {event['occurred_at'] or 'without a time'}  {event['milestone']}  {event['code']}"
    for change in changed:
        before, after = change["before"], change["after"]
        parts = (f"{name}: {before[name]} -> {after[name]}" for name in after if before[name] != after[name])
        yield f"  ~ {'; '.join(parts)}"
