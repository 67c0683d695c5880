"""VTEX's order hook: one per application key, with one kind of filter; a new one takes the place of whatever was there.

So it is read before anything is written, and whose it is decides what may be done with it. It is this relay's when it
leads to this relay's address, or when it sends a key that only this relay and its hook know.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from app.payload import Node
from app.vtex.feed import INVOICED

__all__ = ["HOOK_PATH", "HookState", "HookVerdict", "OrderHook", "hook_request", "hook_url", "judge_hook", "read_hook"]

HOOK_PATH: Final = "/api/orders/hook/config"
_KEY: Final = "key"
_LONGEST: Final = 500


class HookState(StrEnum):
    """What stands at VTEX for an application key."""

    NONE = "none"  # No hook at all.
    OURS = "ours"  # This relay's, and it tells all that is needed.
    DIFFERS = "differs"  # This relay's, but it tells too little, with the wrong key, or elsewhere.
    FOREIGN = "foreign"  # Somebody else's.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHook:
    """The hook of a key as VTEX shows it.

    Args:
        url: Where it tells.
        headers: What it sends with each notification, names in lower case; credentials of whoever made it.
        kind: ``FromWorkflow`` or ``FromOrders``.
        expression: The condition of the latter.
        every_change: Whether it fires each time an order that meets it changes, not only the first time.
        states: The states of the former.

    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    kind: str
    expression: str | None = None
    every_change: bool = False
    states: tuple[str, ...] = ()

    @property
    def shown_url(self) -> str:
        """Return the address without what may be a credential in it."""
        return _without_credentials(self.url)

    @property
    def tells_of(self) -> str:
        """Say which orders it tells of."""
        what = self.expression or ", ".join(self.states) or "nothing"
        return f"{self.kind}: {what}{', every change' if self.every_change else ''}"[:_LONGEST]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookVerdict:
    """Whose a hook is, and what is wrong with it, in sentences."""

    state: HookState
    problems: tuple[str, ...] = ()


def hook_url(base: str, account: str) -> str:
    """Return where the hook of an account leads, given how VTEX reaches the relay."""
    return f"{base.rstrip('/')}{_path(account)}"


def _path(account: str) -> str:
    return f"/vtex/{account}/orders-hook"


def hook_request(url: str, key: str) -> Mapping[str, Any]:
    """Make the configuration that this relay asks for: every change of an order that has an invoice."""
    return {
        "filter": {"type": "FromOrders", "expression": INVOICED, "disableSingleFire": True},
        "hook": {"url": url, "headers": {_KEY: key}},
    }


def read_hook(document: Node) -> OrderHook:
    """Read a configuration; raises `MalformedPayload` when it is none."""
    wanted, hook = document["filter"], document["hook"]
    headers = {
        name.lower(): str(value) for name, at in hook.get("headers").members() if (value := at.text()) is not None
    }
    return OrderHook(
        url=hook["url"].text(),
        headers=headers,
        kind=wanted["type"].text(),
        expression=wanted.get("expression").text(),
        every_change=wanted.get("disableSingleFire").flag(),
        states=tuple(map(str, wanted.get("status").texts())),
    )


def judge_hook(found: OrderHook | None, account: str, url: str | None, keys: Sequence[str]) -> HookVerdict:
    """Say whose a hook is, and what is wrong with it.

    Args:
        found: What VTEX shows.
        account: The account's name.
        url: Where this relay's hook leads; None when that is not known.
        keys: What the hook may send as its key, the one that it should send first.

    """
    if found is None:
        return HookVerdict(state=HookState.NONE)
    is_here = url is not None and _same(found.url, url)
    known = [key for key in keys if hmac.compare_digest(key.encode(), found.headers.get(_KEY, "").encode())]
    is_moved = bool(known) and _parts(found.url).path.rstrip("/").endswith(_path(account))
    if not is_here and not is_moved:
        return HookVerdict(state=HookState.FOREIGN, problems=(f"it tells {found.shown_url} of {found.tells_of}",))
    problems = tuple(_problems(found, url, known, keys))
    return HookVerdict(state=HookState.DIFFERS if problems else HookState.OURS, problems=problems)


def _problems(found: OrderHook, url: str | None, known: Sequence[str], keys: Sequence[str]) -> Iterator[str]:
    if url is not None and not _same(found.url, url):
        yield f"it tells {found.shown_url}, and this relay is at {_without_credentials(url)}"
    if _KEY not in found.headers:
        yield "VTEX shows no header `key` of it, without which every notification is refused"
    elif not known:
        yield "its header `key` is none of the account's, so every notification is refused"
    elif known[0] != keys[0]:
        yield "it sends an old hook key"
    if found.kind != "FromOrders":
        yield "it tells of changed states only, so numbers that are written in later are found late"
    elif found.expression != INVOICED:
        yield f"it tells of other orders than those with an invoice ({found.tells_of})"
    elif not found.every_change:
        yield "it tells of each order once only, so numbers that are written in later are found late"


def _parts(url: str) -> SplitResult:
    """Take an address apart; one that is none has no parts, and so is nobody's."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _same(one: str, other: str) -> bool:
    first, second = _parts(one), _parts(other)
    return (first.scheme.lower(), first.netloc.lower(), first.path.rstrip("/"), first.query) == (
        second.scheme.lower(),
        second.netloc.lower(),
        second.path.rstrip("/"),
        second.query,
    )


def _without_credentials(url: str) -> str:
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_LONGEST]
