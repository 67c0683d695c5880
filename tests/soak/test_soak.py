"""The soak in small, and what tells from samples whether something grows."""

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.namespaces import mounting
from tests.soak.progress import progress, tell_progress
from tests.soak.report import WAL_MOST, Report
from tests.soak.samples import Sample, Sampler, longest_life
from tests.soak.trend import BLOCKS, trend

MIB = 1024 * 1024
NOISE = st.lists(st.floats(min_value=-MIB, max_value=MIB), min_size=BLOCKS, max_size=400)


@pytest.mark.timeout(400)
def test_a_relay_outlasts_kills_rotations_outages_replays_a_full_disk_and_a_clock_that_is_set(tmp_path: Path) -> None:
    """Two rounds: one with kills, one without. Whether memory grows needs longer ones."""
    file = tmp_path / "soak.json"
    short = ["--minutes", "0.1", "--rate", "10", "--seed", "5"]
    command = [sys.executable, "-m", "tests.soak", *short, "--json", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    found = json.loads(file.read_text("utf-8"))

    assert [] == found["wrong"]
    assert [] == found["left_out"], "make test-tools installs faketime; disks need unshare, and leave to use it"
    assert {"kills", "secrets rotated", "outages of VTEX", "disk full", "clock set", "days passed"} < found[
        "done"
    ].keys()
    assert found["posted"] == found["answered"] == 200
    assert found["verdict"]["expected"] == found["verdict"]["on_timeline"] > 0
    assert found["samples"]
    assert "verdict" in ended.stdout
    for pid in {each["pid"] for each in found["samples"]}:
        assert not Path(f"/dev/shm/faketime_shm_{pid}").exists()  # noqa: S108 - where clocks leave traces
    folder = ended.stderr.partition("logs in ")[2].split()[0]
    assert not Path(folder).exists()


def test_disks_can_be_mounted_where_the_tests_run() -> None:
    assert mounting() is not None, "neither root nor unprivileged user namespaces: the soak leaves its disk out"


@given(NOISE, st.floats(min_value=1024, max_value=MIB))
def test_what_grows_by_more_than_its_noise_is_told(noise: list[float], slope: float) -> None:
    steps = [(float(at), slope * at + each * slope / MIB / 4) for at, each in enumerate(noise)]

    found = trend(steps)

    assert found is not None
    assert found.grows
    assert found.low <= found.slope <= found.high


@given(NOISE)
def test_what_falls_never_grows_and_what_stays_is_not_told_from_zero(noise: list[float]) -> None:
    falling = trend([(float(at), -MIB * at + each / 8) for at, each in enumerate(noise)])
    level = trend([(float(at), 5.0) for at in range(len(noise))])

    assert falling is not None
    assert level is not None
    assert not falling.grows
    assert (0.0, 0.0, 0.0) == (level.low, level.slope, level.high)


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_seldom_grows(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable, and no secret
    found = trend([(float(at), dice.gauss(100, 10)) for at in range(240)])

    assert found is not None
    assert abs(found.slope) < 0.1


def test_a_spike_moves_no_trend_and_too_few_samples_have_none() -> None:
    spiky = [(float(at), 10.0 + (1000.0 if at % 40 == 7 else 0.0)) for at in range(240)]

    assert (found := trend(spiky)) is not None
    assert not found.grows
    assert trend(spiky[:5]) is None


def sample(at: float, pid: int, *, wal: int = 0, descriptors: int = 40) -> Sample:
    return Sample(at=at, pid=pid, rss=int(at) * MIB, database=MIB, wal=wal, descriptors=descriptors, threads=7)


def test_the_trend_is_of_the_process_that_lived_longest() -> None:
    samples = [sample(1, 10), *(sample(at, 11) for at in range(2, 9)), sample(9, 12), sample(10, 12)]

    assert [2, 3, 4, 5, 6, 7, 8] == [each.at for each in longest_life(samples)]
    assert [] == longest_life([])


def test_a_log_or_descriptors_without_bounds_and_memory_that_grows_are_wrong() -> None:
    report = Report(seed=1, samples=[sample(1, 10, wal=WAL_MOST)])
    assert [] == report.wrong

    report.samples.append(sample(2, 10, wal=WAL_MOST + 1, descriptors=257))
    report.memory = trend([(float(at), float(at)) for at in range(60)])
    report.watched_seconds = 60.0
    assert 2 == len(report.wrong)

    report.watched_seconds = 600.0
    report.posted = 1
    assert ["1 webhooks were never answered 2xx", "memory grows"] == [report.wrong[0], report.wrong[-1]]


def test_progress_says_what_was_found_and_what_the_process_takes() -> None:
    report = Report(seed=1, rounds=3, posted=40)
    sampler = Sampler(lambda: None, Path("relay.db"), 2.0)
    said: list[str] = []

    async def until_told_twice() -> None:
        twice = asyncio.Event()

        def say(line: str) -> None:
            said.append(line)
            if len(said) == 2:
                twice.set()

        telling = asyncio.create_task(tell_progress(report, sampler, say, every=0.01))
        await twice.wait()
        telling.cancel()

    assert "no process was seen yet" in progress(report, sampler)
    sampler.samples.append(sample(150, 10, descriptors=41))
    assert "3 rounds, 40 posted" in progress(report, sampler)
    assert "memory 150.0 MiB" in progress(report, sampler)
    assert "41 descriptors" in progress(report, sampler)

    asyncio.run(until_told_twice())
    assert progress(report, sampler) in said[0]
