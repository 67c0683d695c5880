"""``carrier-relay accounts learn``: what a VTEX account does with a PUT, found out on a test order."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import typer

from app.account import Account
from app.cli.accounts.conclusions import Conclusions, conclude
from app.cli.accounts.experiment import Experiment, Interrupted
from app.cli.accounts.transcript import transcript
from app.cli.accounts.writes import Write, writes
from app.cli.exits import ExitCode, stop
from app.cli.operating import reach
from app.egress import Egress
from app.main import accounts_of, utc_now
from app.settings import load_settings
from app.vtex import Client, Package

__all__ = ["Learning", "learn_account"]

_INVOICE: Final = r"[A-Za-z0-9._-]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """The options of the command; see its ``--help``."""

    order: str
    invoice: str
    yes: bool = False
    write: Path | None = None
    apply: bool = False
    url: str | None = None
    token: str | None = None


def learn_account(
    name: str,
    options: Learning,
    *,
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Show what will be written, ask, write it, and print what follows."""
    account = _account(name)
    if not re.fullmatch(_INVOICE, options.invoice):
        raise stop(
            ExitCode.BAD_INPUT, f"--invoice: VTEX takes letters, digits, and . _ - only, not {options.invoice!r}"
        )
    # What the relay's own interface needs is asked for before anything is written.
    operators = reach(options.url, options.token) if options.apply else None
    found = asyncio.run(_learn(account, options, now, sleep))
    if operators is None:
        return
    if found.verdict is None:
        raise stop(ExitCode.FAILED, "--apply: there is no verdict to record")
    body = {
        "verdict": found.verdict,
        "order_id": options.order,
        "reason": f"accounts learn on order {options.order}, invoice {options.invoice}",
    }
    operators.ask("PUT", f"/accounts/{quote(account.name, safe='')}/history", body=body)
    typer.echo(f"Recorded: {account.name} is sent {found.verdict}.", err=True)


def _account(name: str) -> Account:
    accounts = accounts_of(load_settings())
    if name not in accounts:
        known = ", ".join(sorted(accounts)) or "none"
        raise stop(ExitCode.BAD_INPUT, f"no account {name!r} is configured; configured: {known}")
    return accounts[name]


async def _learn(
    account: Account,
    options: Learning,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
) -> Conclusions:
    async with Egress() as egress:
        experiment = Experiment(Client(account, egress), account, options.order, options.invoice, now=now, sleep=sleep)
        try:
            before = await experiment.read()
        except Interrupted as error:
            raise stop(ExitCode.FAILED, f"nothing was written: {error}") from None
        started = now()
        planned = writes(account, started)
        _agree(account, options, before, planned)
        interruption = None
        try:
            await experiment.run(planned, lambda line: typer.echo(line, err=True))
        except Interrupted as error:
            interruption = str(error)
        found = conclude(experiment.steps, account)
        text = transcript(
            account,
            options.order,
            options.invoice,
            started=started.astimezone(UTC),
            before=before,
            steps=experiment.steps,
            found=found,
            interruption=interruption,
        )
    _keep(text, options.write)
    if interruption is not None:
        raise stop(ExitCode.FAILED, f"not finished: {interruption}")
    return found


def _agree(account: Account, options: Learning, before: Package, planned: Sequence[Write]) -> None:
    """Show what will be written, and end the command unless that is wanted."""
    typer.echo(
        f"On {account.base_url}, order {options.order}, invoice {options.invoice}, these {len(planned)} requests will"
        " be made. VTEX cannot take their rows back: use a test order.",
        err=True,
    )
    for number, write in enumerate(planned, 1):
        row = write.body["events"][0]
        flags = f"isDelivered {str(write.body['isDelivered']).lower()}"
        typer.echo(f"{number:>2}. {row['description']!r}, {row['date']}, {flags}", err=True)
    if not before.tracking_numbers:
        typer.echo("The package has no tracking number: VTEX may store its rows and show them to nobody.", err=True)
    if before.rows or before.finished:
        has = f"has {len(before.rows)} rows already" if before.rows else "counts as delivered already"
        if not options.yes:
            raise stop(
                ExitCode.FAILED,
                f"nothing was written: the package {has}, so that this may be a shopper's; take a test order without"
                " any, or say --yes: an account that replaces rows loses them",
            )
        typer.echo(f"The package {has}.", err=True)
    if not options.yes and not typer.confirm("Write this?", err=True):
        raise stop(ExitCode.FAILED, "nothing was written")


def _keep(text: str, file: Path | None) -> None:
    typer.echo(text)
    if file is None:
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"--write {file}: {error.strerror}") from None
    typer.echo(f"Wrote {file}.", err=True)
