"""Number rules are shown where people look for them: by `doctor`, `carriers brief` and `try`."""

import json
from pathlib import Path

import pytest

from app.examples import FOLDER
from tests.cli.conftest import Run

CONFIGURATION = """
public_url = "https://hooks.mystore.example"
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["the-live-secret"]
number_rules = [{rule = "add-suffix", value = "BR"}, {rule = "to-invoice", pattern = "LOJA{invoice}"}]
"""
EXAMPLE = str(FOLDER / "easypost" / "delivered.http")


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "relay.toml"
    file.write_text(CONFIGURATION)
    monkeypatch.setenv("RELAY_CONFIG", str(file))


@pytest.mark.usefixtures("configured")
def test_doctor_shows_them(run: Run) -> None:
    result = run("doctor", "--no-online")

    assert "number_rules: add-suffix BR; to-invoice LOJA{invoice}" in " ".join(result.stdout.split())


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("language", "title"), [("en", "How our numbers are made"), ("pt", "Como nossos números")])
def test_a_brief_tells_the_carrier(run: Run, language: str, title: str) -> None:
    result = run("carriers", "brief", "easypost", "--lang", language)

    assert title in result.stdout
    assert "- to-invoice LOJA{invoice}" in result.stdout


@pytest.mark.usefixtures("configured")
def test_try_shows_what_they_make_of_a_webhook(run: Run) -> None:
    made = json.loads(run("try", "easypost", EXAMPLE, "--account", "mystore", "--json").stdout)["number_rules"]
    text = run("try", "easypost", EXAMPLE, "--account", "mystore").stdout

    assert made
    assert all(line.endswith(" by add-suffix BR") for line in made)
    assert made[0] in text
    assert "number_rules" not in json.loads(run("try", "easypost", EXAMPLE, "--json").stdout)
