"""What README.md says can be typed, can be typed."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import application
from app.cli.demo.parcels import PARCELS
from app.cli.exits import ExitCode
from app.settings import load_settings
from app.web.schemas import NewShipment
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^    \.venv/bin/carrier-relay (.+)$", README, re.MULTILINE)


def test_every_link_leads_to_a_file() -> None:
    assert [] == [target for target in re.findall(r"\]\(([^)#]+)\)", README) if not (ROOT / target).exists()]


def test_every_command_is_there_and_each_is_named(run: Run) -> None:
    listed = re.findall(r"^  (\w+)  +[A-Z]", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)

    assert set(listed) == {line.split()[0] for line in re.findall(r"^\| `carrier-relay ([^`]+)`", README, re.MULTILINE)}


@pytest.mark.parametrize("line", BLOCKS)
def test_a_command_in_a_block_is_understood(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whether it can be done depends on what runs; that it is not refused as wrongly typed does not."""
    words = [str(ROOT / word) if word.startswith("app/") else word for word in shlex.split(line)]
    monkeypatch.chdir(tmp_path)

    assert ExitCode.BAD_INPUT != CliRunner().invoke(application, words).exit_code


def test_the_configuration_is_right_as_it_stands(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.+?)```", README, re.DOTALL)
    assert block is not None
    file = tmp_path / "relay.toml"
    file.write_text(block[1], "utf-8")

    settings = load_settings({}, config=file)

    assert ["mystore"] == list(settings.accounts)
    assert ["easypost"] == list(settings.accounts["mystore"].carriers)


def test_the_shipment_that_is_told_is_one() -> None:
    block = re.search(r"-d '(\{.+?\})'", README, re.DOTALL)
    assert block is not None

    assert "mystore" == NewShipment.model_validate(json.loads(block[1])).account


def test_the_demonstration_relays_what_is_shown() -> None:
    for parcel in PARCELS:
        count = f"{len(parcel.cases)} webhook{'' if len(parcel.cases) == 1 else 's'}"
        assert re.search(
            rf"{re.escape(parcel.courier)} +{parcel.tracking_number} +{count} +{parcel.events} rows", README
        )
