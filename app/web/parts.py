"""What a process does of the relay's work, where several share a database."""

from enum import StrEnum

__all__ = ["Part"]


class Part(StrEnum):
    """The part that one process takes; `ALL` of it where nobody says otherwise."""

    ALL = "all"
    INGEST = "ingest"
    FORWARD = "forward"
    OPS = "ops"

    @property
    def takes_webhooks(self) -> bool:
        """Tell whether carriers and VTEX's hook are received."""
        return self in {Part.ALL, Part.INGEST}

    @property
    def works(self) -> bool:
        """Tell whether webhooks are read, orders found, and VTEX is called."""
        return self in {Part.ALL, Part.FORWARD}

    @property
    def serves_operators(self) -> bool:
        """Tell whether the operators' interface and the console are served."""
        return self in {Part.ALL, Part.OPS}
