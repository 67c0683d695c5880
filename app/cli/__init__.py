"""The command line, ``carrier-relay``: thin commands over what the rest of the package does."""

from app.cli.application import application, main

__all__ = ["application", "main"]
