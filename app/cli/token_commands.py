"""The commands about tokens with their arguments: of the settings, and made at run time."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson
from app.cli.teaching import example

__all__ = ["token"]

Token = Annotated[str | None, typer.Option(help="A token of an admin; RELAY_OPS_TOKEN unless given.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Who holds it; stands in the audit log.")]
Role = Annotated[
    Literal["viewer", "support", "operator", "admin"], typer.Option(help="What its holder may see and do.")
]
Accounts = Annotated[str | None, typer.Option(help="Accounts that it is limited to: a,b. All unless given.")]

token = typer.Typer(help="Make tokens of the operators' interface.", no_args_is_help=True, rich_markup_mode=None)


@token.command(epilog=example("token new ops --role operator --accounts mystore"))
def new(name: Name, role: Role, accounts: Accounts = None) -> None:
    """Make a token, show it once, and print the lines that configure it."""
    from app.cli.tokens import new_token

    new_token(name, role, accounts)


@token.command(name="list", short_help="List the tokens and when each was last used.", epilog=example("token list"))
def list_(url: URL = None, token: Token = None, as_json: AsJson = False) -> None:
    """List the tokens of a running relay, those of the settings as well."""
    from app.cli.lists import write_list

    write_list("tokens", {}, None, "json" if as_json else "table", url, token)


@token.command(
    short_help="Make a token in a running relay.",
    epilog=example("token create dashboards --role viewer --expires-in-days 90"),
)
def create(
    name: Name,
    role: Role,
    accounts: Accounts = None,
    expires_in_days: Annotated[int | None, typer.Option(min=1, help="It does not end by itself unless given.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why; stands in the audit log.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Make a token in a running relay and show it this once; nothing has to be configured or restarted."""
    from app.cli.tokens import make_at_run_time

    limits = None if accounts is None else [account.strip() for account in accounts.split(",")]
    asked = {"name": name, "role": role, "accounts": limits, "expires_in_days": expires_in_days, "reason": reason}
    make_at_run_time("/tokens", asked, url, token, as_json=as_json)


@token.command(short_help="Give a token another secret.", epilog=example("token rotate ops --grace-hours 24"))
def rotate(
    name: Name,
    grace_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the one before opens as well.")] = 24,
    reason: Annotated[str | None, typer.Option(help="Why; stands in the audit log.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Show a new secret of a token once; the one before opens for a while longer."""
    from urllib.parse import quote

    from app.cli.tokens import make_at_run_time

    asked = {"grace_hours": grace_hours, "reason": reason}
    make_at_run_time(f"/tokens/{quote(name, safe='')}/rotate", asked, url, token, as_json=as_json)


@token.command(short_help="Take a token back for good.", epilog=example('token revoke ops --reason "left the company"'))
def revoke(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; stands in the audit log.")],
    url: URL = None,
    token: Token = None,
) -> None:
    """Let a token open nothing from now on, sessions of the console included."""
    from urllib.parse import quote

    from app.cli.operating import reach

    reach(url, token).ask("POST", f"/tokens/{quote(name, safe='')}/revoke", body={"reason": reason})
    typer.echo(f"{name} opens nothing any more.")
