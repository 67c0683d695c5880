"""What goes wrong on purpose: each fault a value, with the calls it is meant for and how often it hits them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field

__all__ = [
    "KINDS",
    "ActiveFault",
    "CircuitBreaker",
    "Drop",
    "Error",
    "Fault",
    "FaultHit",
    "Faults",
    "ForeignRow",
    "Latency",
    "Malformed",
    "Moment",
    "ReadDelay",
    "Revoked",
    "SlowBody",
]

Moment = Literal["before", "after"]
"""Before the call takes effect, or after it did: then VTEX holds what its caller may never learn."""
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Filter = Annotated[str, Field(min_length=1, max_length=200)] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeted:
    """Which calls a fault is meant for; a filter that is None leaves none out."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    account: Filter = None
    route: Filter = None
    """The name of an operation, as the journal has it."""
    order_id: Filter = None

    @property
    def detail(self) -> str:
        """Say in a word or two, the same in every language, what tells a fault from others of its kind."""
        return ""

    def is_meant_for(self, route: str, account: str, order_id: str | None) -> bool:
        """Tell whether a call passes the filters."""
        return self.route in {None, route} and self.account in {None, account} and self.order_id in {None, order_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn(Targeted):
    """How often a fault hits the calls it is meant for."""

    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """After how many hits it is spent; None for never."""
    seed: int | None = None
    """The same seed and the same calls give the same hits; None takes the fault's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Drawn):
    """Wait, before or after the call takes effect; the answer is the ordinary one."""

    seconds: Seconds
    kind: Literal["latency"] = "latency"
    moment: Moment = "before"

    @property
    def detail(self) -> str:
        """Tell this fault from others of its kind."""
        return f"{self.seconds:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Drawn):
    """Close the connection without a byte of an answer."""

    kind: Literal["drop"] = "drop"
    moment: Moment = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Drawn):
    """Answer with an error: VTEX's own, or what a proxy in front of it would write."""

    status: Annotated[int, Field(ge=400, le=599)]
    kind: Literal["error"] = "error"
    moment: Moment = "before"
    body: Literal["json", "html", "malformed", "empty"] = "json"
    retry_after_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    """What Retry-After asks for; None leaves the header out."""
    retry_after_form: Literal["seconds", "date"] = "seconds"

    @property
    def detail(self) -> str:
        """Tell this fault from others of its kind."""
        return f"{self.status} {self.body}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed(Drawn):
    """Let the call take effect and cut its answer in the middle of the JSON."""

    kind: Literal["malformed"] = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowBody(Drawn):
    """Send the status at once and the body bit by bit over this time."""

    seconds: Seconds
    kind: Literal["slow-body"] = "slow-body"

    @property
    def detail(self) -> str:
        """Tell this fault from others of its kind."""
        return f"{self.seconds:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked(Drawn):
    """Refuse keys that were good until now."""

    kind: Literal["revoked"] = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDelay(Drawn):
    """Let a read of orders see what was there so long ago."""

    seconds: Seconds
    kind: Literal["read-delay"] = "read-delay"

    @property
    def detail(self) -> str:
        """Tell this fault from others of its kind."""
        return f"{self.seconds:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRow(Drawn):
    """Let another writer add a row to the timeline of the order that a call is about."""

    kind: Literal["foreign-row"] = "foreign-row"
    moment: Moment = "before"
    description: Annotated[str, Field(min_length=1, max_length=5000)] = "Atualizado por outro sistema"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker(Targeted):
    """After so many answers of 500 and above, one after the other, answer 503 for a while."""

    seconds: Seconds
    kind: Literal["circuit-breaker"] = "circuit-breaker"
    threshold: Annotated[int, Field(ge=1, le=1_000_000)] = 5

    @property
    def detail(self) -> str:
        """Tell this fault from others of its kind."""
        return f"{self.seconds:g} s"


Fault = Latency | Drop | Error | Malformed | SlowBody | Revoked | ReadDelay | ForeignRow | CircuitBreaker
KINDS: tuple[type[Fault], ...] = get_args(Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultHit:
    """Which fault hit a call, for the journal."""

    id: int
    kind: str
    moment: Moment | None
    detail: str


@dataclass(slots=True, kw_only=True, eq=False)
class ActiveFault:
    """A fault at work, and what became of it so far."""

    id: int
    fault: Fault
    hits: int = 0
    failures: int = 0
    """The failures in a row that a circuit breaker has counted."""
    open_until: datetime | None = None
    """Until when a circuit breaker lets nothing through."""
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Seed the chance."""
        seed = None if isinstance(self.fault, CircuitBreaker) else self.fault.seed
        self._random = random.Random(self.id if seed is None else seed)  # noqa: S311 - repeatable, and no secret

    @property
    def remaining(self) -> int | None:
        """Say how many hits are left; None for no end of them."""
        if isinstance(self.fault, CircuitBreaker) or self.fault.count is None:
            return None
        return self.fault.count - self.hits

    @property
    def hit(self) -> FaultHit:
        """Give what the journal keeps of it."""
        fault = self.fault
        moment = fault.moment if isinstance(fault, Latency | Drop | Error | ForeignRow) else None
        return FaultHit(id=self.id, kind=fault.kind, moment=moment, detail=fault.detail)

    def strikes(self, now: datetime) -> bool:
        """Decide whether a call that the fault is meant for is hit, and count it if so."""
        if isinstance(self.fault, CircuitBreaker):
            hit = self.open_until is not None and now < self.open_until
        else:
            hit = self.remaining != 0 and self._random.random() < self.fault.probability
        self.hits += hit
        return hit


class Faults:
    """The faults at work, in the order in which they were added: of two that answer a call, the first does."""

    def __init__(self) -> None:
        """Start without any."""
        self._active: dict[int, ActiveFault] = {}
        self._next_id = 1

    def __iter__(self) -> Iterator[ActiveFault]:
        """Go through them as they were added."""
        return iter(tuple(self._active.values()))

    def __len__(self) -> int:
        """Count them."""
        return len(self._active)

    def add(self, fault: Fault) -> ActiveFault:
        """Put a fault to work."""
        active = ActiveFault(id=self._next_id, fault=fault)
        self._active[active.id] = active
        self._next_id += 1
        return active

    def remove(self, fault_id: int) -> bool:
        """Take a fault back; tell whether it was there."""
        return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all of them back."""
        self._active.clear()

    def reset(self) -> None:
        """Take all of them back, and number from 1 again."""
        self.clear()
        self._next_id = 1

    @property
    def longest_read_delay_seconds(self) -> float:
        """Say how far back a read may have to look."""
        faults = (active.fault for active in self._active.values())
        return max((fault.seconds for fault in faults if isinstance(fault, ReadDelay)), default=0.0)
