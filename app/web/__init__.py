"""Everything that speaks HTTP: webhooks, the operators' interface, probes, and their documentation."""

from typing import TYPE_CHECKING

from app.exports import late_names

if TYPE_CHECKING:
    from app.web.application import Application, Whole, budgets_of, create_app, ops_app
    from app.web.budgets import Budgets
    from app.web.dependencies import Dependencies, Replay, Role, Token
    from app.web.front import Front
    from app.web.limits import Limits
    from app.web.parts import Part
    from app.web.peer import peer_address
    from app.web.protocol import LimitedProtocol, limited_protocol

__all__ = [
    "Application",
    "Budgets",
    "Dependencies",
    "Front",
    "LimitedProtocol",
    "Limits",
    "Part",
    "Replay",
    "Role",
    "Token",
    "Whole",
    "budgets_of",
    "create_app",
    "limited_protocol",
    "ops_app",
    "peer_address",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "application": "Application Whole budgets_of create_app ops_app",
            "budgets": "Budgets",
            "dependencies": "Dependencies Replay Role Token",
            "front": "Front",
            "limits": "Limits",
            "parts": "Part",
            "peer": "peer_address",
            "protocol": "LimitedProtocol limited_protocol",
        },
    )
