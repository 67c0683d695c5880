"""Every route of the emulated API."""

from app.sandbox.answers import Answer
from app.sandbox.calls import Call, Operation
from app.sandbox.operations import ORDER_OPERATIONS
from app.sandbox.state import Sandbox
from app.sandbox.subscription_operations import SUBSCRIPTION_OPERATIONS

__all__ = ["OPERATIONS", "UNKNOWN_ROUTES"]

OPERATIONS = (*ORDER_OPERATIONS, *SUBSCRIPTION_OPERATIONS)


def no_such_route(_sandbox: Sandbox, _call: Call) -> Answer:
    """Answer what VTEX's router would: an id with a slash in it ends here too."""
    return Answer(status=404)


UNKNOWN_ROUTES = tuple(
    Operation(name="unknown", method="*", path=path, resource=None, perform=no_such_route)
    for path in ("/api/oms/{rest:path}", "/api/orders/{rest:path}")
)
