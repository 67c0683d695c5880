"""Reading the configuration of a hook or a feed, with VTEX's words for what is wrong with it."""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from app.sandbox.events import Filter, FromOrders, FromWorkflow
from app.sandbox.expressions import Expression, UnknownExpression, read_expression
from app.sandbox.options import SandboxOptions

__all__ = ["RETENTION", "Queue", "RefusedConfig", "Target", "read_filter", "read_queue", "read_target"]

_log = logging.getLogger(__name__)

RETENTION: Final = range(345_600, 1_209_600 + 1)
"""For how many seconds a feed may keep its items."""
_VISIBILITY: Final = range(1, 43_200 + 1)
_CONFLICT: Final = 409
_LONGEST: Final = 5000
# The client frames its requests itself.
_OURS: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})

Document = Mapping[str, object]


class RefusedConfig(ValueError):
    """A configuration that VTEX would not take, with the status of its answer."""

    def __init__(self, place: str, words: str, status: int = 400) -> None:
        """Name the field and say what is wrong."""
        super().__init__(f"{place}: {words}")
        self.status = status
        self.errors = {place: [words]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a hook sends its notifications."""

    url: str
    headers: Mapping[str, str]

    @property
    def sent_headers(self) -> dict[str, str]:
        """Give the headers of every notification, names in lower case."""
        configured = {name.lower(): value for name, value in self.headers.items() if name.lower() not in _OURS}
        return {"user-agent": "vtex-sandbox", **configured, "content-type": "application/json; charset=utf-8"}

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {"url": self.url, "headers": dict(self.headers)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How long a feed hides what was read, and keeps what was not committed."""

    visibility_seconds: int
    retention_seconds: int

    def document(self) -> dict[str, object]:
        """Show it as it was configured."""
        return {
            "visibilityTimeoutInSeconds": self.visibility_seconds,
            "MessageRetentionPeriodInSeconds": self.retention_seconds,
        }


def read_filter(config: object) -> Filter:
    """Read which orders are wanted; raise ``RefusedConfig``."""
    wanted = _section(config, "filter")
    kind = wanted.get("type")
    if kind not in {"FromWorkflow", "FromOrders"}:
        raise RefusedConfig("filter.type", "must be FromWorkflow or FromOrders")
    orders_fields = {"expression", "disableSingleFire"} & {name for name, value in wanted.items() if value is not None}
    if (kind == "FromWorkflow" and orders_fields) or (kind == "FromOrders" and wanted.get("status")):
        raise RefusedConfig("filter", "The filter types FromWorkflow and FromOrders exclude each other.", _CONFLICT)
    return _from_workflow(wanted) if kind == "FromWorkflow" else _from_orders(wanted)


def _from_workflow(wanted: Document) -> FromWorkflow:
    statuses = wanted.get("status")
    if not isinstance(statuses, list) or not statuses:
        raise RefusedConfig("filter.status", "must be a list of states")
    return FromWorkflow(statuses=frozenset(str(status) for status in statuses))


def _from_orders(wanted: Document) -> FromOrders:
    text, repeats = wanted.get("expression"), wanted.get("disableSingleFire", False)
    if not isinstance(text, str) or not text.strip():
        raise RefusedConfig("filter.expression", "must be an expression in JSONata")
    if not isinstance(repeats, bool):
        raise RefusedConfig("filter.disableSingleFire", "must be a boolean")
    return FromOrders(text=text, expression=_understood(text), disable_single_fire=repeats)


def _understood(text: str) -> Expression | None:
    try:
        return read_expression(text)
    except UnknownExpression as error:
        # VTEX would take it: an expression that it cannot evaluate shows itself only by never matching.
        _log.warning("the sandbox does not understand the filter %.200r, so it never matches: %s", text, error)
        return None


def read_target(config: object, options: SandboxOptions) -> Target:
    """Read where notifications go; raise ``RefusedConfig``."""
    hook = _section(config, "hook")
    url, headers = hook.get("url"), hook.get("headers") or {}
    if not isinstance(url, str) or not url or len(url) > _LONGEST:
        raise RefusedConfig("hook.url", "The Url field is required.")
    if not _is_allowed(url, options):
        raise RefusedConfig("hook.url", "Only https scheme is accepted")
    if not isinstance(headers, dict):
        raise RefusedConfig("hook.headers", "must be an object")
    for name, value in headers.items():
        if not _is_token(name) or not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            raise RefusedConfig("hook.headers", f"{name!r} is not a header that can be sent")
    return Target(url=url, headers=headers)


def _is_token(name: str) -> bool:
    return name.isascii() and name.replace("-", "").replace("_", "").isalnum()


def _is_allowed(url: str, options: SandboxOptions) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.scheme not in {"http", "https"}:
        return False
    http = options.hook_http
    return parts.scheme == "https" or http == "anywhere" or (http == "loopback" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_queue(config: object) -> Queue:
    """Read how a feed keeps its items; raise ``RefusedConfig``."""
    queue = _section(config, "queue")
    # VTEX's reference and its guide differ in the case of the first letters.
    lower = {name.lower(): value for name, value in queue.items()}
    retention = _whole(lower, "MessageRetentionPeriodInSeconds", RETENTION)
    return Queue(
        visibility_seconds=_whole(lower, "visibilityTimeoutInSeconds", _VISIBILITY), retention_seconds=retention
    )


def _whole(lower: Document, name: str, allowed: range) -> int:
    value = lower.get(name.lower())
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise RefusedConfig(f"queue.{name}", f"must be between {allowed.start} and {allowed.stop - 1}")
    return value


def _section(config: object, name: str) -> Document:
    if not isinstance(config, dict):
        raise RefusedConfig("$", "must be an object")
    section = config.get(name)
    if not isinstance(section, dict):
        title = name.capitalize()
        raise RefusedConfig(title, f"The {title} field is required.")
    return section
