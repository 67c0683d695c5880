"""What is deployed names settings, metrics, routes and files that exist, and every alert has its page."""

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from app.settings import describe_settings
from app.telemetry import describe_metrics
from app.web.catalogue import CATALOGUE
from tests.documents import ROOT

DEPLOY = ROOT / "deploy"
ALERTS: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())["groups"][0]["rules"]
PROOFS = sorted((DEPLOY / "prometheus").glob("rules-test*.yaml"))
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
LABELS = {
    f"{doc.name}{suffix}": {*doc.labels, *(("le",) if suffix == "_bucket" else ())}
    for doc in describe_metrics()
    for suffix in SUFFIXES[doc.type]
}
# Prometheus' own.
LABELS["up"] = {"job"}


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in ALERTS)
    panels = json.loads((DEPLOY / "grafana/carrier-relay.json").read_text())["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_names_metrics_and_labels_that_there_are(expression: str) -> None:
    used = set(re.findall(r"\b(?:relay_\w+|up\b)", re.sub(r'"[^"]*"', '""', expression)))
    assert used
    assert used <= LABELS.keys()
    grouped = chain.from_iterable(part.split(",") for part in re.findall(r"\bby \(([^)]*)\)", expression))
    matched = re.findall(r"(\w+)(?:=~|!=|!~|=)\"", expression)
    assert {name.strip() for name in (*grouped, *matched)} <= set().union(*(LABELS[name] for name in used))


def test_each_alert_has_its_entry_in_the_runbook_and_each_entry_its_alert() -> None:
    names = [rule["alert"] for rule in ALERTS]
    alerts, problems = RUNBOOK.split("\n# Problems", 1)

    assert names == re.findall(r"^## (\w+)$", alerts, re.MULTILINE)
    assert sorted(CATALOGUE) == sorted(re.findall(r"^## `([\w-]+)`$", problems, re.MULTILINE))
    for rule in ALERTS:
        entry = alerts.split(f"## {rule['alert']}\n\n")[1].split("\n## ")[0]
        assert f"*{rule['labels']['severity']}, after {rule['for']}.*" in entry
        for part in ("Where to look", "What to do", "When to stop worrying"):
            assert re.search(rf"^- {part}: .{{8,}}$", entry, re.MULTILINE), (rule["alert"], part)
        assert f"docs/runbook.md#{rule['alert'].lower()}" == rule["annotations"]["runbook"]


def test_each_alert_is_proven_to_fire_and_to_rest() -> None:
    proofs = [proof for path in PROOFS for proof in yaml.safe_load(path.read_text())["tests"]]

    assert {f"{rule['alert']} {does}" for rule in ALERTS for does in ("fires", "rests")} == {
        proof["name"] for proof in proofs
    }
    for proof in proofs:
        (asked,) = proof["alert_rule_test"]
        assert asked["alertname"] == proof["name"].split()[0]
        assert ("exp_alerts" in asked) == proof["name"].endswith("fires")


def test_promtool_sees_each_alert_fire_when_it_should_and_not_before() -> None:
    for words in (("check", "config", "prometheus.yaml"), ("test", "rules", *(path.name for path in PROOFS))):
        told = subprocess.run(
            ["promtool", *words], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False, timeout=60
        )
        assert told.returncode == 0, told.stdout + told.stderr


def deployed() -> list[Path]:
    found = [path for path in DEPLOY.rglob("*") if path.suffix in {".yaml", ".service", ".socket"}]
    return sorted([*found, DEPLOY / "Caddyfile", ROOT / "Dockerfile", DEPLOY / "env.example"])


@pytest.mark.parametrize("path", deployed(), ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    names = {re.sub(r"<\w+>", "[A-Z0-9_]+?", setting.variable) for setting in describe_settings()}
    known = re.compile("|".join((*names, "RELAY_CONFIG", "RELAY_SECRETS_DIR")))

    assert [name for name in re.findall(r"RELAY_\w+", path.read_text()) if not known.fullmatch(name)] == []


def test_what_the_image_is_made_of_is_there_and_is_let_in() -> None:
    text = (ROOT / "Dockerfile").read_text()
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    }

    assert sources == let_in
    assert all((ROOT / source).exists() for source in sources)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    assert not re.search(r"--(extra-)?index-url|--trusted-host|curl", text.replace("No curl", ""))


def test_systemd_waits_longer_than_the_relay_takes_to_stop() -> None:
    unit = (DEPLOY / "systemd/carrier-relay.service").read_text()

    take, wait = re.findall(r"^TimeoutStopSec=(\d+)$|RELAY_SHUTDOWN_SECONDS=(\d+)$", unit, re.MULTILINE)
    assert int("".join(wait)) > int("".join(take))


def test_the_socket_stands_for_a_setting_and_the_address_is_its_default() -> None:
    unit = (DEPLOY / "systemd/carrier-relay.socket").read_text()
    defaults = {setting.path: setting.default for setting in describe_settings()}
    (name,) = re.findall(r"^FileDescriptorName=(\w+)$", unit, re.MULTILINE)
    (address,) = re.findall(r"^ListenStream=(\S+)$", unit, re.MULTILINE)

    assert defaults[name] == f'"{address}"'
