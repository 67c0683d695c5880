"""What a relay asked of a bundled VTEX, read from its journal while the journal still has it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import httpx

__all__ = ["Calls"]

_OVERLAP = 100
"""A call is numbered when it comes and entered when it is answered: later ones may have been read before it."""
_MOST = 20_000
_WINDOWS = (1, 10, 60)
_OK = 200


@dataclass(slots=True)
class Calls:
    """The calls of one relay and of those that took its place."""

    last: int = 0
    starts: dict[int, float] = field(default_factory=dict)
    by_order: Counter[str] = field(default_factory=Counter)
    by_page: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    late: int = 0

    def read(self, sandbox: httpx.Client) -> None:
        """Take what was entered since the last time."""
        answer = sandbox.get("/journal", params={"after": max(0, self.last - _OVERLAP), "limit": _MOST})
        for entry in answer.json()["items"]:
            if entry["id"] in self.starts:
                continue
            self.starts[entry["id"]] = datetime.fromisoformat(entry["time"][:26] + "+00:00").timestamp()
            if entry["status"] != _OK:
                self.refused[f"{entry['status']} ({entry['route']})"] += 1
            if entry["route"] == "get-order":
                self.by_order[entry["order_id"]] += 1
            else:
                self.by_page[f"{entry['route']} {entry['query']}"] += 1
        self.last = max(self.starts, default=0)

    def judge(self, unnumbered: set[str]) -> None:
        """Set those reads aside that looked again for a number which an order lacks: they are on a schedule."""
        again = {order: self.by_order[order] - 1 for order in unnumbered if self.by_order[order] > 1}
        self.late = sum(again.values())
        self.by_order.subtract(again)

    @property
    def is_whole(self) -> bool:
        """Tell whether no call was missed."""
        return len(self.starts) == self.last

    @property
    def reads(self) -> int:
        """Return how many GETs of single orders there were."""
        return self.by_order.total() + self.late

    @property
    def orders_again(self) -> int:
        """Return how many of them read an order that had been read."""
        return self.by_order.total() - sum(1 for count in self.by_order.values() if count)

    @property
    def pages(self) -> int:
        """Return how many pages of lists were asked for."""
        return self.by_page.total()

    @property
    def pages_again(self) -> int:
        """Return how many of them had been asked for before."""
        return self.by_page.total() - len(self.by_page)

    def busiest(self, seconds: int) -> int:
        """Return the most calls that came within so many seconds."""
        times = sorted(self.starts.values())
        return max((place + 1 - bisect_left(times, at - seconds) for place, at in enumerate(times)), default=0)

    def beyond(self, rate: int, concurrency: int) -> Iterator[str]:
        """Name the windows in which more calls came than the account allows.

        A relay that was idle may begin with the calls of one second, and what waits for VTEX's answer may come late,
        together.
        """
        if not self.is_whole:
            yield f"only {len(self.starts)} of {self.last} calls were seen"
        for seconds in _WINDOWS:
            if (most := self.busiest(seconds)) > rate * (seconds + 1) + concurrency:
                yield f"{most} calls came within {seconds} s, of an account that allows {rate} a second"
