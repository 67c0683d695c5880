"""Who is woken by what: workers of this process at once, those of other processes by word of the database.

Whoever is not told looks every few seconds; so a word that is lost costs time and nothing else.
"""

from collections.abc import Callable, Iterable
from functools import partial

from app.store import Store

__all__ = ["Waking"]


class Waking:
    """Wake workers, wherever they are."""

    def __init__(self, store: Store, *, works: bool) -> None:
        """Wake those of this process if it ``works``, else those of others."""
        self._store = store
        self._works = works

    def by(self, topic: str, wake: Callable[[], None], *, elsewhere: bool = False) -> Callable[[], None]:
        """Return what wakes a worker: here if this process has it, and elsewhere if it has not or that is asked for."""
        if not self._works:
            return partial(self._store.tell, topic)
        self._store.hear(topic, wake)

        def both() -> None:
            wake()
            if elsewhere:
                self._store.tell(topic)

        return both

    def by_account(self, topic: str, accounts: Iterable[str], wake: Callable[[str], None]) -> Callable[[str], None]:
        """Return what wakes for one account, in all processes: its state or its jobs were changed by a person."""
        each = {name: self.by(f"{topic} {name}", partial(wake, name), elsewhere=True) for name in accounts}
        return lambda name: each[name]()
