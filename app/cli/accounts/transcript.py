"""The transcript of ``accounts learn``: Markdown that can be kept, with the order's id and without credentials."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from app.account import Account
from app.cli.accounts.conclusions import Conclusions
from app.cli.accounts.experiment import Step
from app.vtex import Package, scrub

__all__ = ["transcript"]

_STORAGE: Final = {
    "append": "adds rows: earlier rows stay, and a row that is sent again stands there twice (append)",
    "merge": "merges rows: earlier rows stay, and a row that is sent again stands there once (merge)",
    "replace": "replaces rows: earlier rows are gone (replace)",
}
_NOT_CHECKED: Final = "whether VTEX's order hook echoes a PUT: not checked here"


def transcript(
    account: Account,
    order_id: str,
    invoice_number: str,
    *,
    started: datetime,
    before: Package,
    steps: Sequence[Step],
    found: Conclusions,
    interruption: str | None,
) -> str:
    """Write everything that was sent, answered and shown, and what follows."""
    local = started.astimezone(account.timezone)
    lines = [
        f"# What a PUT of tracking does in {account.name}",
        "",
        f"{local.isoformat(timespec='seconds')}, {account.base_url}, order {order_id}, invoice {invoice_number}.",
        "",
        "## Conclusions",
        "",
        *_conclusions(found, interruption),
        "",
        "## Settings that follow",
        "",
        *_settings(account, found),
        "",
        *_dates(found),
        "## Transcript",
        "",
        f"Before: {_rows(before)}",
        "",
    ]
    for number, step in enumerate(steps, 1):
        lines += [*_step(number, step, account), ""]
    return "\n".join(lines)


def _conclusions(found: Conclusions, interruption: str | None) -> Iterator[str]:
    if interruption is not None:
        yield f"- **Not finished**: {interruption}. What follows rests on what was done until then."
    yield f"- A PUT {_STORAGE.get(found.storage or '', 'could not be told to add, merge or replace rows')}."
    if found.identical is not None:
        yield f"- The very same request once more {found.identical}."
    if found.date_field is not None:
        yield f"- The date that is sent is shown in {found.date_field}."
    if found.zone is not None:
        yield f"- Times are shown with the offset {found.zone}."
    yield from (f"- {said}." for said in found.delivery)
    if found.slowest is not None:
        yield f"- The slowest write was shown within {found.slowest.total_seconds():.1f} s."
    yield f"- Not known: {_NOT_CHECKED}."


def _settings(account: Account, found: Conclusions) -> Iterator[str]:
    if not found.settings:
        yield "None: nothing was found out that a setting could be told from."
        return
    yield "```toml"
    yield f"[accounts.{account.name}]"
    yield from (f"{name} = {value}  # {why}" for name, value, why in found.settings)
    yield "```"


def _dates(found: Conclusions) -> Iterator[str]:
    if not found.dates:
        return
    yield "## Dates"
    yield ""
    yield "| form | sent | answer | lastChange | createDate | what it was taken for |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for date in found.dates:
        cells = (date.form.name, date.sent, date.answer, date.changed, date.created, date.reading)
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or "-"


def _step(number: int, step: Step, account: Account) -> Iterator[str]:
    answered = step.answered
    yield f"{number}. {step.at.astimezone(account.timezone).strftime('%H:%M:%S')} PUT {step.write.title}"
    yield ""
    yield from ("   " + line for line in ("```json", _json(step.write.body), "```"))
    words = f": {_cell(answered.detail)}" if answered.detail else ""
    receipt = f", receipt {answered.receipt}" if answered.receipt else ""
    yield ""
    yield f"   Answer: {answered.status or 'none'}{words}{receipt}. Then: {_rows(step.package)}"


def _json(body: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(body, ensure_ascii=False)


def _rows(package: Package) -> str:
    """Count and name the rows of a package, as it showed them."""
    finished = "finished" if package.finished else "not finished"
    # Other writers' rows may name people.
    rows = [f"{scrub(row.description)} ({row.date})" for row in package.rows]
    shown = "; ".join(_cell(row) for row in rows)
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    return f"{count}, {finished}" + (f": {shown}" if rows else "") + "."
