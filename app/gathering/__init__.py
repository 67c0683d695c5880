"""How the relay learns of orders that VTEX's hook does not tell: the feed, backfills, and sweeps."""

from app.gathering.service import Gathering
from app.gathering.slicing import tail_of

__all__ = ["Gathering", "tail_of"]
