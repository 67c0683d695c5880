"""The storm that the documents show ends with every row once, and says so."""

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Start
from tests.cli.processes import clean_environment
from tests.documents import ROOT


def stormed(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.storm", *arguments],
        cwd=folder,
        env=clean_environment(PYTHONPATH=str(ROOT)),
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_a_storm_over_a_failing_vtex_leaves_each_row_once(start: Start, folder: Path) -> None:
    start("serve", "--port", "0").until_ready()

    ended = stormed(folder, "--parcels", "5", "--rate", "20")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "25 of 25 webhooks taken" in ended.stdout
    assert "VTEX fails" in ended.stdout
    assert "25 rows on timelines: 0 missing, 0 twice" in ended.stdout


def test_a_storm_without_a_demonstration_says_how_to_start_one(folder: Path) -> None:
    ended = stormed(folder)

    assert (1, True) == (ended.returncode, "`make run` in another terminal starts one" in ended.stderr)
