"""One call to the emulated API, and the routes that there are for calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.sandbox.answers import Answer, problem
from app.sandbox.state import Sandbox

__all__ = ["NOT_JSON", "Call", "Operation", "refused_body"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the emulated API, decoded as far as every route needs it."""

    account: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    raw_query: str
    media_type: str
    body: bytes
    document: object
    """The body as decoded JSON; ``NOT_JSON`` when it is none."""
    received_at: datetime
    app_key: str = ""
    """The application key of the caller; empty for a person's token."""
    read_delay_seconds: float = 0.0
    """How old at least what a read sees is."""

    @property
    def order_id(self) -> str | None:
        """Name the order in the path."""
        return self.path_parameters.get("order_id")

    @property
    def invoice_number(self) -> str | None:
        """Name the invoice in the path, as text: zeros in front belong to it."""
        return self.path_parameters.get("invoice_number")


NOT_JSON = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route: its name in the journal, the resource a key needs, and what it does."""

    name: str
    method: str
    path: str
    resource: str | None
    perform: Callable[[Sandbox, Call], Answer | Awaitable[Answer]]
    newer: bool = False
    """Whether it is one of VTEX's newer routes, whose errors are RFC 7807 documents throughout."""


def refused_body(call: Call) -> Answer | None:
    """Give the answer to a body that is not JSON; None for one that is."""
    if not call.body or call.media_type.partition(";")[0].strip().lower() != "application/json":
        return problem(415)
    if call.document is NOT_JSON:
        return problem(400, {"$": ["is not JSON"]})
    return None
