"""Keep the C library from holding more memory than is used, where it is glibc; elsewhere nothing is done.

glibc gives each thread that allocates an arena of its own, up to eight for each processor, and keeps in each what was
freed there: memory creeps up for hours although nothing is kept. Two are enough for threads of which one runs Python at
a time, and what is free in them goes back to the system once a minute.
"""

import asyncio
import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Any, Final

__all__ = ["few_arenas", "give_back", "glibc", "keep_giving_back"]

_ARENA_MAX: Final = -8
"""M_ARENA_MAX of malloc.h."""
_ARENAS: Final = 2
_EVERY_SECONDS: Final = 60.0


def few_arenas() -> None:
    """Have threads share arenas, before there are any; whoever set MALLOC_ARENA_MAX knows better."""
    if (library := _here()) is not None and "MALLOC_ARENA_MAX" not in os.environ:
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> bool:
    """Return to the system what was freed; tell whether there was anything."""
    library = _here()
    return library is not None and bool(library.malloc_trim(0))


async def keep_giving_back(every: float = _EVERY_SECONDS, give_back: Callable[[], bool] = give_back) -> None:
    """Return it again and again, until cancelled, beside everything else."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(give_back)


@cache
def _here() -> Any:  # noqa: ANN401 - a library has whatever functions it has
    return glibc(ctypes.CDLL(None))


def glibc(library: Any) -> Any:  # noqa: ANN401
    """Return a library that has glibc's functions, None in the place of any other."""
    if not all(hasattr(library, name) for name in ("mallopt", "malloc_trim")):
        return None
    library.malloc_trim.argtypes = (ctypes.c_size_t,)
    return library
