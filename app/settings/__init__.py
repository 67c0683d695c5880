"""Configuration: one frozen value, read once at the start.

Environment variables ``RELAY_*`` go over secret files (``RELAY_SECRETS_DIR``), these over TOML (``RELAY_CONFIG``), and
that over the defaults. Every layer can say everything; an unknown key in any of them stops the start.
"""

from app.settings.account import Account, Group, Source
from app.settings.loading import load_settings
from app.settings.model import Settings, Token
from app.settings.names import Problem, is_kubernetes_link, nearest, variable
from app.settings.places import ListenAddress
from app.settings.reference import SettingDoc, describe_settings

__all__ = [
    "Account",
    "Group",
    "ListenAddress",
    "Problem",
    "SettingDoc",
    "Settings",
    "Source",
    "Token",
    "describe_settings",
    "is_kubernetes_link",
    "load_settings",
    "nearest",
    "variable",
]
