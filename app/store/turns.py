"""Taking turns: one of each at a time, so that the longest queue keeps nobody waiting."""

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["in_turn"]

T = TypeVar("T")


def in_turn(waiting: Sequence[Sequence[T]], limit: int) -> list[T]:
    """Take round robin from several queues, at most ``limit`` in all."""
    turns: list[T] = []
    for place in range(max(map(len, waiting), default=0)):
        turns += [queue[place] for queue in waiting if place < len(queue)]
        if len(turns) >= limit:
            break
    return turns[:limit]
