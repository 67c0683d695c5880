"""The count of instructions in small: every thread that takes part is told, and what it counts is of these webhooks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.counting import count, lines


@pytest.mark.parametrize("program", ["relay", "least"])
def test_the_event_loop_and_the_writing_thread_are_counted_apart(tmp_path: Path, program: str) -> None:
    counted = count(tmp_path, webhooks=128, known=1_000, program=program)

    assert counted.webhooks >= 128
    assert 10_000 < counted.writing < counted.event_loop < 10_000_000
    annotated = subprocess.run(
        ["callgrind_annotate", counted.profiles[0]], capture_output=True, check=True, text=True, timeout=60
    )
    assert "PROGRAM TOTALS" in annotated.stdout
    said = list(lines([counted]))
    assert f"of {counted.webhooks} at 64" in said[0]
    assert said[2].split()[0] == program


def test_without_the_observer_it_says_how_to_get_it(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench.counting"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )

    assert 2 == ended.returncode
    assert "apt-get install valgrind" in ended.stderr
