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
    stored: int


COSTS: Final = {
    "sqlite": Costs(take=0.0062, put=0.0084, read=0.0042, stored=3_480),
    "postgresql": Costs(
        take=0.0043,
        put=0.0046,
        read=0.0027,
        server_take=0.0015,
        server_put=0.0018,
        server_read=0.0011,
        wal_take=6_600,
        wal_put=5_700,
        stored=5_100,
    ),
}
