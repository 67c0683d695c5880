"""The promises about timelines, under everything that can come between."""

import pytest

from tests.machine.run import depth, run_machine


@pytest.mark.timeout(3600)  # A failure is shrunk first, and a deep run is asked for.
def test_timelines_come_out_right_whatever_happens_between_claim_and_settlement() -> None:
    examples, steps = depth()

    run_machine(examples=examples, steps=steps)
