"""Options that several commands have."""

from typing import Annotated, Literal

import typer

__all__ = ["URL", "AsJson", "Host", "MaybeWhy", "Port", "Role", "Token", "Why"]

Host = Annotated[str | None, typer.Option(help="Address to listen on, in place of the setting `listen`.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one and prints it.")
]
Role = Annotated[
    Literal["all", "ingest", "forward", "ops"],
    typer.Option(help="The part of the work that this process takes, where several share a PostgreSQL."),
]
URL = Annotated[str | None, typer.Option(help="Base URL of the operators' interface; RELAY_OPS_URL unless given.")]
Token = Annotated[str | None, typer.Option(help="A token of it; RELAY_OPS_TOKEN unless given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
Why = Annotated[str, typer.Option(help="Why; stands in the audit log.")]
MaybeWhy = Annotated[str | None, typer.Option(help="Why; stands in the audit log.")]
