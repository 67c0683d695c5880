"""``carrier-relay codes``: what no adapter knew, what operators said that it means, and saying so."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from app.cli.options import URL, AsJson, Token
from app.cli.teaching import example

__all__ = ["codes"]

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Account or group of the source.")]
Carrier = Annotated[str, typer.Argument(metavar="CARRIER", help="The carrier's slug.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The code as the carrier sends it.")]
Reason = Annotated[str, typer.Option(help="Why; stands in the audit log.")]

codes = typer.Typer(
    help="See the codes that no adapter knew, and say what they mean.",
    short_help="See codes that no adapter knew; say what they mean.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@codes.command(
    name="list",
    short_help="List the codes that no adapter knew, and what was said of any.",
    epilog=example("codes list"),
)
def list_(url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """List the codes that no adapter knew when they came, and what operators said that codes mean."""
    from app.cli.operating import reach
    from app.cli.tables import aligned

    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/unknown-codes"))
        return
    said = operators.ask("GET", "/overrides")["items"]
    unknown = [item for item in operators.ask("GET", "/unknown-codes")["items"] if not item["is_listed"]]
    rows = [("SOURCE", "CODE", "MEANS", "EVENTS")]
    rows += [(_source(item), item["code"], "?", str(item["count"])) for item in unknown]
    rows += [(_source(item), item["code"], item["milestone"], "") for item in said]
    typer.echo("\n".join(aligned(rows)) if len(rows) > 1 else "Every code has its meaning.")


def _source(item: Mapping[str, Any]) -> str:
    return f"{item['owner']}/{item['carrier']}"


@codes.command(
    name="set",
    short_help="Say what a code means, and read again what had no meaning.",
    epilog=example('codes set mystore loggi 77 OUT_FOR_DELIVERY --reason "told by the carrier"'),
)
def set_(  # noqa: PLR0913, PLR0917 - each option is a parameter
    account: Account,
    carrier: Carrier,
    code: Code,
    milestone: Annotated[
        Literal[
            "PRE_TRANSIT",
            "IN_TRANSIT",
            "OUT_FOR_DELIVERY",
            "DELIVERED",
            "AVAILABLE_FOR_PICKUP",
            "FAILED_ATTEMPT",
            "EXCEPTION",
            "RETURNING",
            "RETURNED",
            "CANCELLED",
        ],
        typer.Argument(metavar="MILESTONE", help="What it means, such as DELIVERED."),
    ],
    reason: Reason,
    replay: Annotated[bool, typer.Option(help="Read again what the source told of without a meaning.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be read again.")] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Give a code its meaning from now on; what VTEX accepts as delivered stays delivered."""
    from app.cli.operating import reach

    body = {"account": account, "carrier": carrier, "code": code, "milestone": milestone, "reason": reason}
    asked, operators = {**body, "replay": replay, "dry_run": dry_run}, reach(url, token)
    if as_json:
        typer.echo(operators.text("POST", "/overrides", body=asked))
        return
    found = operators.ask("POST", "/overrides", body=asked)
    if dry_run:
        typer.echo(f"{found['count']} webhooks would be read again; {found['orders']} orders show events of them.")
        return
    job = found["replay"]
    told = f"; {job['expected']} webhooks are read again: carrier-relay replay show {job['id']}" if job else ""
    typer.echo(f"{code} of {account}/{carrier} means {milestone} from now on{told}.")


@codes.command(
    short_help="Take back what was said of a code.",
    epilog=example('codes remove mystore loggi 77 --reason "set by mistake"'),
)
def remove(
    account: Account, carrier: Carrier, code: Code, reason: Reason, url: URL = None, token: Token = None
) -> None:
    """Let a code mean again what the settings and the adapter say; what was read stays until it is read again."""
    from app.cli.operating import reach

    body = {"account": account, "carrier": carrier, "code": code, "reason": reason}
    reach(url, token).ask("POST", "/overrides/remove", body=body)
    typer.echo(f"{code} of {account}/{carrier} means what the settings and the adapter say.")
