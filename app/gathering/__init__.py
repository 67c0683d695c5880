"""How the relay learns of orders that VTEX's hook does not tell: the feed, backfills, and sweeps."""

from app.gathering.service import Gathering

__all__ = ["Gathering"]
