"""Packages whose names are found late have the names that type checkers are told, and give what they say."""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.exports import late_names

APP = Path(__file__).parent.parent / "app"
LATE = sorted(
    path.parent.relative_to(APP.parent) for path in APP.rglob("__init__.py") if "late_names(" in path.read_text("utf-8")
)


def told(package: Path) -> dict[str, str]:
    """Return what type checkers read: the module of each name."""
    module = ast.parse((APP.parent / package / "__init__.py").read_text("utf-8"))
    blocks = [node for node in module.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    assert ["TYPE_CHECKING"] == [ast.unparse(block.test) for block in blocks]
    imports = [node for node in blocks[0].body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def package_of(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.parts))


def test_there_are_some() -> None:
    assert Path("app/store") in LATE


@pytest.mark.parametrize("path", LATE, ids=str)
def test_each_name_is_had_from_the_module_that_type_checkers_are_told(path: Path) -> None:
    package = package_of(path)
    find = package.__dict__["__getattr__"]

    assert told(path)
    for name, module in told(path).items():
        assert find(name) is vars(importlib.import_module(module))[name]
        assert getattr(package, name) is find(name)
    assert set(told(path)) <= set(package.__all__)


@pytest.mark.parametrize("path", LATE, ids=str)
def test_no_late_name_is_a_modules_which_would_hide_it(path: Path) -> None:
    modules = {each.stem for each in (APP.parent / path).iterdir()}

    assert set() == modules & set(told(path))


@pytest.mark.parametrize("path", LATE, ids=str)
def test_a_name_that_there_is_not_is_said_to_be_none(path: Path) -> None:
    with pytest.raises(AttributeError, match=r"^module 'app\..*' has no attribute 'nobody'$"):
        _ = package_of(path).nobody


def test_a_name_is_sought_once(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("app.invented")
    monkeypatch.setitem(sys.modules, "app.invented", package)
    module = ModuleType("app.invented.things")
    vars(module)["Thing"] = thing = object()
    monkeypatch.setitem(sys.modules, "app.invented.things", module)

    assert thing is late_names("app.invented", {"things": "Thing Other"})("Thing")
    assert thing is vars(package)["Thing"]
