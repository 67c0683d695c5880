"""Memory that was freed is the system's again, and threads share what they allocate from."""

import asyncio
import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from app import allocator

pytestmark = pytest.mark.anyio

MIB: Final = 1024 * 1024
ARENAS: Final = """
import ctypes, os, sys, threading
from app.allocator import few_arenas

few_arenas()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
there = threading.Barrier(12)

def allocate():
    for _ in range(200):
        c.malloc(2000)
    there.wait()

threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
c.fopen.restype = ctypes.c_void_p
c.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
file = ctypes.c_void_p(c.fopen(sys.argv[1].encode(), b"w"))
c.malloc_info(0, file)
c.fclose(file)
"""


def arenas(folder: Path, **variables: str) -> int:
    """Count the arenas of a process in which twelve threads allocate at the same time."""
    told = folder / "malloc.xml"
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    subprocess.run([sys.executable, "-c", ARENAS, str(told)], env=environment | variables, check=True, timeout=60)
    return told.read_text("utf-8").count("<heap nr=")


def test_threads_share_two_arenas_unless_somebody_chose_another_number(tmp_path: Path) -> None:
    assert arenas(tmp_path) <= 2
    assert 4 == arenas(tmp_path, MALLOC_ARENA_MAX="4")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_is_freed_goes_back_to_the_system() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    library.free.argtypes = (ctypes.c_void_p,)
    library.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    allocator.give_back()
    # Of a size that comes from an arena, and the last one stays: what is below it is not at the arena's end.
    blocks = [library.malloc(64 * 1024) for _ in range(1024)]
    for block in blocks:
        library.memset(block, 1, 64 * 1024)
    for block in blocks[:-1]:
        library.free(block)
    before = resident()

    assert allocator.give_back()

    assert before - resident() > 32 * MIB
    library.free(blocks[-1])


def test_what_is_no_glibc_is_left_alone() -> None:
    assert allocator.glibc(object()) is None


async def test_it_goes_on_until_it_is_cancelled() -> None:
    given = asyncio.Event()
    loop = asyncio.get_running_loop()
    times: list[int] = []

    def give_back() -> bool:
        times.append(1)
        if len(times) == 3:
            loop.call_soon_threadsafe(given.set)
        return False

    task = asyncio.create_task(allocator.keep_giving_back(0.0, give_back))
    await given.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
