"""Everything that speaks HTTP: webhooks, the operators' interface, probes, and their documentation."""

from app.web.application import Application, budgets_of, create_app, ops_app
from app.web.budgets import Budgets
from app.web.dependencies import Dependencies, Replay, Role, Token
from app.web.limits import Limits
from app.web.parts import Part
from app.web.peer import peer_address
from app.web.protocol import LimitedProtocol, limited_protocol

__all__ = [
    "Application",
    "Budgets",
    "Dependencies",
    "LimitedProtocol",
    "Limits",
    "Part",
    "Replay",
    "Role",
    "Token",
    "budgets_of",
    "create_app",
    "limited_protocol",
    "ops_app",
    "peer_address",
]
