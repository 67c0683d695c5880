"""Carriers without a file: `[declared.<slug>]` in the configuration describes one and becomes an adapter like any."""

from app.declared.declaration import declare
from app.declared.keys import JSON

__all__ = ["JSON", "declare"]
