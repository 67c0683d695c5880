"""``carrier-relay gaps`` with its arguments; what it does is imported when it runs."""

from typing import Annotated, Literal

import typer

from app.cli.options import URL, AsJson, Token

__all__ = ["gaps"]


def gaps(
    account: Annotated[str | None, typer.Option(help="Of this account or group only.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Of this carrier only.")] = None,
    days: Annotated[int, typer.Option(min=1, max=180, help="How far back.")] = 30,
    lang: Annotated[Literal["pt-BR", "en"], typer.Option(help="Language of the letters.")] = "en",
    letters: Annotated[bool, typer.Option("--letters", help="Write what to send to each carrier, too.")] = False,
    url: URL = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Say when the relay was down or refused, which carriers make up for it by themselves, and which to ask."""
    from app.cli.gaps_shown import show_gaps

    query = {"account": account, "carrier": carrier, "days": days, "language": lang}
    show_gaps(query, url, token, letters=letters, as_json=as_json)
