"""``carrier-relay gaps``: when webhooks were not taken, and what becomes of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import typer

from app.cli.operating import reach
from app.cli.tables import aligned

__all__ = ["show_gaps"]

_KINDS: Final = {"down": "nobody was there", "failed": "answered 503", "refused": "all refused"}
_ADVICE: Final = {
    "retries": "sends all of it again by itself",
    "heals": "the next webhook of each parcel tells what is missing",
    "resend": "ask for it again",
}


def show_gaps(query: Mapping[str, object], url: str | None, token: str | None, *, letters: bool, as_json: bool) -> None:
    """Show the gaps, the latest first."""
    operators = reach(url, token)
    if as_json:
        typer.echo(operators.text("GET", "/gaps", query=query))
        return
    found = operators.ask("GET", "/gaps", query=query)
    for gap in found["items"]:
        typer.echo("\n".join(_lines(gap, letters=letters)))
    if not found["items"]:
        typer.echo(f"Webhooks were taken all the time since {found['since']}.")
    elif found["is_more"]:
        typer.echo("There are earlier ones: name an --account or --carrier, or fewer --days.")


def _lines(gap: Mapping[str, Any], *, letters: bool) -> Iterator[str]:
    counted = "" if gap["requests"] is None else f", {gap['requests']} requests"
    until = gap["until"] or "now (it goes on)"
    yield f"{gap['since']} to {until}: {_KINDS.get(gap['kind'], gap['kind'])}, {gap['cause']}{counted}"
    yield from aligned([(each["name"], each["verdict"], _advice(each)) for each in gap["sources"]], indent="  ")
    if letters:
        for each in gap["sources"]:
            if each["letter"]:
                yield from ("", f"To {each['name']}:", "", each["letter"])
    yield ""


def _advice(source: Mapping[str, Any]) -> str:
    parts = [_ADVICE.get(source["verdict"], source["verdict"])]
    if source["retries_until"]:
        parts.append(f"tries again until {source['retries_until']}")
        if source["lost_until"]:
            parts.append(f"not what came before {source['lost_until']}")
    if source["verdict"] != "retries" and source["ask"]:
        parts.append(source["ask"].rstrip("."))
    return "; ".join(parts)
