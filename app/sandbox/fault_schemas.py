"""Faults as JSON: what the admin API takes and shows."""

from typing import Annotated

from pydantic import Field, JsonValue, TypeAdapter

from app.sandbox.faults import ActiveFault, CircuitBreaker, Fault
from app.sandbox.routes import OPERATIONS, UNKNOWN_ROUTES

__all__ = ["FaultSeed", "UnknownRoute", "fault_document", "read_fault", "route_names", "with_known_route"]

FaultSeed = Annotated[Fault, Field(discriminator="kind")]
_FAULT: TypeAdapter[Fault] = TypeAdapter(FaultSeed)


class UnknownRoute(ValueError):
    """A fault is meant for a route that there is not."""


def route_names() -> list[str]:
    """List the routes that a fault can be meant for."""
    return list(dict.fromkeys(operation.name for operation in (*OPERATIONS, *UNKNOWN_ROUTES)))


def read_fault(document: object) -> Fault:
    """Read a fault; raise pydantic's ``ValidationError``, or ``UnknownRoute``."""
    return with_known_route(_FAULT.validate_python(document))


def with_known_route(fault: Fault) -> Fault:
    """Give the fault back; raise ``UnknownRoute`` when no call could ever be hit by it."""
    if fault.route not in {None, *route_names()}:
        raise UnknownRoute(f"unknown route {fault.route}; known are {', '.join(route_names())}")
    return fault


def fault_document(active: ActiveFault) -> dict[str, JsonValue]:
    """Show a fault at work."""
    shown: dict[str, JsonValue] = {"id": active.id, **_FAULT.dump_python(active.fault, mode="json")}
    shown["hits"] = active.hits
    if isinstance(active.fault, CircuitBreaker):
        shown["open_until"] = active.open_until.isoformat() if active.open_until else None
    else:
        shown["remaining"] = active.remaining
    return shown
