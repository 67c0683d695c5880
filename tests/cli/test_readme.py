"""What README.md says can be typed, can be typed."""

import json
import re
from pathlib import Path

from app.cli.demo.parcels import PARCELS
from app.settings import load_settings
from app.web.schemas import NewShipment
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_link_leads_to_a_file() -> None:
    assert [] == [target for target in re.findall(r"\]\(([^)#]+)\)", README) if not (ROOT / target).exists()]


def test_every_command_is_there_and_each_is_named(run: Run) -> None:
    listed = re.findall(r"^  (\w+)  +[A-Z]", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)

    assert set(listed) == {line.split()[0] for line in re.findall(r"^\| `carrier-relay ([^`]+)`", README, re.MULTILINE)}


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
