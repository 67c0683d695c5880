"""Every command with its arguments. What a command does is imported when it runs, so that the others start quickly."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from app.cli.accounts import accounts
from app.cli.carriers_commands import carriers
from app.cli.exits import EXIT_CODES, exit_code_of, sentences, stop
from app.cli.gaps import gaps
from app.cli.lists import list_
from app.cli.meaning import codes
from app.cli.options import URL, AsJson, Host, Port, Role, Token
from app.cli.orders_commands import backfill, feed, hook
from app.cli.parked import parked
from app.cli.privacy_commands import hold, personal
from app.cli.replays import replay
from app.cli.shipments import shipments
from app.cli.teaching import example
from app.cli.token_commands import token
from app.cli.webhooks import webhooks
from app.errors import RelayError

__all__ = ["application"]

Carrier = Annotated[
    str, typer.Argument(metavar="CARRIER", help="The carrier's slug, as `carrier-relay carriers` lists it.")
]
Account = Annotated[str | None, typer.Option(help="The account or group, where several have the carrier.")]


class _Commands(TyperGroup):
    """End every command that fails on purpose with sentences and its exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer keeps its context's class to itself
        """Run a command."""
        try:
            return super().invoke(ctx)
        except RelayError as error:
            raise stop(exit_code_of(error), *sentences(error)) from None


application = typer.Typer(
    name="carrier-relay",
    cls=_Commands,
    help="Receive carriers' tracking webhooks, and keep the timelines of VTEX orders true.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_GROUPS = {"token": token, "accounts": accounts, "shipments": shipments, "parked": parked, "replay": replay}
_GROUPS |= {
    "codes": codes,
    "backfill": backfill,
    "feed": feed,
    "hook": hook,
    "hold": hold,
    "webhooks": webhooks,
    "carriers": carriers,
}
for _name, _group in _GROUPS.items():
    application.add_typer(_group, name=_name)
application.add_typer(personal)
application.command(
    short_help="Say when webhooks were not taken, and what to do.", epilog=example("gaps --days 7 --letters")
)(gaps)
application.command(
    name="list",
    short_help="List webhooks, events, attempts, shipments, audit and more.",
    epilog=example("list attempts --where account=mystore --where outcome=failed --form csv"),
)(list_)


def _show_version(wanted: bool) -> None:
    if wanted:
        from app import __version__

        typer.echo(f"carrier-relay {__version__}")
        raise typer.Exit


@application.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the release and exit.")
    ] = False,
) -> None:
    """Receive carriers' tracking webhooks, and keep the timelines of VTEX orders true."""


@application.command(
    short_help="Run the relay, or a demonstration of it.", epilog=example("serve --host 0.0.0.0 --port 8080")
)
def serve(
    host: Host = None,
    port: Port = None,
    role: Role = "all",
) -> None:
    """Run the relay until it is asked to stop; with no account configured, run a demonstration.

    SIGTERM and Ctrl+C let requests and calls in flight finish, for `shutdown_seconds` at most.
    """
    from app.cli.collecting import run

    run(host, port, role)


@application.command(
    short_help="Run the bundled VTEX alone.", epilog=example("sandbox --port 8090 --mode replace --shop 200")
)
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8090,
    mode: Annotated[
        Literal["append", "replace", "merge"], typer.Option(help="What a PUT does to the rows that are there.")
    ] = "merge",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what VTEX's schema does not allow.")] = False,
    shop: Annotated[
        int, typer.Option(min=0, max=200_000, help="Fill it with so many orders of every kind; about 2 KB each.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop.")] = 1,
    speed: Annotated[
        float, typer.Option(min=1, max=1_000_000, help="How much faster than at VTEX hooks are retried and dropped.")
    ] = 1,
) -> None:
    """Run the bundled VTEX alone, for tests and staging: it forgets everything when it stops."""
    from app.cli.standing import Standing, run

    run(host, port, Standing(mode=mode, strict=strict, shop=shop, seed=seed, speed=speed))


