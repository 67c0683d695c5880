"""What webhooks and probes are answered with: all that there is of a relay when it begins to listen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

from app.intake import Intake
from app.outages import Outages
from app.source import Sources
from app.store import Store
from app.telemetry import Metrics
from app.web.limits import Limits
from app.web.peer import Network

__all__ = ["Front"]


def _no_worker() -> datetime | None:
    return None


def _is_all() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What is needed before anything is known of operators, shipments and VTEX.

    Args:
        store: The open database.
        sources: Where webhooks may come in.
        intake: Verifies and stores webhooks.
        metrics: Where requests are counted.
        outages: Where is noted what was not taken.
        hook_keys: What VTEX's order hook must send as its key, by account; without one nothing is received.
        heartbeat: When the worker last showed that it is alive; None where this process has none.
        is_begun: Whether all that is to be behind this is there.
        now: The time.
        clock: Seconds that pass, whatever is done to the time.
        limits: What a sender may cost before it has proven who it is.
        trusted_proxies: Networks of proxies whose X-Forwarded-For is believed.
        data_folder: The folder whose disk the store needs; None where the store is elsewhere.

    """

    store: Store
    sources: Sources
    intake: Intake
    metrics: Metrics
    outages: Outages
    now: Callable[[], datetime]
    heartbeat: Callable[[], datetime | None] = _no_worker
    is_begun: Callable[[], bool] = _is_all
    hook_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = monotonic
    trusted_proxies: tuple[Network, ...] = ()
    data_folder: Path | None = None
