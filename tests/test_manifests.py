"""What Kubernetes and Compose are given is what they understand, fits together, and holds the relay back from harm."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]

from tests.documents import ROOT

Manifest = dict[str, Any]
DEPLOY: Final = ROOT / "deploy"
VARIANTS: Final = ("postgresql", "sqlite")
COMPOSITIONS: Final = ("compose.yaml", "compose.postgres.yaml")
RELEASES: Final = ("1.29", "1.37")
"""The oldest release of Kubernetes that is looked at, and the newest that the schemas are there for."""
PORT: Final = re.findall(r"^EXPOSE (\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0]


def ran(*words: str | Path) -> str:
    told = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@cache
def built(variant: str) -> str:
    """Put a variant together as a cluster would get it."""
    return ran("kubectl", "kustomize", DEPLOY / "kubernetes" / variant)


def of_kind(variant: str, kind: str) -> list[Manifest]:
    return [each for each in yaml.safe_load_all(built(variant)) if each["kind"] == kind]


def pods(variant: str) -> Iterator[tuple[Manifest, Manifest]]:
    """Yield each deployment with its only container."""
    for deployment in of_kind(variant, "Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        yield deployment, container


def selected(variant: str, selector: Manifest) -> list[str]:
    """Name the deployments whose pods a selector takes."""
    return [
        each["metadata"]["name"]
        for each in of_kind(variant, "Deployment")
        if selector.items() <= each["spec"]["template"]["metadata"]["labels"].items()
    ]


@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_knows_every_field_and_every_file_is_used(variant: str, tmp_path: Path) -> None:
    folder = DEPLOY / "kubernetes" / variant
    (tmp_path / "all.yaml").write_text(built(variant))
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]

    for release in RELEASES:
        ran(Path(sys.executable).parent / "kubernetes-validate", "--strict", "-k", release, tmp_path / "all.yaml")
    assert {path.name for path in folder.iterdir()} == {"kustomization.yaml", *listed}


@pytest.mark.parametrize("variant", VARIANTS)
def test_pods_may_do_nothing_but_their_work(variant: str) -> None:
    for deployment, container in pods(variant):
        pod = deployment["spec"]["template"]["spec"]
        user = pod["securityContext"]
        assert pod["enableServiceLinks"] is False
        assert pod["automountServiceAccountToken"] is False
        assert user["runAsNonRoot"]
        assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in (ROOT / "Dockerfile").read_text()
        assert {"type": "RuntimeDefault"} == user["seccompProfile"]
        assert {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        } == container["securityContext"]
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_pods_are_probed_and_given_time_to_stop(variant: str) -> None:
    for deployment, container in pods(variant):
        pod = deployment["spec"]["template"]["spec"]
        (port,) = container["ports"]
        probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
        before = int(re.findall(r"\d+", container["lifecycle"]["preStop"]["exec"]["command"][-1])[0])
        own = {each["name"]: each["value"] for each in container["env"]}
        assert PORT == str(port["containerPort"])
        assert {port["name"]} == {probe["port"] for probe in probes.values()}
        assert ["/livez", "/livez", "/readyz"] == [probe["path"] for probe in probes.values()]
        assert pod["terminationGracePeriodSeconds"] > before + int(own["RELAY_SHUTDOWN_SECONDS"])
        assert [{"secretRef": {"name": "relay"}}] == container["envFrom"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_selects_pods_selects_those_it_names(variant: str) -> None:
    names = [each["metadata"]["name"] for each in of_kind(variant, "Deployment")]
    reached = {
        each["metadata"]["name"]: selected(variant, each["spec"]["selector"]) for each in of_kind(variant, "Service")
    }
    policed = [
        selected(variant, each["spec"]["podSelector"]["matchLabels"]) for each in of_kind(variant, "NetworkPolicy")
    ]

    for deployment in of_kind(variant, "Deployment"):
        assert [deployment["metadata"]["name"]] == selected(variant, deployment["spec"]["selector"]["matchLabels"])
    assert names in policed
    if variant == "sqlite":
        assert {"relay": ["relay"]} == reached
    else:
        assert {"relay": ["relay-ingest"], "relay-ops": ["relay-ops"]} == reached
        spared = [
            selected(variant, each["spec"]["selector"]["matchLabels"])
            for each in of_kind(variant, "PodDisruptionBudget")
        ]
        assert sorted([name] for name in names) == sorted(spared)


def test_one_process_owns_the_file_of_sqlite() -> None:
    ((deployment, container),) = pods("sqlite")
    spec = deployment["spec"]
    (claim,) = of_kind("sqlite", "PersistentVolumeClaim")
    own = {each["name"]: each["value"] for each in container["env"]}
    (mount,) = container["volumeMounts"]

    assert (1, "Recreate") == (spec["replicas"], spec["strategy"]["type"])
    assert claim["metadata"]["name"] == spec["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert own["RELAY_DATABASE_URL"].startswith(f"sqlite:///{mount['mountPath']}/")


def test_each_role_has_its_deployment_and_only_the_databases_is_theirs_to_write() -> None:
    roles = {}
    for deployment, container in pods("postgresql"):
        component = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
        serve = ["serve", "--host", "0.0.0.0", "--port", PORT, "--role", component]
        assert serve == container["args"]
        assert "volumeMounts" not in container
        assert {"maxSurge": 1, "maxUnavailable": 0} == deployment["spec"]["strategy"]["rollingUpdate"]
        roles[component] = deployment["spec"]["replicas"]

    assert {"ingest", "forward", "ops"} == roles.keys()
    assert min(roles["ingest"], roles["forward"]) > 1


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_compose_knows_every_field_and_what_is_mounted_is_there(name: str) -> None:
    ran(Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / name)
    composition = yaml.safe_load((DEPLOY / name).read_text())

    for service in composition["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in composition["volumes"]
        assert set(service["networks"]) <= composition["networks"].keys()
        assert set(service.get("depends_on", [])) <= composition["services"].keys()


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_only_carriers_reach_a_composition_from_outside(name: str) -> None:
    composition = yaml.safe_load((DEPLOY / name).read_text())
    services, networks = composition["services"], composition["networks"]
    relay = services["relay"]
    (subnet,) = networks["front"]["ipam"]["config"]

    assert ["80:80", "443:443"] == [
        port for each in services.values() for port in each.get("ports", []) if not port.startswith("127.0.0.1:")
    ]
    assert f'["{subnet["subnet"]}"]' == relay["environment"]["RELAY_TRUSTED_PROXIES"]
    assert {"relay", "caddy"} == {each for each, service in services.items() if "front" in service["networks"]}
    assert relay["read_only"]
    assert ["ALL"] == relay["cap_drop"]
    assert int(relay["stop_grace_period"].removesuffix("s")) > int(relay["environment"]["RELAY_SHUTDOWN_SECONDS"])


def test_prometheus_and_grafana_of_the_composition_find_each_other_and_the_relays() -> None:
    services = yaml.safe_load((DEPLOY / "compose.postgres.yaml").read_text())["services"]
    (scrape,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())["scrape_configs"]
    (found,) = scrape["dns_sd_configs"]
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    (files,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/files.yaml").read_text())["providers"]

    assert "carrier-relay" == scrape["job_name"]
    assert (["relay"], int(PORT)) == (found["names"], found["port"])
    assert "http://prometheus:9090" == source["url"]
    assert (
        f"./grafana/carrier-relay.json:{files['options']['path']}/carrier-relay.json:ro"
        in services["grafana"]["volumes"]
    )
    assert services["relay"]["deploy"]["replicas"] > 1
