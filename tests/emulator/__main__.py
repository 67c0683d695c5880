"""Run the emulator alone: ``python -m tests.emulator --port 8090 --mode append``."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from tests.emulator.calls import Faults, Reply
from tests.emulator.judge import VtexEmulator
from tests.emulator.shipments import Mode


class ControlRoutes:
    """The methods of an emulator as JSON endpoints."""

    def __init__(self, emulator: VtexEmulator) -> None:
        self._emulator = emulator

    def __call__(self, route: str, query: Mapping[str, str], body: Any) -> Reply:
        """Answer one request, given as ``METHOD /path``; what cannot be understood is a 400 that says why."""
        try:
            return Reply(200, self._answer(route, query, body))
        except (KeyError, TypeError, ValueError) as error:
            return Reply(400, {"error": f"{route}: {error!r}"})

    def _answer(self, route: str, query: Mapping[str, str], body: Any) -> Any:
        emulator = self._emulator
        match route:
            case "POST /control/orders":
                emulator.add_order(**body)
            case "POST /control/many-orders":
                emulator.add_orders(body)
            case "POST /control/invoices":
                emulator.patch_invoice(**body)
            case "POST /control/rows":
                emulator.add_row(**body)
            case "PUT /control/settings":
                self._set(**body)
            case "PUT /control/faults":
                emulator.set_faults(Faults(**body))
            case "POST /control/fail-next":
                emulator.fail_next(*body)
            case "POST /control/reset":
                emulator.reset()
            case _:
                return self._report(route, query)
        return {}

    def _report(self, route: str, query: Mapping[str, str]) -> Any:
        emulator = self._emulator
        match route:
            case "GET /control/calls":
                return [asdict(call) for call in emulator.calls[int(query.get("after", "0")) :]]
            case "GET /control/timeline":
                return [asdict(row) for row in emulator.timeline(**query)]
            case "GET /control/shipment":
                return asdict(emulator.shipment(**query))
            case "GET /control/overlaps":
                return [[asdict(call) for call in pair] for pair in emulator.overlaps()]
            case "GET /control/undeliveries":
                return [asdict(call) for call in emulator.undeliveries()]
            case "GET /control/call-count":
                return len(emulator.calls)
            case "GET /control/violations":
                return emulator.violations
            case _:
                raise ValueError("no such control")

    def _set(self, mode: Mode | None = None, **seconds: float) -> None:
        if mode not in {None, *get_args(Mode)}:
            raise ValueError(f"mode is one of {', '.join(get_args(Mode))}")
        unknown = set(seconds) - {"latency_seconds", "list_lag_seconds", "read_lag_seconds"}
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        self._emulator.mode = mode or self._emulator.mode
        for name, value in seconds.items():
            setattr(self._emulator, name, float(value))


def serve(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 takes any that is free")
    parser.add_argument("--mode", choices=get_args(Mode), default="merge")
    parser.add_argument("--latency-seconds", type=float, default=0.0)
    parser.add_argument("--read-lag-seconds", type=float, default=0.0)
    parser.add_argument("--list-lag-seconds", type=float, default=0.0)
    options = parser.parse_args(arguments)
    emulator = VtexEmulator(**vars(options))
    emulator.server.control = ControlRoutes(emulator)
    with emulator:
        print(f"VTEX emulator on {emulator.url}", flush=True)  # noqa: T201 - this is its console
        try:
            emulator.server.join()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    serve()
