"""The benchmark of the targets in small: every scenario measures what it is there for; times are not looked at."""

import json
from pathlib import Path

import pytest

from tests.bench.targets.__main__ import ON_POSTGRESQL, SCENARIOS, main, run
from tests.bench.targets.aims import AIMS, Sample, judged, table
from tests.bench.targets.sharing import server_on_every_core
from tests.bench.targets.stage import SMALL, Stage


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(ON_POSTGRESQL))
def test_a_scenario_measures_on_postgresql_what_its_server_uses_as_well(name: str, tmp_path: Path) -> None:
    with server_on_every_core() as server:
        stage = Stage(folder=tmp_path, scale=SMALL, server=server)
        (sample,) = run(stage, rounds=1, only=[name], say=lambda _line: None)

    assert ON_POSTGRESQL[name] == set(sample.values)
    assert all(value > 0 for value in (*sample.values.values(), *sample.facts.values()))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_measures_its_targets_beside_their_yardsticks(name: str, tmp_path: Path) -> None:
    said: list[str] = []

    (sample,) = run(Stage(folder=tmp_path, scale=SMALL), rounds=1, only=[name], say=said.append)

    assert SCENARIOS[name][1] == set(sample.values)
    assert all(value > 0 for value in (*sample.values.values(), *sample.facts.values()))
    assert 1 == len(said)


def test_the_median_of_the_rounds_is_held_against_each_target_and_kept_as_a_document() -> None:
    samples = [Sample(values={"1": value, "2": 9.0}, facts={"bare, requests/s": value}) for value in (0.1, 0.3, 0.9)]

    ingest, p99 = judged(samples)
    lines = list(table([ingest, p99], samples, "postgresql"))

    assert (0.3, True) == (ingest.value, ingest.is_met)
    assert (9.0, False) == (p99.value, p99.is_met)
    document = json.loads(json.dumps(ingest.document("postgresql")))
    assert {
        "id": "1",
        "engine": "postgresql",
        "value": 0.3,
        "target": "≥ 0.25",
        "met": True,
        "rounds": [0.1, 0.3, 0.9],
    } == {name: value for name, value in document.items() if name != "what"}
    assert lines[0].startswith("on PostgreSQL")
    assert "NOT MET" in lines[3]
    assert "bare, requests/s" in lines[-1]


def test_each_target_has_one_scenario_or_a_benchmark_of_its_own() -> None:
    measured = [id_ for _, aims in SCENARIOS.values() for id_ in aims]

    assert len(measured) == len(set(measured))
    assert {"11b"} == {aim.id for aim in AIMS} - set(measured)  # make bench-replicas


def test_nothing_is_reported_of_a_machine_that_others_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Disturbed:
        def __init__(self, _stage: Stage) -> None: ...

        def round(self, _number: int) -> Sample:
            return Sample(values={"7": 1.0}, others_cores=0.5)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(SCENARIOS, "calling", (Disturbed, frozenset({"7"})))

    assert 2 == main(["--only", "7", "--rounds", "1"])
    assert "nothing is concluded" in capsys.readouterr().out
    assert not Path(".bench/latest.json").exists()
    assert 0 == main(["--only", "7", "--rounds", "1", "--force"])
    kept = json.loads(Path(".bench/latest.json").read_text("utf-8"))[0]
    assert ("7", "sqlite") == (kept["id"], kept["engine"])


def test_what_is_not_measured_on_postgresql_is_refused_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--engine", "postgresql", "--only", "1", "13"])

    assert "13: not measured on PostgreSQL" in capsys.readouterr().err
