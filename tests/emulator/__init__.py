"""A second VTEX, small and of its own: the judge of end-to-end tests.

It knows PUT tracking, PATCH invoice, GET order, the list of orders, the order feed and the order hook and nothing else,
is written with the standard library only, and shares no code with the relay or its sandbox. It goes wrong on purpose
where it is told to, remembers every call with its times, and notes each deviation from VTEX's schema.
``python -m tests.emulator --port 8090`` runs it alone, with JSON endpoints under ``/control`` that do what the methods
of ``VtexEmulator`` do.
"""

from tests.emulator.calls import Call, Fault, Faults
from tests.emulator.judge import VtexEmulator
from tests.emulator.shipments import Mode, Row, Shipment

__all__ = ["Call", "Fault", "Faults", "Mode", "Row", "Shipment", "VtexEmulator"]
