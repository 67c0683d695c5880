"""One run: one way of storing rows, many kills, one verdict."""

import asyncio
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from tests.chaos.carriers import Carrier
from tests.chaos.ledger import Ledger, Verdict, judge, rows_of, unsorted_bodies
from tests.chaos.parcels import Package, Row, World, make_world
from tests.chaos.processes import Emulator, Relay, RelayFault, told_by
from tests.chaos.replicas import Replicas, replicas

__all__ = ["Disaster", "Plan", "Report", "add_orders", "judge_all", "run", "until_settled"]

Disaster = Literal["kills", "outage", "failover"]

WRITES: Final = {"429": 0.03, "500": 0.09, "drop-before": 0.08, "drop-after": 0.10}
READS: Final = {"429": 0.02, "500": 0.04, "drop-before": 0.02, "drop-after": 0.02}
_LIFE_SECONDS: Final = (0.1, 5.0)
"""How long the relay lives until it is killed, once it is ready."""
_UNBORN_SHARE: Final = 0.2
_UNBORN_SECONDS: Final = 2.0
"""Some are killed while they start: how many, and within how long."""
_LEAST_LIFE_SECONDS: Final = 4.0
"""How long a life and a start take at least together, for the pace of posting."""
_LEAD_SECONDS: Final = 2.0
_AFTER_SECONDS: Final = 4.0
"""How long carriers post before the database is gone, and after it is there again."""
_QUIET_SECONDS: Final = 5.0
"""How long no PUT may have come before the timelines are final."""
_LEASE_SECONDS: Final = 10.0
"""How long after a kill the relay waits at most until it sees to what it was doing then."""
_STORM_SECONDS: Final = 480.0
"""Within how long every webhook must have been accepted; a healthy run needs a quarter of it."""
_DRAIN_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to do."""

    mode: str
    seed: int
    webhooks: int
    kills: int
    history: str
    replicas: int = 1
    """How many relays there are; more than one share a PostgreSQL."""
    disaster: Disaster = "kills"
    """What happens: relays are killed, the database is gone, or a standby takes its place."""
    seconds: float = 0.0
    """For how long there is no database."""

    @property
    def span(self) -> float:
        """Return over how many seconds carriers post."""
        if self.disaster == "kills":
            return max(1.0, self.kills * _LEAST_LIFE_SECONDS)
        return _LEAD_SECONDS + self.seconds + _AFTER_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found."""

    mode: str
    seed: int
    history: str
    kills: int
    posted: int
    answered: int
    refused: int
    verdict: Verdict
    seconds: float

    @property
    def is_right(self) -> bool:
        """Tell whether everything that was posted is where it belongs."""
        return self.verdict.is_right and self.posted == self.answered

    def document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "right": self.is_right}


def run(plan: Plan, folder: Path) -> Report:
    """Run a plan in a folder of its own, which keeps the relay's database and log."""
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    world = make_world(plan.seed, plan.webhooks, now)
    ledger = Ledger()
    with (folder / "emulator.log").open("wb") as log, Emulator(plan.mode, log) as emulator:
        add_orders(emulator, world, now)
        # From now on it fails.
        faults = {"seed": plan.seed, "writes": WRITES, "reads": READS, "retry_after": "1"}
        emulator.tell("PUT", "faults", faults)
        with _relays(plan, folder, emulator.url) as relay:
            misdeeds = _misdeeds_of(relay, emulator, world, ledger, plan)
        verdict = Verdict()
        judge_all(verdict, emulator, world, ledger)
    verdict.faults += misdeeds
    return Report(
        mode=plan.mode,
        seed=plan.seed,
        history=plan.history,
        kills=relay.kills,
        posted=ledger.posted,
        answered=ledger.answered,
        refused=ledger.refused,
        verdict=verdict,
        seconds=round(time.monotonic() - started, 1),
    )


@contextmanager
def _relays(plan: Plan, folder: Path, vtex_url: str) -> Iterator[Relay | Replicas]:
    if plan.replicas == 1 and plan.disaster == "kills":
        yield Relay(folder, vtex_url, _history(plan))
        return
    has_standby = plan.disaster == "failover"
    with replicas(folder, vtex_url, _history(plan), plan.replicas, has_standby=has_standby) as several:
        yield several


def _misdeeds_of(relay: Relay | Replicas, emulator: Emulator, world: World, ledger: Ledger, plan: Plan) -> list[str]:
    """Go through all of it, and say what the relay did that it must never do."""
    faults: list[str] = []
    try:
        asyncio.run(_storm(relay, world, ledger, plan))
        asyncio.run(until_settled(emulator, world, ledger))
        if isinstance(relay, Replicas) and (lost := ledger.ids - relay.kept()):
            faults.append(f"{len(lost)} webhooks were answered 2xx and are not there, {min(lost)} for one")
        if code := relay.stop():
            faults.append(f"it did not stop when asked to: exit code {code}")
    except* RelayFault as group:
        faults += told_by(group)
    finally:
        relay.discard()
    return faults


def _history(plan: Plan) -> str:
    if plan.history == "auto":
        return "auto"
    return "full" if plan.mode == "replace" else "delta"


