"""One source: where its carrier posts to, what proves it, how much comes, and what is wrong with it."""

import asyncio
from typing import Final

from fastapi import Response

from app.web.console.charts import hourly
from app.web.console.routing import Visit, Visitor, console_part
from app.web.ops import activity, overrides, refusals, sources, webhooks
from app.web.ops.listing import missing

__all__ = ["router"]

router: Final = console_part()

_HOURS: Final = 168
_READ: Final = ("mapped", "ignored", "unmappable")
_SHOWN: Final = 5


@router.get("/sources/{owner}/{carrier}")
async def show(visit: Visitor, owner: str, carrier: str) -> Response:
    """Show a source with the last week."""
    caller, name = visit.caller, f"{owner}/{carrier}"
    listed = await sources.index(caller)
    shown = next((each for each in listed.items if each.name == name), None)
    source = caller.given.sources.find(carrier, owner)
    if shown is None or source is None:
        raise missing("source", name)
    week, codes, said, refused, latest = await asyncio.gather(
        activity.activity(caller, account=owner, hours=_HOURS),
        activity.unknown_codes(caller, account=owner, carrier=carrier),
        overrides.index(caller),
        refusals.index(caller, account=owner, carrier=carrier, limit=_SHOWN),
        webhooks.index(caller, account=owner, carrier=carrier, limit=_SHOWN),
    )
    counted = [(hour.hour, hour.kind, hour.count) for hour in week.items if hour.carrier == carrier]
    adapter = source.adapter
    return visit.show(
        "source.html",
        zone=visit.page.zone(owner),
        source=shown,
        adapter=adapter,
        address=_address(visit, source.path, keyed=source.path_key is not None),
        proof=adapter.verification.describe(),
        unsigned=source.credentials.unsigned,
        networks=tuple(map(str, source.credentials.networks)),
        arrived=hourly(counted, _READ, week.since, _HOURS),
        codes=tuple(code for code in codes.items if not code.is_listed),
        said=tuple(each for each in said.items if (each.owner, each.carrier) == (owner, carrier)),
        refused=refused.items,
        latest=latest.items,
    )


def _address(visit: Visit, path: str, *, keyed: bool) -> str:
    """Write where the carrier posts to; the secret at its end is shown to nobody."""
    base = (visit.caller.given.public_url or visit.page.origin).rstrip("/")
    return f"{base}{path}{'/***' if keyed else ''}"
