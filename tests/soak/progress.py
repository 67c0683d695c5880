"""How far a soak has come, once a minute: one that is cut short has still said something."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from tests.soak.report import Report
from tests.soak.samples import Sampler

__all__ = ["progress", "tell_progress"]

_EVERY_SECONDS: Final = 60.0
_MIB: Final = 1024 * 1024


async def tell_progress(
    report: Report, sampler: Sampler, say: Callable[[str], None], every: float = _EVERY_SECONDS
) -> None:
    """Say it again and again, until cancelled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(every)
        say(f"{(time.monotonic() - began) / 60:5.1f} min: {progress(report, sampler)}")


def progress(report: Report, sampler: Sampler) -> str:
    """Say in one line what happened until now, and what the process takes."""
    verdict = report.verdict
    found = (
        f"{report.rounds} rounds, {report.posted} posted, {verdict.expected} rows expected, "
        f"{verdict.on_timeline} there, {verdict.missing} missing, {verdict.doubled} doubled, "
        f"{len(verdict.findings)} findings"
    )
    if not sampler.samples:
        return f"{found}; no process was seen yet"
    last = sampler.samples[-1]
    return (
        f"{found}; memory {last.rss / _MIB:.1f} MiB, database {last.database / _MIB:.1f} MiB, "
        f"log {last.wal / _MIB:.1f} MiB, {last.descriptors} descriptors, {last.threads} threads"
    )