def add_orders(emulator: Emulator, world: World, now: datetime) -> None:
    """Give VTEX its orders with another writer's rows."""
    issued = (now - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00")
    orders: dict[str, list[Package]] = {}
    for package in world.packages:
        orders.setdefault(package.order, []).append(package)
    for order, packages in orders.items():
        invoices = [
            {
                "invoiceNumber": package.invoice,
                "trackingNumber": package.parcels[0].number,
                "issuanceDate": issued,
            }
            for package in packages
        ]
        emulator.tell("POST", "orders", {"order": order, "invoices": invoices})
    for package in world.packages:
        for row in package.foreign:
            event = {"description": row.description, "city": row.city, "state": row.state, "date": row.at.isoformat()}
            emulator.tell("POST", "rows", {"order": package.order, "invoice": package.invoice, "event": event})


async def _storm(relay: Relay | Replicas, world: World, ledger: Ledger, plan: Plan) -> None:
    """Post everything while the relay is killed and started again; at the end it runs."""
    carrier = Carrier(
        urls=relay.urls,
        secret=lambda: relay.secret,
        token=relay.token,
        ledger=ledger,
        seconds=plan.span,
        is_answered=plan.disaster != "kills",
    )
    relay.start()
    await relay.until_ready()
    try:
        async with asyncio.timeout(_STORM_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(carrier.tell_everything(world, plan.seed))
            group.create_task(_suffer(relay, plan, carrier.begun))
    except TimeoutError:
        raise RelayFault(f"it did not accept everything within {_STORM_SECONDS:g} s") from None


async def _suffer(relay: Relay | Replicas, plan: Plan, begun: asyncio.Event) -> None:
    if isinstance(relay, Replicas) and plan.disaster != "kills":
        await begun.wait()
        await asyncio.sleep(_LEAD_SECONDS)
        await (relay.lose_the_database if plan.disaster == "outage" else relay.fail_over)(plan.seconds)
        await relay.until_ready()
        return
    if isinstance(relay, Replicas):
        await relay.suffer(plan.kills, plan.seed)
        await relay.until_ready()
        await asyncio.sleep(_LEASE_SECONDS)
        return
    dice = random.Random(-plan.seed)  # noqa: S311 - repeatable, and no secret
    for _ in range(plan.kills):
        if dice.random() < _UNBORN_SHARE:
            await asyncio.sleep(dice.uniform(0, _UNBORN_SECONDS))
        else:
            await relay.until_ready()
            await asyncio.sleep(dice.uniform(*_LIFE_SECONDS))
        relay.kill()
        relay.start()
    killed_at = time.monotonic()
    await relay.until_ready()
    await asyncio.sleep(killed_at + _LEASE_SECONDS - time.monotonic())


async def until_settled(
    emulator: Emulator, world: World, ledger: Ledger, *, after: int = 0, within: float = _DRAIN_SECONDS
) -> None:
    """Wait until every timeline holds what it must and nothing more is written, or for long enough.

    Calls before ``after`` are not looked at.
    """
    deadline = time.monotonic() + within
    open_ = list(world.packages)
    while open_ and time.monotonic() < deadline:
        open_ = [package for package in open_ if not _is_complete(emulator, package, ledger)]
        await asyncio.sleep(0.5)
    while time.monotonic() < deadline + _QUIET_SECONDS:
        # The emulator's clock is this machine's.
        latest = max((call["ended"] or time.monotonic() for call in _puts(emulator, after)), default=0.0)
        remaining = latest + _QUIET_SECONDS - time.monotonic()
        if remaining <= 0:
            return
        await asyncio.sleep(remaining)


def _is_complete(emulator: Emulator, package: Package, ledger: Ledger) -> bool:
    expected = ledger.expected(package)
    shipment = emulator.ask("shipment", order=package.order, invoice=package.invoice)
    wanted = {*expected.rows, *expected.foreign}
    return wanted <= rows_of(shipment).keys() and (shipment["finished"] or not expected.is_delivered)


def judge_all(verdict: Verdict, emulator: Emulator, world: World, ledger: Ledger, *, after: int = 0) -> None:
    """Add all timelines and calls to the verdict; calls before ``after`` have been judged."""
    for package in world.packages:
        shipment = emulator.ask("shipment", order=package.order, invoice=package.invoice)
        judge(verdict, package, ledger.expected(package), shipment)
    foreign: Mapping[tuple[str, str], tuple[Row, ...]] = {
        (package.order, package.invoice): package.foreign for package in world.packages
    }
    orders = {package.order for package in world.packages}
    unsorted_ = unsorted_bodies(_puts(emulator, after), foreign)
    pairs = [one for one, _ in emulator.ask("overlaps") if one["order"] in orders]
    overlaps = [f"{one['order']}/{one['invoice']}: two calls at a time" for one in pairs]
    taken_back = [call for call in emulator.ask("undeliveries") if call["order"] in orders]
    undone = [f"{call['order']}/{call['invoice']}: delivered taken back" for call in taken_back]
    # Those of no order are about the list.
    violations = [
        each for each in emulator.ask("violations") if each.partition("/")[0] in orders or each.startswith("list: ")
    ]
    verdict.out_of_order += len(unsorted_)
    verdict.overlapping += len(overlaps)
    verdict.undelivered += len(undone)
    verdict.violations += len(violations)
    verdict.findings += [*unsorted_, *overlaps, *undone, *violations]


def _puts(emulator: Emulator, after: int) -> Iterable[Mapping[str, Any]]:
    return [call for call in emulator.ask("calls", after=str(after)) if call["method"] == "PUT"]
