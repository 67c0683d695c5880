"""What a sender may cost before it has proven who it is, as one value."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of requests, connections and refusals.

    Args:
        body_bytes: Largest webhook; a larger one is refused whole.
        body_seconds: How long the body of a request may take to arrive.
        decompressed_ratio: How many times its size a compressed body may become; None refuses every compressed one.
        head_bytes: Longest request line and headers together.
        headers: Most headers of a request.
        head_seconds: How long the head of a request may take to arrive.
        connections: Most connections at a time.
        address_connections: Most connections of one address at a time.
        refusals_per_minute: How many requests of one address may be refused before it is answered 429.
        refused_wait_seconds: For how long, at most, nothing more of such an address is read; 0 reads on.
        refused_connections: How many connections of such an address may wait for that; further ones are closed.
        strangers_at_a_time: How many requests of addresses that did not prove themselves begin in one round of the
            event loop.
        refusals_kept: How many refused requests are kept.
        refusals_bytes: How much space they may take.
        free_bytes: How much space must be free where the database is, for anything to be taken in.

    """

    body_bytes: int = 10 * 1024 * 1024
    body_seconds: float = 30.0
    decompressed_ratio: int | None = None
    head_bytes: int = 65_536
    headers: int = 200
    head_seconds: float = 20.0
    connections: int = 512
    address_connections: int = 256
    refusals_per_minute: int = 300
    refused_wait_seconds: float = 5.0
    refused_connections: int = 16
    strangers_at_a_time: int = 2
    refusals_kept: int = 10_000
    refusals_bytes: int = 64 * 1024 * 1024
    free_bytes: int = 64 * 1024 * 1024
