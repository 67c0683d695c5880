"""Carriers are found by folder, and a folder with anything wrong in it stops the start."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.carriers import adapters, discover, find, known, module_name
from app.errors import ConfigurationError

GOOD = """
from dataclasses import replace
from app.carriers.easypost import ADAPTER as EASYPOST
ADAPTER = replace(EASYPOST, slug="{slug}")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give an importable package to put carriers into."""
    folder = tmp_path / "found_carriers"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "found_carriers"]:
        del sys.modules[name]


def find_in(package: Path, **modules: str) -> list[str]:
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text, "utf-8")
    return list(discover(package.name, [str(package)]))


def test_every_module_is_a_carrier_in_alphabetical_order(package: Path) -> None:
    found = find_in(
        package,
        _17track=GOOD.format(slug="17track"),
        z_two=GOOD.format(slug="z-two"),
        one=GOOD.format(slug="one"),
    )

    assert ["17track", "one", "z-two"] == found


def test_everything_wrong_is_named_at_once(package: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        find_in(
            package,
            broken="raise KeyError('x')",
            empty="",
            misnamed=GOOD.format(slug="other"),
            twice=GOOD.format(slug="misnamed"),
            wrong="ADAPTER = 1",
            good=GOOD.format(slug="good"),
        )

    assert refusal.value.problems == (
        "found_carriers/broken.py: cannot be imported: KeyError: 'x'",
        "found_carriers/empty.py: holds no ADAPTER; every module here is a carrier",
        "found_carriers/misnamed.py: its slug 'other' belongs in other.py",
        "found_carriers/twice.py: its slug 'misnamed' belongs in misnamed.py",
        "found_carriers/wrong.py: holds no ADAPTER; every module here is a carrier",
    )


def test_the_shipped_carriers_are_found_once_and_cannot_be_changed() -> None:
    assert "easypost" in adapters()
    assert adapters() is adapters()
    assert sorted(adapters()) == list(adapters())
    assert not hasattr(adapters(), "__setitem__")


def test_a_carrier_is_found_by_slug_and_a_misspelt_one_is_told_the_nearest() -> None:
    assert find("jt-express-br").name == "J&T Express Brasil"
    with pytest.raises(ConfigurationError, match=r"no carrier is called 'easypots'; did you mean easypost\?"):
        find("easypots")
    with pytest.raises(ConfigurationError, match=r"no carrier is called 'qqq'; there are .*easypost, "):
        find("qqq")


def test_a_module_is_named_after_its_slug() -> None:
    assert ("jt_express_br", "_17track", "_99minutos") == tuple(
        module_name(slug) for slug in ("jt-express-br", "17track", "99minutos")
    )


def test_what_is_known_are_the_same_carriers_each_imported_when_it_is_asked_for() -> None:
    assert list(adapters()) == list(known())
    assert len(adapters()) == len(known())
    assert all(known()[slug] is adapter for slug, adapter in adapters().items())
    assert known().get("nobody") is None
