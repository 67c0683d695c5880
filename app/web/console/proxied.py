"""People whom a trusted proxy logged in: it says who they are and in which groups, and those have a role here."""

import hashlib
from typing import Final

from fastapi import Request

from app.web.dependencies import Dependencies, Token
from app.web.peer import is_proxy

__all__ = ["is_proxied", "named_by_proxy", "token_of_proxy"]

_HOLDER: Final = "proxy:"
_LONGEST: Final = 100


def is_proxied(holder: str) -> bool:
    """Tell whether the holder of a session was named by a proxy; names of tokens hold no colon."""
    return holder.startswith(_HOLDER)


def named_by_proxy(request: Request, given: Dependencies) -> str | None:
    """Return whom a trusted proxy names, None where nobody is named or it is not the proxy that speaks to us.

    A name that came twice is none: a proxy that adds its header to the one of the request would let anybody in.
    """
    options = given.console
    if not options.proxy_roles or not is_proxy(request.scope["client"], given.trusted_proxies):
        return None
    names = request.headers.getlist(options.proxy_user_header)
    name = names[0].strip() if len(names) == 1 else ""
    return name if name.isprintable() and 0 < len(name) <= _LONGEST else None


def token_of_proxy(request: Request, given: Dependencies) -> Token | None:
    """Return what stands for a token: the best role of the groups that the proxy names, None without any."""
    options = given.console
    name = named_by_proxy(request, given)
    told = request.headers.getlist(options.proxy_groups_header)
    if name is None or len(told) > 1:
        return None
    groups = [group.strip() for group in ",".join(told).split(",")]
    roles = [options.proxy_roles[group] for group in groups if group in options.proxy_roles]
    if not roles:
        return None
    role = max(roles)
    # Nothing has this digest: it binds a session to a name and a role, and opens nothing.
    proof = hashlib.sha256(f"{_HOLDER}{role.name}:{name}".encode("utf-8", "surrogateescape")).hexdigest()
    return Token(name=f"{_HOLDER}{name}", role=role, sha256=proof)
