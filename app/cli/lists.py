"""``carrier-relay list``: any list of the operators' interface, for people, scripts and spreadsheets.

Pages are asked for one after the other and written as they come, so that the longest list takes no memory.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import typer

from app.cli.exits import ExitCode, stop
from app.cli.options import URL, Token

__all__ = ["LISTS", "Form", "list_", "write_list"]

_PAGE: Final = 500
_TIMES: Final = ("since", "until")
_SOURCE: Final = ("account", "carrier")

Form = Literal["table", "json", "ndjson", "csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """A list: where it is, what it may be filtered by, and which columns a terminal has room for."""

    path: str
    filters: tuple[str, ...]
    columns: tuple[str, ...]


LISTS: Final[Mapping[str, _List]] = {
    "webhooks": _List(
        path="/webhooks",
        filters=(*_SOURCE, *_TIMES, "state", "tracking_number", "milestone", "code", "adapter_version", "body"),
        columns=("id", "received_at", "owner", "carrier", "state", "tracking_numbers", "reason"),
    ),
    "refusals": _List(
        path="/refusals",
        filters=(*_SOURCE, *_TIMES, "status", "cause"),
        columns=("id", "at", "owner", "carrier", "status", "cause", "peer"),
    ),
    "events": _List(
        path="/events",
        filters=(*_SOURCE, *_TIMES, "milestone", "code", "tracking_number", "placed"),
        columns=("id", "received_at", "owner", "carrier", "subject", "code", "milestone", "resolution"),
    ),
    "attempts": _List(
        path="/attempts",
        filters=("account", *_TIMES, "outcome", "status", "call"),
        columns=("id", "started_at", "account", "order_id", "call", "outcome", "status", "detail"),
    ),
    "shipments": _List(
        path="/shipments",
        filters=("account", *_TIMES, "order_id", "tracking_number", "invoice_number", "state", "heard"),
        columns=("id", "account", "order_id", "invoice_number", "state", "tracking_numbers", "news_at"),
    ),
    "quiet": _List(
        path="/shipments/quiet",
        filters=("account", "silence"),
        columns=("id", "account", "order_id", "invoice_number", "tracking_numbers", "quiet_days", "courier"),
    ),
    "dead": _List(path="/shipments/dead/causes", filters=("account",), columns=("account", "cause", "count")),
    "parked": _List(
        path="/parked",
        filters=(*_SOURCE, *_TIMES, "cause", "tracking_number"),
        columns=("id", "owner", "carrier", "subject", "cause", "since"),
    ),
    "unmatched": _List(
        path="/unmatched",
        filters=(*_SOURCE, *_TIMES, "tracking_number"),
        columns=("id", "owner", "carrier", "subject", "since"),
    ),
    "unknown-codes": _List(
        path="/unknown-codes", filters=_SOURCE, columns=("owner", "carrier", "code", "count", "last_at", "is_listed")
    ),
    "sources": _List(
        path="/sources",
        filters=(),
        columns=("name", "last_at", "taken", "refused", "rhythm", "unusual_from", "match_rate"),
    ),
    "accounts": _List(
        path="/accounts", filters=(), columns=("account", "mode", "state", "due", "dead_shipments", "last_success_at")
    ),
    "audit": _List(
        path="/audit",
        filters=(*_TIMES, "account", "actor", "action", "target"),
        columns=("at", "actor", "action", "target", "reason"),
    ),
    "tokens": _List(
        path="/tokens", filters=(), columns=("name", "role", "accounts", "origin", "state", "expires_at", "used_at")
    ),
}


def list_(
    what: Annotated[str, typer.Argument(metavar="LIST", help=f"Which: {', '.join(LISTS)}.")],
    where: Annotated[
        list[str] | None, typer.Option(help="A filter, as name=value; may be repeated. A wrong name lists the right.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="All that fit, however many.")] = False,
    form: Annotated[
        Literal["table", "json", "ndjson", "csv"],
        typer.Option(help="table is for people; csv marks texts that a spreadsheet would take for formulas."),
    ] = "table",
    url: URL = None,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts; the same as --form json.")] = False,
) -> None:
    """List what a running relay knows, newest first, by any filter that its interface has."""
    if what not in LISTS:
        raise stop(ExitCode.BAD_INPUT, f"there is no list {what!r}; there are {', '.join(LISTS)}")
    query = dict(_filter(what, each) for each in where or ())
    write_list(what, query, None if everything else limit, "json" if as_json else form, url, token)


def _filter(what: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in LISTS[what].filters:
        known = ", ".join(LISTS[what].filters) or "none"
        raise stop(ExitCode.BAD_INPUT, f"--where takes name=value, not {text!r}; filters of {what}: {known}")
    return name, value


def write_list(
    what: str, query: Mapping[str, object], most: int | None, form: Form, url: str | None, token: str | None
) -> None:
    """Write a list as it comes, page by page."""
    items = _items(what, query, most, url, token)
    if form == "ndjson":
        for item in items:
            typer.echo(json.dumps(item, ensure_ascii=False))
    elif form == "json":
        typer.echo(json.dumps({"items": list(items)}, ensure_ascii=False))
    elif form == "csv":
        _csv(items)
    else:
        _table(what, list(items))


def _items(
    what: str, query: Mapping[str, object], most: int | None, url: str | None, token: str | None
) -> Iterator[dict[str, Any]]:
    """Ask for one page after the other; a page may be short, or empty, and not be the last."""
    from app.cli.operating import reach

    operators, cursor, count = reach(url, token), None, 0
    pages = any(name in LISTS[what].filters for name in ("since", "silence"))
    while True:
        left = _PAGE if most is None else min(_PAGE, most - count)
        more = {"limit": left, "cursor": cursor} if pages else {}
        text = operators.text("GET", LISTS[what].path, query={**query, **more})
        # The relay's own answer, whose numbers stay numbers.
        found = json.loads(text)  # noqa: TID251
        for item in found["items"][:left]:
            count += 1
            yield item
        cursor = found.get("next")
        _progress(count)
        if cursor is None or (most is not None and count >= most):
            _end(cursor)
            return


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{count} so far ", nl=False, err=True)


def _end(cursor: str | None) -> None:
    if sys.stderr.isatty():
        typer.echo("\r", nl=False, err=True)
    if cursor is not None:
        typer.echo("There are more: --all, or a larger --limit.", err=True)


def _csv(items: Iterator[dict[str, Any]]) -> None:
    from app.web.ops.exporting import cell

    writer, names = csv.writer(sys.stdout), None
    for item in items:
        if names is None:
            names = list(item)
            writer.writerow(names)
        writer.writerow([cell(item[name]) for name in names])


def _table(what: str, items: Sequence[Mapping[str, Any]]) -> None:
    from app.cli.tables import aligned, printable

    columns = LISTS[what].columns
    rows = [tuple(name.upper().replace("_", " ") for name in columns)]
    rows += [tuple(printable(item.get(name)) for name in columns) for item in items]
    typer.echo("\n".join(aligned(rows)) if items else "Nothing fits.")
