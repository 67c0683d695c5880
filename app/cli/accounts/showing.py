"""``carrier-relay accounts``, ``show``, and the commands that change an account's state."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import typer

from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["change_account", "limit_account", "list_accounts", "show_account"]

_SENDS: Final = {
    "delta": "new rows only (delta)",
    "full": "the whole timeline every time (full)",
}
_TOLD: Final = {
    "kept": "earlier rows were still there: it adds or merges",
    "replaced": "earlier rows were gone: it replaces",
    "doubled": "rows sent again stood there twice: it adds",
    "blurred": "other writers changed rows meanwhile: proves nothing",
}


def list_accounts(url: str | None, token: str | None, *, as_json: bool) -> None:
    """List the accounts that the token may see."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/accounts"))
        return
    items = operators.ask("GET", "/accounts")["items"]
    rows = [("ACCOUNT", "STATE", "MODE", "HISTORY", "DUE", "WAITING", "DEAD", "LAST SUCCESS")]
    rows += [
        (
            item["account"],
            item["state"],
            item["mode"],
            _history(item),
            item["due"],
            item["waiting"],
            str(int(item["dead_shipments"]) + int(item["dead_rows"])),
            item["last_success_at"] or "never",
        )
        for item in items
    ]
    typer.echo("\n".join(aligned(rows)))
    for item in items:
        if item["state"] != "open":
            typer.echo(f"\n{_sentence(item)}")


def show_account(account: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Show one account."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", f"/accounts/{quote(account, safe='')}"))
        return
    found = operators.ask("GET", f"/accounts/{quote(account, safe='')}")
    typer.echo("\n".join(_as_text(found)))


def change_account(account: str, change: str, reason: str | None, url: str | None, token: str | None) -> None:
    """Change an account's state, or what is known of it, and say what it is now."""
    body = None if reason is None else {"reason": reason}
    found = reach(url, token).ask("POST", f"/accounts/{quote(account, safe='')}/{change}", body=body)
    typer.echo(f"Forgotten: {_history(found)}" if change == "history/reset" else _sentence(found))


def _sentence(found: Mapping[str, Any]) -> str:
    """Say of an account whether it is called."""
    name, state, until = found["account"], found["state"], found["until"]
    because = f": {found['reason']}" if found["reason"] else ""
    if state == "open":
        return f"{name} is open."
    if state == "stopped":
        return f"{name} is stopped by an operator until it is resumed{because}"
    if state == "paused":
        return f"{name} is paused until {until}{because}"
    return f"{name} is {state}; one call tries at {until}{because}"


def _history(found: Mapping[str, Any]) -> str:
    if found["history"] != "auto":
        return str(found["history"])
    return f"auto: {found['verdict']}" if found["verdict"] else "auto: not learnt yet"


def _as_text(found: Mapping[str, Any]) -> Iterator[str]:
    yield _sentence(found)
    since = f", shipments invoiced before {found['forward_from']} are observed" if found["forward_from"] else ""
    facts = [
        ("Mode", f"{found['mode']}{since}"),
        ("History", f"{_history(found)}; sends {_SENDS[found['sends']]}"),
        ("Shipments", f"{found['due']} due, {found['in_flight']} in flight, {found['waiting']} waiting"),
        ("Rows", f"{found['pending_rows']} to be sent, {found['observed_rows']} observed"),
        ("Dead", f"{found['dead_shipments']} shipments, {found['dead_rows']} rows"),
        ("Last success", found["last_success_at"] or "never"),
        ("Order hook", ": ".join(filter(None, (found["hook"], found["hook_problem"])))),
    ]
    if found["oldest_due_at"]:
        facts.append(("Oldest due", found["oldest_due_at"]))
    yield from aligned(facts, indent="  ")
    if found["evidence"]:
        yield ""
        yield "What reads of orders told of its PUT, newest last:"
        rows = [(sample["at"], sample["order_id"], _TOLD[sample["kind"]]) for sample in found["evidence"]]
        yield from aligned(rows, indent="  ")


def limit_account(account: str, asked: Mapping[str, object], url: str | None, token: str | None) -> None:
    """Limit the calls to an account, and say what holds now."""
    found = reach(url, token).ask("PUT", f"/accounts/{quote(account, safe='')}/limits", body=asked)
    by = "an operator" if found["is_limited"] else "the settings"
    rate, concurrency = found["rate_per_second"], found["concurrency"]
    typer.echo(f"{account}: {rate} calls per second, {concurrency} in flight, by {by}.")