@application.command(
    short_help="Post a signed sample to a running relay.", epilog=example("send easypost delivered --account mystore")
)
def send(
    carrier: Carrier,
    case: Annotated[
        str | None, typer.Argument(metavar="CASE", help="A sample's name; leave it out to see which there are.")
    ] = None,
    account: Account = None,
    url: Annotated[str | None, typer.Option(help="Base URL of the relay; the configured one unless given.")] = None,
    private_key: Annotated[
        Path | None, typer.Option(help="RSA key in PEM, for carriers that sign with a key of their own.")
    ] = None,
    tracking_number: Annotated[
        str | None, typer.Option(help="Number to put in the place of the sample's, before it is signed.")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, max=1000, help="How often to send the same bytes.")] = 1,
) -> None:
    """Post a shipped sample to a running relay, signed as the carrier would with the configured secret."""
    from app.cli.sending import Sending, send_sample

    send_sample(
        carrier,
        case,
        Sending(account=account, url=url, private_key=private_key, tracking_number=tracking_number, repeat=repeat),
    )


@application.command(
    name="try",
    short_help="Map a saved webhook, without configuration.",
    epilog=example("try loggi saved.http --verify --secret-file secret.txt"),
)
def try_(  # noqa: PLR0913, PLR0917 - each option is a parameter
    carrier: Carrier,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A saved body, or a raw HTTP request; - reads standard input.")
    ],
    content_type: Annotated[
        str | None, typer.Option(help="Content-Type of a saved body; told from its first bytes unless given.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="A header that came with it, as 'Name: value'; may be repeated.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check the signature: with --secret-file, RELAY_TRY_SECRET, or what is configured."
        ),
    ] = False,
    secret_file: Annotated[
        Path | None, typer.Option(help="File that holds the secret, or the key set, to verify with.")
    ] = None,
    account: Account = None,
    scrub: Annotated[
        Path | None,
        typer.Option(help="Write a copy with fictions in the place of persons: an .http file, or the body alone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Map a saved webhook and show what was read from where; needs no configuration and stores nothing."""
    from app.cli.trying import Trying, try_webhook

    try_webhook(
        carrier,
        file,
        Trying(
            content_type=content_type,
            headers=tuple(header or ()),
            verify=verify or secret_file is not None,
            secret_file=secret_file,
            account=account,
            as_json=as_json,
            scrub=scrub,
        ),
    )


@application.command(short_help="Say why a running relay refused a request.", epilog=example("explain ref_…"))
def explain(
    refusal: Annotated[str, typer.Argument(metavar="REF_ID", help="The id that the sender was told: ref_…")],
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say why a request was refused: tries other secrets, encodings, headers and bodies on what was kept of it.

    Needs a token of an operator.
    """
    from app.cli.explaining import explain_refusal

    explain_refusal(refusal, url, token, as_json=as_json)


@application.command(short_help="Find an order by whatever is known of it.", epilog=example("find QX123456789BR"))
def find(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="Tracking number, order id, group or sequence, invoice number, or the key of an NF-e."
        ),
    ],
    account: Annotated[str | None, typer.Option(help="Of this account only.")] = None,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Find the shipments that a text may mean in a running relay, and parcels that wait for theirs."""
    from app.cli.finding import find as look

    look(text, account, url, token, as_json=as_json)


@application.command(short_help="Say what is configured, missing and wrong.", epilog=example("doctor --no-online"))
def doctor(
    online: Annotated[
        bool, typer.Option(help="Ask VTEX about each account's key, and public_url for this relay.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Say in plain words what is configured, what is missing, and what was verified."""
    from app.cli.doctor import examine

    examine(online=online, as_json=as_json)


@application.command(short_help="Bring the database up to date.", epilog=example("migrate"))
def migrate() -> None:
    """Bring the database to this release's schema; the relay does so itself when it starts."""
    from app.cli.migrating import run

    run()


@application.command(short_help="Write the OpenAPI document.", epilog=example("openapi --write relay.json"))
def openapi(
    write: Annotated[Path | None, typer.Option(help="File to write; standard output unless given.")] = None,
) -> None:
    """Write the OpenAPI document of the relay's HTTP interface."""
    from app.cli.describing import write_openapi

    write_openapi(write)
