"""The promises about timelines, under everything that can come between."""

from pathlib import Path

import pytest

from tests.machine.run import depth, run_machine
from tests.postgresql.databases import ENGINES, Databases


@pytest.mark.timeout(3600)  # A failure is shrunk first, and a deep run is asked for.
@pytest.mark.parametrize("engine", ENGINES)
def test_timelines_come_out_right_whatever_happens_between_claim_and_settlement(
    engine: str, databases: Databases, tmp_path: Path
) -> None:
    examples, steps = depth()
    if engine == "sqlite":
        run_machine(examples=examples, steps=steps)
        return
    with databases.one(engine, tmp_path) as url:
        run_machine(examples=max(1, examples // 4), steps=steps, database_url=url)
