"""The command line, ``carrier-relay``: thin commands over what the rest of the package does."""

from app.cli.beginning import main

__all__ = ["main"]
