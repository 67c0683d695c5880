"""``carrier-relay replay``: reading stored webhooks again, one or many."""

from app.cli.replays.commands import replay

__all__ = ["replay"]
