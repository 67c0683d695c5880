"""``carrier-relay openapi``: the description of the HTTP interface, carriers' webhooks included."""

import json
from pathlib import Path

import typer

from app.carriers import adapters
from app.cli.exits import ExitCode, stop
from app.web.routes import document, export

__all__ = ["write_openapi"]


def write_openapi(file: Path | None) -> None:
    """Write the document to a file, or to standard output."""
    if file is None:
        typer.echo(json.dumps(document(adapters()), ensure_ascii=False, indent=2))
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        export(file, adapters())
    except OSError as error:
        raise stop(ExitCode.BAD_INPUT, f"--write {file}: {error.strerror}") from None
    typer.echo(f"Wrote {file}.")
