"""Everything that speaks HTTP: webhooks, the operators' interface, probes, and their documentation."""

from app.web.application import Application, create_app, document, export, ops_app
from app.web.dependencies import Dependencies, Replay, Role, Token
from app.web.parts import Part
from app.web.peer import peer_address
from app.web.protocol import LimitedProtocol

__all__ = [
    "Application",
    "Dependencies",
    "LimitedProtocol",
    "Part",
    "Replay",
    "Role",
    "Token",
    "create_app",
    "document",
    "export",
    "ops_app",
    "peer_address",
]
