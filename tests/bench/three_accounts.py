"""Three VTEX accounts in a process of their own, each at its own address as in production.

``python -m tests.bench.three_accounts GOOD TROUBLED SLOW`` makes that many orders for each, prints the addresses as
JSON and serves until it is ended. ``/control/trouble`` lets the troubled two fail or heals them, and
``/control/receipts`` of the good one tells, once, when each PUT was received.
"""

import argparse
import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

from tests.bench.parcels import BROKEN, GOOD, SLOW, parcels_of
from tests.e2e.parcels import add_orders
from tests.emulator import Faults, VtexEmulator
from tests.emulator.calls import Reply

__all__ = ["LATENCY_SECONDS", "serve"]

LATENCY_SECONDS: Final = 0.002


class Accounts:
    """The emulators, and what they are told and asked."""

    def __init__(self, counts: Mapping[str, int], slow_seconds: float) -> None:
        self._slow_seconds = slow_seconds
        self.by_name = {name: VtexEmulator(latency_seconds=LATENCY_SECONDS) for name in counts}
        for name, emulator in self.by_name.items():
            add_orders(emulator, parcels_of(name, counts[name]))
            emulator.server.control = self.control

    def control(self, route: str, _query: Mapping[str, str], body: Any) -> Reply:
        match route:
            case "PUT /control/trouble":
                self._trouble(begins=bool(body["begins"]))
                return Reply(200, {})
            case "GET /control/receipts":
                return Reply(200, self._receipts())
            case _:
                return Reply(404, {"error": f"{route}: no such control"})

    def _trouble(self, *, begins: bool) -> None:
        always = {"401": 1.0} if begins else {}
        self.by_name[BROKEN].set_faults(Faults(reads=always, writes=always))  # type: ignore[arg-type]
        self.by_name[SLOW].latency_seconds = self._slow_seconds if begins else LATENCY_SECONDS

    def _receipts(self) -> dict[str, Any]:
        first: dict[str, float] = {}
        for call in self.by_name[GOOD].puts():
            first.setdefault(call.order, call.started)
        told = {
            "received": first,
            "calls": {name: len(emulator.calls) for name, emulator in self.by_name.items()},
            "violations": [violation for emulator in self.by_name.values() for violation in emulator.violations],
        }
        for emulator in self.by_name.values():
            emulator.calls.clear()
        return told


def serve(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.three_accounts", description=__doc__)
    parser.add_argument("good", type=int, help="orders of the good account")
    parser.add_argument("troubled", type=int, help="orders of each of the other two")
    parser.add_argument("slow", type=float, help="seconds after which the slow one answers while there is trouble")
    options = parser.parse_args(arguments)
    accounts = Accounts({GOOD: options.good, BROKEN: options.troubled, SLOW: options.troubled}, options.slow)
    with ExitStack() as running:
        for emulator in accounts.by_name.values():
            running.enter_context(emulator)
        addresses = {name: emulator.url for name, emulator in accounts.by_name.items()}
        print(json.dumps(addresses), flush=True)  # noqa: T201 - this is its console
        accounts.by_name[GOOD].server.join()


if __name__ == "__main__":
    serve()
