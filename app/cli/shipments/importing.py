"""``carrier-relay shipments import``: send a file as fast as the relay takes it, and say what came of it."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import typer

from app.cli.exits import ExitCode, stop
from app.cli.operating import reach
from app.payload import json_document

__all__ = ["import_file"]

_PIECE: Final = 65_536
_MEDIA_TYPES: Final = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
_SUFFIXES: Final = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def import_file(
    name: str, account: str | None, kind: str | None, url: str | None, token: str | None, *, as_json: bool
) -> None:
    """Import a file, or standard input."""
    operators = reach(url, token)
    with _opened(name) as (file, size):
        first = file.read(_PIECE)
        kind = kind or _SUFFIXES.get(Path(name).suffix.lower()) or ("ndjson" if _is_json(first) else "csv")
        with _showing(size) as advance:
            answer = operators.stream(
                "/shipments/import",
                _pieces(first, file, advance),
                media_type=_MEDIA_TYPES[kind],
                query={"account": account},
            )
    told = [json_document(line).plain() for line in answer.splitlines()]
    if as_json:
        typer.echo(answer, nl=False)
    else:
        for line in told:
            if line["kind"] == "row":
                where = f"line {line['line']}" + (f", {line['field']}" if line["field"] else "")
                typer.echo(f"{where}: {line['problem']}; {line['advice']}")
        typer.echo(_sentence(told[-1]) if told else "")
    _end(told[-1] if told else {})


def _end(last: Mapping[str, Any]) -> None:
    """End the command with the code that says whether all is in."""
    if last.get("kind") != "summary":
        why = last.get("detail", "the relay went away")
        raise stop(ExitCode.UNAVAILABLE, f"the import broke off: {why}; import the same file again")
    if last["refused"] != "0":
        raise typer.Exit(ExitCode.FAILED)


def _sentence(last: Mapping[str, Any]) -> str:
    rows = f"{last['rows']} rows in: {last['created']} new, {last['known']} known"
    more = f", {last['refused']} refused" if last["refused"] != "0" else ""
    more += f" ({last['unreported']} of them not shown)" if last["unreported"] != "0" else ""
    woken = f"; {last['woken']} waiting parcels found their shipment" if last["woken"] != "0" else ""
    return f"{rows}{more}{woken}; {float(last['seconds']):.1f} s."


@contextmanager
def _opened(name: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open what is to be imported; its size is 0 where that is not known."""
    if name == "-":
        yield sys.stdin.buffer, 0
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"{name} cannot be read: {error.strerror}") from None
    with file:
        yield file, Path(name).stat().st_size


def _is_json(start: bytes) -> bool:
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


async def _pieces(first: bytes, file: IO[bytes], advance: Callable[[int], None]) -> AsyncIterator[bytes]:
    piece = first
    while piece:
        yield piece
        advance(len(piece))
        piece = file.read(_PIECE)


@contextmanager
def _showing(size: int) -> Iterator[Callable[[int], None]]:
    """Show how much was taken: as a bar on a terminal, else in lines, a tenth at a time. Results go elsewhere."""
    if sys.stderr.isatty() and size:
        with typer.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
            yield bar.update
        return
    taken = 0

    def advance(count: int) -> None:
        nonlocal taken
        before, taken = taken, taken + count
        if size > _PIECE and before * 10 // size != taken * 10 // size:
            typer.echo(f"imported {taken * 100 // size} % of {size} bytes", err=True)

    yield advance
