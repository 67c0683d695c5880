"""Both pages on personal data say of each age what the settings say."""

import re

import pytest

from app.settings import Settings
from tests.documents import DOCS

AGES = {
    name: field.default
    for name, field in Settings.model_fields.items()
    if name.endswith("_days") and name not in {"resolve_within_days", "quiet_after_days"}
}


@pytest.mark.parametrize(
    ("page", "day", "always"), [("privacy", "days", "for good"), ("privacy.pt-BR", "dias", "para sempre")]
)
def test_every_age_stands_in_the_table_with_its_default(page: str, day: str, always: str) -> None:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| [^|]+ \| `(\w+_days)`[^|]* \| ([^|]+) \|$", text, re.MULTILINE))

    assert rows == {name: always if days is None else f"{days} {day}" for name, days in AGES.items()}


def test_both_languages_have_the_same_commands_and_ages() -> None:
    english, portuguese = ((DOCS / f"privacy{suffix}.md").read_text("utf-8") for suffix in ("", ".pt-BR"))
    commands = r"^    (carrier-relay .+)$"

    assert re.findall(commands, english, re.MULTILINE) == re.findall(commands, portuguese, re.MULTILINE)
    assert set(re.findall(r"`(\w+_days)`", english)) == set(re.findall(r"`(\w+_days)`", portuguese))
