"""Run the machine as deep as asked: ``RELAY_MACHINE=examples[,steps]``."""

import logging
import os
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import seed as with_seed
from hypothesis.stateful import run_state_machine_as_test

from app.store import Store
from tests.machine.forwarders import Database, Timeless
from tests.machine.stories import Stories
from tests.store.making import Clock

DEPTH: Final = "RELAY_MACHINE"
_ORDINARY: Final = "40,30"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


def depth() -> tuple[int, int]:
    """Return how many examples to run, and how many steps each may have."""
    examples, _, steps = os.environ.get(DEPTH, _ORDINARY).partition(",")
    return int(examples), int(steps or 30)


def quick_folder() -> Path | None:
    """Return where files are only memory; None where the system says where temporary files go, or has no such place."""
    return _MEMORY if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) else None


def run_machine(
    *, examples: int, steps: int, seed: int | None = None, database_url: str | None = None, **more: object
) -> int:
    """Look for a fault; return how many examples found none.

    Args:
        examples: How many to try.
        steps: How many rules each may run.
        seed: Which examples to try; other ones each time without.
        database_url: An empty database; without, a file.
        more: Further settings of Hypothesis.

    Raises:
        AssertionError: There is one.

    """
    ran = 0
    logging.disable(logging.CRITICAL)  # What is made to go wrong is reported thousands of times.
    loop = Timeless(Clock())
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        database = Database(Store.open(database_url or f"sqlite:///{folder}/relay.db", lock_wait_seconds=0), loop.clock)

        def fresh() -> Stories:
            nonlocal ran
            ran += 1
            loop.clock.now = Clock().now
            return Stories(database, loop)

        try:
            run_state_machine_as_test(
                fresh if seed is None else with_seed(seed)(fresh),  # type: ignore[arg-type]  # a maker of machines will do
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    suppress_health_check=[
                        HealthCheck.too_slow,
                        HealthCheck.filter_too_much,
                        HealthCheck.data_too_large,
                    ],
                    **more,  # type: ignore[arg-type]
                ),
            )
        except BaseException as error:
            error.add_note(f"found by example {ran}")
            raise
        finally:
            database.close()
            loop.close()
            logging.disable(logging.NOTSET)
    return ran
