"""How the relay learns of orders: it looks after VTEX's hook, polls the feed, and looks back over the list."""

from app.gathering.hook import HookKeeper, HookPlan
from app.gathering.service import Gathering
from app.gathering.slicing import tail_of

__all__ = ["Gathering", "HookKeeper", "HookPlan", "tail_of"]
