"""``carrier-relay shipments dead`` and ``redrive``: what was given up, and taking it up again."""

import json
from collections.abc import Sequence
from urllib.parse import quote

import typer

from app.cli.exits import ExitCode, stop
from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["redrive", "sum_up_dead"]


def sum_up_dead(account: str | None, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Say how much was given up for which cause."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/shipments/dead/causes", query={"account": account}))
        return
    items = operators.ask("GET", "/shipments/dead/causes", query={"account": account})["items"]
    rows = [("ACCOUNT", "CAUSE", "SHIPMENTS"), *((item["account"], item["cause"], item["count"]) for item in items)]
    typer.echo("\n".join(aligned(rows)) if items else "Nothing was given up.")


def redrive(
    ids: Sequence[str],
    account: str | None,
    cause: str | None,
    reason: str,
    url: str | None,
    token: str | None,
    *,
    as_json: bool,
) -> None:
    """Take up shipments by their ids, or all of an account or for a cause."""
    if bool(ids) == bool(account or cause):
        raise stop(ExitCode.BAD_INPUT, "name shipments by their ids, or an --account, a --cause or both")
    operators = reach(url, token)
    redriven = passed = 0
    for id_ in ids:
        operators.ask("POST", f"/shipments/{quote(id_, safe='')}/redrive", body={"reason": reason})
        redriven += 1
    body: dict[str, object] = {"reason": reason, "account": account, "cause": cause}
    is_over = bool(ids)
    while not is_over:
        found = operators.ask("POST", "/shipments/redrive", body=body)
        redriven, passed = redriven + int(found["redriven"]), passed + int(found["passed"])
        is_over = found["next"] is None
        body["cursor"] = found["next"]
        if not is_over:
            typer.echo(f"{redriven} shipments so far", err=True)
    if as_json:
        typer.echo(json.dumps({"redriven": redriven, "passed": passed}))
        return
    more = f"; {passed} are being worked on right now" if passed else ""
    typer.echo(f"{redriven} shipments were taken up again{more}.")
