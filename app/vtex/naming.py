"""What VTEX itself calls an account, as far as its address and its key say."""

from re import IGNORECASE, fullmatch
from typing import Final
from urllib.parse import urlsplit

__all__ = ["named_by_address", "named_by_key"]

_DOMAINS: Final = frozenset({"vtexcommercestable.com.br", "vtexcommercebeta.com.br", "myvtex.com"})


def named_by_address(base_url: str) -> str | None:
    """Return the account that an address of VTEX's is of, None where it is another's, such as a proxy's."""
    try:
        host = (urlsplit(base_url).hostname or "").lower()
    except ValueError:
        return None
    name, _, domain = host.partition(".")
    # A workspace stands before the account: test--mystore.myvtex.com.
    return name.rpartition("--")[2] or None if domain in _DOMAINS else None


def named_by_key(app_key: str) -> str | None:
    """Return the account that a key was made in, None where it does not say; it may be allowed into others as well."""
    found = fullmatch(r"vtexappkey-([a-z0-9]+)-[a-z0-9]+", app_key, IGNORECASE)
    return found[1].lower() if found else None
