"""How a carrier's file is laid out, so that forty of them read like one."""

import ast
import re
from pathlib import Path

import pytest

from app.carriers import module_name

ROOT = Path(__file__).resolve().parent.parent
CARRIERS = sorted(path for path in (ROOT / "app" / "carriers").glob("*") if path.name != "__pycache__")
FILES = [path for path in CARRIERS if path.name != "__init__.py"]

CARRIER_LINES = 200
READ_ON = re.compile(r"\b(?:Pages?|Sources?) read 20\d\d-[01]\d-[0-3]\d")
# A carrier can reach nothing: it turns bytes into events with these and no others.
ALLOWED_OF_APP = {"adapter", "dialects", "model", "payload", "personal", "verification"}
ALLOWED_OF_PYTHON = {
    "base64",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "itertools",
    "re",
    "types",
    "typing",
    "unicodedata",
    "urllib.parse",
}
PARTS = ("docstring", "imports", "tables", "parse", "helpers", "ADAPTER")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on every carrier's file, or on the one that `--carrier` names."""
    if "path" in metafunc.fixturenames:
        slug = metafunc.config.getoption("--carrier")
        chosen = [path for path in FILES if slug is None or path.stem == module_name(slug)]
        if slug and not chosen:
            message = f"no carrier is called {slug}: app/carriers/{module_name(slug)}.py does not exist"
            raise pytest.UsageError(message)
        metafunc.parametrize("path", chosen, ids=[path.stem for path in chosen])


def part_of(node: ast.stmt) -> str:
    """Name the part of a carrier's file that a top-level statement belongs to."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return "docstring"
        case ast.Import() | ast.ImportFrom():
            return "imports"
        case ast.Assign(targets=[ast.Name(id="ADAPTER")]):
            return "ADAPTER"
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            return "tables"
        case ast.FunctionDef(name="parse"):
            return "parse"
        case ast.FunctionDef() | ast.ClassDef():
            return "helpers"
    message = f"line {node.lineno}: {ast.unparse(node).splitlines()[0]!r} is no part of a carrier's file"
    raise AssertionError(message)


def module(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def imported(path: Path) -> set[str]:
    """List the modules that a carrier imports, those of `app` as `app.<module>`."""
    names: set[str] = set()
    for node in ast.walk(module(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return {
        ".".join(name.split(".")[:2]) if name.startswith(("app.", "urllib.")) else name.split(".")[0] for name in names
    }


def test_the_folder_holds_carriers_and_nothing_else() -> None:
    assert FILES
    assert [] == [path.name for path in CARRIERS if path.suffix != ".py"]


def test_no_carrier_has_a_test_module_of_its_own() -> None:
    slugs = {path.stem.removeprefix("_") for path in FILES}
    tests = (ROOT / "tests").rglob("test_*.py")

    assert [] == [str(path.relative_to(ROOT)) for path in tests if path.stem.removeprefix("test_") in slugs]


def test_a_carrier_is_short(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())

    assert lines <= CARRIER_LINES


def test_a_carriers_parts_come_in_order(path: Path) -> None:
    """Docstring, imports, tables, `parse`, what it needs, `ADAPTER`."""
    parts = [part_of(node) for node in module(path).body]

    assert sorted(parts, key=PARTS.index) == parts
    assert parts.count("docstring") == 1
    assert parts.count("ADAPTER") == 1


def test_a_carrier_imports_nothing_that_could_reach_the_world(path: Path) -> None:
    allowed = ALLOWED_OF_PYTHON | {f"app.{name}" for name in ALLOWED_OF_APP}

    assert set() == imported(path) - allowed


def test_a_carrier_offers_its_adapter_and_nothing_else(path: Path) -> None:
    exported = [
        ast.literal_eval(node.value)
        for node in module(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]

    assert exported in ([], [["ADAPTER"]])


def test_a_carrier_says_how_its_webhooks_are_shaped_and_when_that_was_read(path: Path) -> None:
    text = ast.get_docstring(module(path)) or ""
    summary = text.splitlines()[0] if text else ""

    assert re.fullmatch(r"[^:]+: .+\.", summary), "the first line reads 'Name: how its webhooks are shaped.'"
    assert READ_ON.search(text), "the docstring says 'Page read YYYY-MM-DD.'"


def test_a_carriers_slug_is_its_files_name(path: Path) -> None:
    slugs = [
        keyword.value.value
        for node in ast.walk(module(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Adapter"
        for keyword in node.keywords
        if keyword.arg == "slug" and isinstance(keyword.value, ast.Constant)
    ]

    assert [path.stem] == [module_name(str(slug)) for slug in slugs]


def test_a_carrier_says_what_it_does_about_webhooks_that_were_not_taken(path: Path) -> None:
    # Even that nothing is told must have been looked up.
    assert "redelivery=Redelivery(" in path.read_text("utf-8")
