"""What a webhook and a call to VTEX cost, as `make bench-cost` measured it: the tables of docs/scale.md."""

from dataclasses import dataclass
from typing import Final

__all__ = ["COSTS", "Costs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Processor seconds of the relay and of a server, and bytes.

    ``take`` is to store a webhook, map and place it; ``put`` a call that writes rows with its claim and settlement;
    ``read`` what the first PUT of a shipment costs more, since its order is read before.
    """

    take: float
    put: float
    read: float
    server_take: float = 0.0
    server_put: float = 0.0
    server_read: float = 0.0
    wal_take: int = 0
    wal_put: int = 0
    wal_read: int = 0
    stored: int


COSTS: Final = {
    "sqlite": Costs(take=0.00095, put=0.00114, read=0.00073, stored=3_400),
    "postgresql": Costs(
        take=0.0036,
        put=0.0039,
        read=0.0018,
        server_take=0.0014,
        server_put=0.00145,
        server_read=0.0005,
        wal_take=6_600,
        wal_put=4_600,
        wal_read=1_000,
        stored=5_100,
    ),
}
"""Taken on 30 November 2026 by ``make bench-cost ARGS="--parcels 300"`` and the same with ``--engine postgresql``."""
