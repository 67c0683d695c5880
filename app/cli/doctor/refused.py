"""What the running relay has met of late: requests that it refused, and accounts whose key VTEX refuses.

A secret that differs, or a body that changed on the way, shows in the former;
a role that lacks something in the latter.
"""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from app.cli.doctor.accounts import ROLE
from app.cli.doctor.findings import Finding, note, ok, problem, warning
from app.cli.serving import base_url
from app.egress import Egress
from app.errors import CallFailed, EgressRefused, MalformedPayload
from app.payload import json_document
from app.settings import Settings

__all__ = ["examine_refusals", "examine_states"]

_URL: Final = "RELAY_OPS_URL"
_TOKEN: Final = "RELAY_OPS_TOKEN"  # noqa: S105 - its name
_SECONDS: Final = 5.0
_BACK: Final = timedelta(days=1)
_MOST: Final = 500
_BYTES: Final = 4 * 1024 * 1024
_OK: Final = 200
_CAUSES: Final = frozenset(
    {"missing-credential", "wrong-credential", "unverified", "unreadable-credential", "stale-timestamp"}
)


async def examine_refusals(settings: Settings) -> list[Finding]:
    """Sum up, source by source, what could not be proven within a day, and explain the newest of each."""
    base, token = _operators(settings)
    async with Egress() as egress:
        if not token:
            return await _untold(egress, base)
        newest = await _ask(egress, base, token, "refusals", since=(datetime.now(UTC) - _BACK).isoformat(), limit=_MOST)
        if newest is None:
            return [note("refusals", f"the operators' interface at {base} does not show them to {_TOKEN}")]
        items = [each for each in newest["items"] if each["cause"] in _CAUSES and each["owner"] and not _is_try(each)]
        counts = Counter((each["owner"], each["carrier"]) for each in items)
        first: dict[tuple[str, str], Any] = {}
        for each in items:
            first.setdefault((each["owner"], each["carrier"]), each)
        if not items:
            return [ok("refusals", "nothing was refused within a day for want of a proof")]
        return [await _explained(egress, base, token, first[key], count) for key, count in counts.most_common()]


def _is_try(item: dict[str, Any]) -> bool:
    """Tell what somebody tried by intention, such as this command did, from a webhook."""
    return str(item["path"]).partition("?")[0].endswith("/verify")


async def _untold(egress: Egress, base: str) -> list[Finding]:
    """Ask for the token only where a relay runs that could be asked."""
    try:
        await egress.call("GET", f"{base}/livez", headers={}, total_seconds=_SECONDS)
    except (CallFailed, EgressRefused):
        return []
    return [note("refusals", f"set {_TOKEN} to an operator's token, and what was refused of late is looked at, too")]


async def _explained(egress: Egress, base: str, token: str, item: dict[str, Any], count: int) -> Finding:
    """Name what explains the newest refusal of a source."""
    explanation = await _ask(egress, base, token, f"refusals/{item['id']}/explanation")
    findings = (explanation or {}).get("findings", [])
    why = " ".join((findings[0]["what"], findings[0]["advice"])) if findings else f"{item['cause']}: {item['detail']}"
    how_many = f"{count} request{'' if count == 1 else 's'}"
    return warning(
        f"{item['owner']}/{item['carrier']}",
        f"{how_many} could not be proven within a day. The newest: {why} See carrier-relay explain {item['id']}",
    )


async def examine_states(settings: Settings) -> list[Finding]:
    """Say which accounts the running relay cannot write to, where a token lets that be seen."""
    base, token = _operators(settings)
    if not token:
        return []
    async with Egress() as egress:
        known = await _ask(egress, base, token, "accounts")
    return [_standing(each) for each in (known or {}).get("items", []) if each["state"] not in {"open", "probing"}]


def _standing(item: dict[str, Any]) -> Finding:
    reason, name = str(item["reason"] or ""), str(item["account"])
    match item["state"]:
        case "held" if "(403)" in reason:
            text = f"{reason}: its role lacks something; it takes {', '.join(ROLE)}"
            return problem(name, f"nothing is written, {text}")
        case "held":
            return problem(name, f"nothing is written, {reason}: compare app_key and app_token with VTEX's")
        case _:
            return note(name, f"is {item['state']} in the running relay: {reason}")


def _operators(settings: Settings) -> tuple[str, str | None]:
    base = os.environ.get(_URL) or base_url(settings.ops_listen or settings.listen)
    return base.rstrip("/"), os.environ.get(_TOKEN)


async def _ask(egress: Egress, base: str, token: str, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
    url = f"{base}/ops/v1/{path}" + (f"?{urlencode(query)}" if query else "")
    try:
        reply = await egress.call(
            "GET", url, headers={"Authorization": f"Bearer {token}"}, total_seconds=_SECONDS, max_bytes=_BYTES
        )
        return json_document(reply.body.decode("utf-8", "replace")).plain() if reply.status == _OK else None
    except (CallFailed, EgressRefused, MalformedPayload):
        return None
