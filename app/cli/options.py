"""What ``serve`` can be told."""

from typing import Annotated, Literal

import typer

__all__ = ["Host", "Port", "Role"]

Host = Annotated[str | None, typer.Option(help="Address to listen on, in place of the setting `listen`.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one and prints it.")
]
Role = Annotated[
    Literal["all", "ingest", "forward", "ops"],
    typer.Option(help="The part of the work that this process takes, where several share a PostgreSQL."),
]
