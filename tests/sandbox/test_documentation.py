"""What docs/sandbox.md says of options, calls and the command is what there is."""

import json
import re
from dataclasses import fields
from pathlib import Path

from typer.testing import CliRunner

from app.cli.application import application
from app.sandbox import SandboxOptions
from tests.sandbox.conftest import Oms

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text("utf-8")


def test_every_option_is_on_the_page_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \| .+ \|$", PAGE, re.MULTILINE)
    defaults = SandboxOptions()

    assert [field.name for field in fields(SandboxOptions)] == [name for name, _ in rows]
    assert {name: getattr(defaults, name) for name, _ in rows} == {name: json.loads(value) for name, value in rows}


def test_options_that_the_page_sets_can_be_set(oms: Oms) -> None:
    settings = [json.loads(text) for text in re.findall(r'`(\{"\w+": [^`{}]+\})`', PAGE)]
    options = [each for each in settings if not {"count", "orders", "hookConfig"} & each.keys()]

    assert 7 == len(options)
    for option in options:
        assert 200 == oms.http.put("/sandbox/api/options", json=option).status_code


def test_calls_of_the_page_exist(oms: Oms) -> None:
    paths = oms.http.get("/sandbox/openapi.json").json()["paths"]
    known = {(method.upper(), path.split("{")[0]) for path, methods in paths.items() for method in methods}
    named = re.findall(r"`(GET|POST|PUT) (/(?!api|sandbox)[a-z/-]+)", PAGE)

    assert len(set(named)) > 8
    assert [] == [(method, path) for method, path in named if (method, f"/sandbox/api{path}") not in known]


def test_flags_of_the_page_are_the_commands() -> None:
    text = CliRunner().invoke(application, ["sandbox", "--help"], env={"COLUMNS": "200"}).stdout

    assert set(re.findall(r"--[a-z]+", text)) - {"--help"} == set(re.findall(r"`(--[a-z]+)", PAGE))
