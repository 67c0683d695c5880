"""Keep the C library from holding more memory than is used, where it is glibc; elsewhere nothing is done.

glibc gives each thread that allocates an arena of its own, up to eight for each processor, and keeps in each what was
freed there: memory creeps up for hours although nothing is kept. Two are enough for threads of which one runs Python at
a time, and what is free in them goes back to the system once a minute.
"""

import asyncio
import ctypes
import os
from functools import cache
from typing import Final

__all__ = ["few_arenas", "give_back", "keep_giving_back"]

_ARENA_MAX: Final = -8
"""M_ARENA_MAX of malloc.h."""
_ARENAS: Final = 2
_EVERY_SECONDS: Final = 60.0


def few_arenas() -> None:
    """Have threads share arenas, before there are any; whoever set MALLOC_ARENA_MAX knows better."""
    if (library := _glibc()) is not None and "MALLOC_ARENA_MAX" not in os.environ:
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> bool:
    """Return to the system what was freed; tell whether there was anything."""
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


async def keep_giving_back() -> None:
    """Return it again and again, until cancelled, beside everything else."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        await asyncio.to_thread(give_back)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Find what this process allocates with; None where it is no glibc."""
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version, library.mallopt, library.malloc_trim  # noqa: B018 - looked for
    except (OSError, AttributeError, TypeError):
        return None
    library.malloc_trim.argtypes = (ctypes.c_size_t,)
    return library
