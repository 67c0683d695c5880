"""What sends to VTEX: a client and a gate for each account, and the forwarder that all of them share."""

from collections.abc import Callable, Mapping
from datetime import datetime

from app.account import Account
from app.calling import Destination
from app.clock import ClockWatch
from app.egress import Egress
from app.forwarder import Forwarder
from app.settings import Settings
from app.source import Sources
from app.store import Store
from app.telemetry import Metrics
from app.vtex import Client, Gate

__all__ = ["destinations_of", "forwarder_of"]


def destinations_of(
    accounts: Mapping[str, Account], egress: Egress, now: Callable[[], datetime]
) -> dict[str, Destination]:
    """Say how each account is called."""
    return {
        name: Destination(account=account, client=Client(account, egress, now), gate=Gate(account))
        for name, account in accounts.items()
    }


def forwarder_of(
    settings: Settings,
    sources: Sources,
    metrics: Metrics,
    store: Store,
    destinations: Mapping[str, Destination],
    now: Callable[[], datetime],
    watch: ClockWatch,
) -> Forwarder:
    """Make the forwarder, which names carriers in VTEX as their adapters do."""
    couriers = {slug: adapter.name for slug, adapter in sources.carriers.items()}
    return Forwarder(
        store, destinations, metrics, now=now, couriers=couriers, slots=settings.forward_slots, watch=watch
    )
