"""Calls, replies, and the faults that come between them."""

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Fault = Literal["401", "429", "500", "drop-before", "drop-after", "hang-before", "hang-after"]
"""Refused, failed, or left without an answer: at once (drop) or until the client gives up (hang), before or after the
call took effect."""
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often, of all calls, which fault is injected; the same seed and the same calls give the same faults."""

    seed: int = 0
    writes: Mapping[Fault, float] = field(default_factory=dict)
    reads: Mapping[Fault, float] = field(default_factory=dict)
    retry_after: str | None = "1"
    limit: int | None = None
    """After how many of them every call goes well; None for never."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One call, from its last byte in to its first byte out; times are monotonic seconds."""

    method: str
    account: str
    order: str
    invoice: str | None
    body: Any
    started: float
    ended: float | None = None
    status: int | None = None
    applied: bool = False
    fault: Fault | None = None

    @property
    def shipment(self) -> tuple[str, str, str | None]:
        return self.account, self.order, self.invoice


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON body and further headers; without a status the connection ends and nothing is answered."""

    status: int | None
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class FaultDraw:
    """Decides which call gets which fault: those asked for by name first, then chance."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.scripted: deque[Fault] = deque()
        self._injected = 0
        self._random = random.Random(faults.seed)  # noqa: S311 - repeatable, and no secret

    def draw(self, method: str) -> Fault | None:
        if self.scripted:
            return self.scripted.popleft()
        if self.faults.limit is not None and self._injected >= self.faults.limit:
            return None
        rest = self._random.random()
        for fault, rate in (self.faults.writes if method in {"PUT", "PATCH"} else self.faults.reads).items():
            if rest < rate:
                self._injected += 1
                return fault
            rest -= rate
        return None


def oms_error(status: int, code: str, message: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message, "exception": None}})
