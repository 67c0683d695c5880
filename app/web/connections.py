"""The connections of a server: so many at a time, and of one address not more than its share.

A place that is wanted is taken from a connection that keeps the server waiting, the one that asked for something
longest ago first: whoever only holds connections open loses them to whoever uses his. Before all others go those that
are left unread because their address was refused too often.
"""

from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Protocol

from app.web.budgets import network_of
from app.web.peer import Network

__all__ = ["Connection", "Connections"]


class Connection(Protocol):
    """What is known of a connection."""

    @property
    def address(self) -> str:
        """Return its peer, empty where it has none."""

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits for its sender: for a request, or for the rest of one."""

    def drop(self) -> None:
        """Close it."""


class Connections:
    """Keep the number of connections within bounds."""

    def __init__(
        self, most: int, of_one_address: int, trusted: Sequence[Network] = (), *, most_unread: int = 16
    ) -> None:
        """Allow ``most`` altogether, and so many ``of_one_address``; proxies that are trusted have no share.

        Of one sender so many may be left unread at a time.
        """
        self._most = most
        self._of_one_address = of_one_address
        self._most_unread = most_unread
        self._trusted = trusted
        self._open: dict[Connection, None] = {}
        self._by_address: Counter[str] = Counter()
        self._unread: dict[Connection, str] = {}
        self._unread_of: Counter[str] = Counter()

    def admit(self, connection: Connection) -> bool:
        """Take a connection in, False when there is no place for it and none that could be taken from another."""
        address = connection.address
        has_share = self._by_address[address] < self._of_one_address or self.is_trusted(address)
        if not has_share and not self._make_room(address):
            return False
        if len(self._open) >= self._most and not self._make_room(None):
            return False
        self._open[connection] = None
        self._by_address[address] += 1
        return True

    def touch(self, connection: Connection) -> None:
        """Note that a connection asks for something."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def leave_unread(self, connection: Connection) -> bool:
        """Note that nothing of a connection is read for now, False when its sender has too many of those."""
        sender = network_of(connection.address)
        if self._unread_of[sender] >= self._most_unread:
            return False
        self._unread[connection] = sender
        self._unread_of[sender] += 1
        return True

    def read_on(self, connection: Connection) -> None:
        """Note that a connection is read again."""
        sender = self._unread.pop(connection, None)
        if sender is None:
            return
        self._unread_of[sender] -= 1
        if self._unread_of[sender] <= 0:
            del self._unread_of[sender]

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self.read_on(connection)
        if connection not in self._open:
            return
        del self._open[connection]
        self._by_address[connection.address] -= 1
        if self._by_address[connection.address] <= 0:
            del self._by_address[connection.address]

    def is_trusted(self, address: str) -> bool:
        """Tell whether a peer is a proxy, which speaks for many senders."""
        try:
            read = ip_address(address)
        except ValueError:
            return not address  # A Unix socket: whoever may open it stands in front.
        return any(read in network for network in self._trusted)

    def _make_room(self, address: str | None) -> bool:
        """Drop the stalest connection that waits for its sender, of an address if one is given."""
        for connection in (*self._unread, *self._open):
            if connection.is_waiting and address in {None, connection.address}:
                self.leave(connection)
                connection.drop()
                return True
        return False
