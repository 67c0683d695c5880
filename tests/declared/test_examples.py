"""The worked examples read what the carriers with a file read, from the same requests."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.adapter import Adapter
from app.carriers import adapters, find
from app.declared import declare
from app.examples import Example, examples
from tests.carriers.golden import golden

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "declared"
TWINS = {
    "form-with-digest.toml": "jt-express-br",
    "json-with-signature.toml": "skydropx",
    "local-times.toml": "azul-cargo",
}
CASES = [(file, example) for file, slug in TWINS.items() for example in examples(slug)]


def declaration(file: str) -> tuple[str, dict[str, Any]]:
    """Return the only declaration of a file."""
    ((slug, table),) = tomllib.loads((FOLDER / file).read_text("utf-8"))["declared"].items()
    return slug, table


def twin(file: str) -> Adapter:
    """Return what a file declares under the slug of its twin, which is part of every fingerprint."""
    return declare(TWINS[file], declaration(file)[1])


def test_every_example_has_a_twin() -> None:
    assert sorted(TWINS) == sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("file", sorted(TWINS))
def test_an_example_has_a_slug_of_its_own(file: str) -> None:
    slug, table = declaration(file)

    assert slug not in adapters()
    assert slug == declare(slug, table).slug


@pytest.mark.parametrize(("file", "example"), CASES, ids=[f"{TWINS[file]}-{example.name}" for file, example in CASES])
def test_an_example_reads_what_its_twin_reads(file: str, example: Example) -> None:
    ours, theirs = golden(twin(file), example), golden(find(TWINS[file]), example)

    assert theirs.get("events") == ours.get("events")
    assert ("unmappable" in theirs) == ("unmappable" in ours)
    assert len(theirs.get("ignored", ())) == len(ours.get("ignored", ()))


@pytest.mark.parametrize("file", sorted(TWINS))
def test_an_example_proves_its_sender_and_answers_as_its_twin_does(file: str) -> None:
    ours, theirs = twin(file), find(TWINS[file])

    assert theirs.verification.describe() == ours.verification.describe()
    assert theirs.acknowledgement == ours.acknowledgement
    assert (theirs.media_types, theirs.zone, theirs.timeless) == (ours.media_types, ours.zone, ours.timeless)
    assert theirs.milestones.items() <= ours.milestones.items()


def test_the_documentation_names_every_key_and_every_function() -> None:
    text = (ROOT / "docs" / "declared-carriers.md").read_text("utf-8")
    sources = [path.read_text("utf-8") for path in sorted((ROOT / "app" / "declared").glob("*.py"))]
    asked = r"keys\.(?:text|texts|flag|status|choice|choices|words|expression|expressions|table|tables)\(\s*\"(\w+)\""
    keys = {key for source in sources for key in re.findall(asked, source)}
    functions = {name for source in sources for name in re.findall(r"def _func_(\w+)", source)}

    assert {"parcels", "tracking_number", "code", "timestamp_header"} <= keys
    assert set() == {key for key in keys if f"`{key}`" not in text}
    assert set() == {name for name in functions if f"`{name}(" not in text}
