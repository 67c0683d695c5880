"""``carrier-relay carriers``: which there are, and the letter to one; what a command does is imported when it runs."""

from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from app.cli.teaching import example

__all__ = ["carriers"]


class _Carriers(TyperGroup):
    """Take what is no command's name as the carrier to show: `carriers easypost` needs no further word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer keeps its context's class
        """Put the command in front where it was left out."""
        first = args[0] if args else ""
        if first not in {*self.commands, "-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


carriers = typer.Typer(
    cls=_Carriers,
    help="List the carriers and what they need; write to one.",
    rich_markup_mode=None,
)


@carriers.command(short_help="List the carriers, or show one; may be left out.", epilog=example("carriers show loggi"))
def show(
    slug: Annotated[str | None, typer.Argument(metavar="SLUG", help="One carrier, in detail.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
) -> None:
    """List the carriers, how well each is known, how it proves itself, and what it needs."""
    from app.cli.listing import show_carriers

    show_carriers(slug, as_json=as_json)


@carriers.command(
    short_help="Write to a carrier's engineer what webhooks need.",
    epilog=example("carriers brief loggi --account mystore --lang pt"),
)
def brief(
    slug: Annotated[
        str, typer.Argument(metavar="CARRIER", help="The carrier's slug, as `carrier-relay carriers` lists it.")
    ],
    account: Annotated[str | None, typer.Option(help="The account or group, where several have the carrier.")] = None,
    lang: Annotated[Literal["pt", "es", "en"], typer.Option(help="Language of the letter.")] = "en",
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Write the secret and the path key out, for a safe channel.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")] = False,
) -> None:
    """Write the e-mail to a carrier's engineer: address, proof, a signed call to try, answers, retries, traps."""
    from app.cli.briefing import brief_carrier

    brief_carrier(slug, account, lang, show_secrets=show_secrets, as_json=as_json)
