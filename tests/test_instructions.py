"""Every command, route, setting, metric and file that the documents name is there."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]
from typer.main import get_command

from app.cli.application import application
from app.settings import describe_settings
from app.telemetry import describe_metrics
from app.web.catalogue import CATALOGUE
from tests.documents import DOCS, ROOT

PAGES: Final = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])
NOT_SETTINGS: Final = {"RELAY_CONFIG", "RELAY_SECRETS_DIR", "RELAY_OPS_URL", "RELAY_OPS_TOKEN", "RELAY_MACHINE"}
"""Variables that say where the settings are, that only commands read, or that only the tests do."""
SANDBOX: Final = 8090


def code_of(text: str) -> Iterator[str]:
    """Yield what stands in code: fenced blocks, indented ones line by line, and words between backticks."""
    yield from (block for language, block in fenced(text) if language not in {"toml", "json", "yaml"})
    without = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    joined = re.sub(r"\\\n\s+", "", without)
    # A line that stands further in goes on with the one before.
    yield from re.findall(r"^    (\S.*(?:\n     +.+)*)$", joined, re.MULTILINE)
    yield from (" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", joined))


def fenced(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@cache
def routes() -> dict[str, set[str]]:
    """Return the relay's paths as patterns, with their methods."""
    described: dict[str, Any] = json.loads((ROOT / "openapi/relay.json").read_text())["paths"]
    found = {re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)): set(methods) for path, methods in described.items()}
    return {**found, r"/console(/.*)?": {"get"}, "/docs": {"get"}, r"/openapi\.json": {"get"}}


def misunderstood(words: list[str]) -> str | None:
    """Say what of a call of ``carrier-relay`` is no command or option of it, if anything is."""
    command: Any = get_command(application)
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {
        "-h",
        "--help",
    }
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in options]
    if unknown:
        return f"{command.name} has no {unknown[0]}"
    word = next((word for word in rest if not word.startswith("-")), "")
    # `carriers easypost` is short for `carriers show easypost`.
    if hasattr(command, "commands") and re.fullmatch(r"[a-z-]+", word) and command.name != "carriers":
        return f"{command.name or words[0]} has no command {word}"
    return None


def calls_of(code: str) -> Iterator[list[str]]:
    for line in code.splitlines():
        for found in re.findall(r"(?:^|[\s/])(?<!namespace )(carrier-relay(?: .*)?)$", line.partition(" # ")[0]):
            try:
                words = shlex.split(found)
            except ValueError:
                words = found.split()
            yield words[: next((at for at, word in enumerate(words) if word in {"|", "&&", ">", ";"}), None)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_ones_that_the_relay_has(page: Path) -> None:
    wrong = [
        (" ".join(words), why)
        for code in code_of(page.read_text())
        for words in calls_of(code)
        if (why := misunderstood(words))
    ]
    assert [] == wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_of_make_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for code in code_of(page.read_text()) for word in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", code)}

    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_calls_by_curl_reach_a_route(page: Path) -> None:
    lost = []
    for code in code_of(page.read_text()):
        if not code.startswith("curl "):
            continue
        words = shlex.split(code.partition(" | ")[0].replace("$RELAY_OPS_URL", "http://127.0.0.1:8080"))
        method = "post" if "-d" in words else "head" if "-sSI" in words else "get"
        for url in (urlsplit(word) for word in words if word.startswith("http")):
            taken = [methods for pattern, methods in routes().items() if re.fullmatch(pattern, url.path)]
            if url.port != SANDBOX and not any(method in methods or method == "head" for methods in taken):
                lost.append(f"{method} {url.path}")
    assert [] == lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_operators_routes_are_there(page: Path) -> None:
    named = {path for code in code_of(page.read_text()) for path in re.findall(r"/ops/v1/[a-z/{}-]+[a-z}]", code)}

    assert [] == [path for path in named if not any(re.fullmatch(pattern, path) for pattern in routes())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_metrics_variables_and_problems_are_there(page: Path) -> None:
    text = page.read_text()
    metrics = {doc.name for doc in describe_metrics()}
    settings = {re.sub(r"<\w+>", "[A-Z0-9_]+?", setting.variable) for setting in describe_settings()} | NOT_SETTINGS
    text = re.sub(r"<([A-Z]+)>", r"\1", text)
    named = {name.removesuffix("_") for name in re.findall(r"`(relay_[a-z_]+?)(?:_bucket|_sum|_count)?`", text)}

    assert named <= metrics
    assert [] == [name for name in re.findall(r"RELAY_[A-Z_]+", text) if not re.fullmatch("|".join(settings), name)]
    assert set(re.findall(r"problems\.md#([\w-]+)", text)) <= {
        f"{slug}-{problem.status}" for slug, problem in CATALOGUE.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_are_there(page: Path) -> None:
    named = {
        path
        for code in code_of(page.read_text())
        for path in re.findall(r"(?:^|\s)((?:app|deploy|docs|openapi|requirements|tests)/[\w./-]*\w)", code)
    }
    # Written by whoever follows the page, or named so by kubectl.
    mine = re.compile(r"deploy/(relay)?\.env|deploy/relay(-ops)?|app/(carriers|examples)/acme[-_]log.*")

    assert [] == sorted(path for path in named if not (ROOT / path).exists() and not mine.fullmatch(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_lead_to_headings(page: Path) -> None:
    lost = []
    for file, anchor in re.findall(r"\]\(([\w./-]*)#([^)]+)\)", page.read_text()):
        target = page.parent / file if file else page
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        if anchor not in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}:
            lost.append(f"{file}#{anchor}")
    assert [] == lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_of_data_can_be_read(page: Path) -> None:
    readers = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}

    for language, block in fenced(page.read_text()):
        if language in readers:
            assert readers[language](block)


def test_each_alert_says_what_to_type() -> None:
    alerts = (DOCS / "runbook.md").read_text().split("\n# Problems", 1)[0]

    for entry in alerts.split("\n## ")[1:]:
        assert re.search(r"^    \S", entry, re.MULTILINE), entry.partition("\n")[0]
