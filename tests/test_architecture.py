"""The house rules that no linter knows, read from the syntax tree and from git's list of files.

Which way imports point is import-linter's (`make check`); what a carrier's file looks like is in
test_carrier_files.
"""

import ast
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.relative_to(ROOT) for folder in ("app", "tests") for path in (ROOT / folder).rglob("*.py"))
PACKAGES = [path for path in MODULES if path.name == "__init__.py" and path.parts[0] == "app"]

MODULE_LINES = 300
FUNCTION_LINES = 60

# A name made with one of these words says where code was put and not what it does.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "misc", "lib"}
# These are good words in a longer name and say nothing alone.
EMPTY_NAMES = {"base", "data", "process"}
# What a library calls by this name cannot have another.
GIVEN_NAMES = {"handle_async_request", "handle_data", "handle_endtag", "handle_error", "handle_starttag"}

REGISTRY_HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|debian|crates|golang|rubygems|docker)[.](?:org|com|io|net)\b", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|home|Users)/\w|/opt/(?:wheels|pypi)\b|[.]pyenv/")

# Modules of `app` that only these others may import, whatever their layer.
KNOWN_TO = {
    "settings": {"__main__", "cli", "main"},
    "sandbox": {"__main__", "cli", "main"},
    "telemetry": {
        "alerting",
        "calling",
        "worker",
        "cli",
        "forwarder",
        "gathering",
        "indexing",
        "intake",
        "main",
        "mapping",
        "resolution",
        "retention",
        "web",
    },
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"), filename=str(path))


def definitions(module: ast.Module) -> Iterator[Definition]:
    for node in ast.walk(module):
        if isinstance(node, Definition):
            yield node


def imports(module: ast.Module) -> Iterator[str]:
    """Yield the full name of everything that a module imports, however it does."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words(name: str) -> set[str]:
    """Split `snake_case` and `CamelCase` names into lower-case words."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def is_empty_name(name: str) -> bool:
    plain = name.strip("_").lower()
    return plain in EMPTY_NAMES or plain.startswith("handle_") or bool(words(name) & EMPTY_WORDS)


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Yield the files that git has or would take, with their text; binary files have none."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            yield name, content.decode("utf-8", "replace")


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


# A migration is a list of statements; cutting it in pieces would only hide their order.
WRITTEN = [path for path in MODULES if path.parent.name != "versions"]


@pytest.mark.parametrize("path", WRITTEN, ids=str)
def test_a_module_is_short_enough_to_be_read_at_once(path: Path) -> None:
    lines = len((ROOT / path).read_text("utf-8").splitlines())

    assert lines <= MODULE_LINES


@pytest.mark.parametrize("path", WRITTEN, ids=str)
def test_a_function_fits_a_screen(path: Path) -> None:
    lengths = {
        node.name: node.end_lineno - node.lineno + 1
        for node in definitions(tree(path))
        if not isinstance(node, ast.ClassDef) and node.end_lineno is not None
    }

    assert {} == {name: length for name, length in lengths.items() if length > FUNCTION_LINES}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_names_say_what_a_thing_does(path: Path) -> None:
    names = [path.stem, path.parent.name, *(node.name for node in definitions(tree(path)))]

    assert [] == [name for name in names if is_empty_name(name) and name not in GIVEN_NAMES]


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("utils", True),
        ("json_utils", True),
        ("AccountManager", True),
        ("HTTPHelper", True),
        ("_handle_event", True),
        ("data", True),
        ("Base", True),
        ("process", True),
        ("base_url", False),
        ("processed_at", False),
        ("library", False),
        ("commonly_seen", False),
    ],
)
def test_an_empty_name_is_told_from_a_good_one(name: str, empty: bool) -> None:
    assert empty == is_empty_name(name)


@pytest.mark.parametrize("path", PACKAGES, ids=str)
def test_a_package_that_offers_names_says_which(path: Path) -> None:
    """That `__all__` is sorted and names what exists is ruff's to see."""
    body = tree(path).body
    offers = any(isinstance(node, Definition | ast.ImportFrom | ast.Assign) for node in body)
    lists = sum(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__" for node in body)

    assert offers == lists


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "app"], ids=str)
def test_some_modules_are_known_to_few(path: Path) -> None:
    importer = path.parts[1].removesuffix(".py")
    parts = [name.split(".") for name in imports(tree(path)) if name.startswith("app.")]

    assert [] == [
        ".".join(name)
        for name in parts
        if name[1] in KNOWN_TO and name[1] != importer and importer not in KNOWN_TO[name[1]]
    ]


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "tests"], ids=str)
def test_a_test_neither_mocks_our_code_nor_is_switched_off(path: Path) -> None:
    forbidden = {"unittest.mock", "mocker", "pytest.skip", "pytest.xfail", "pytest.mark.skip", "pytest.mark.xfail"}
    forbidden |= {"pytest.mark.skipif", "pytest.importorskip", "time.sleep"}
    module = tree(path)
    used = {ast.unparse(node) for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    used |= {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}
    used |= set(imports(module)) | {name.rpartition(".")[0] for name in imports(module)}

    assert set() == used & forbidden


def test_no_test_reaches_beyond_this_machine() -> None:
    with (
        socket.socket() as client,
        pytest.warns(UserWarning, match="192[.]0[.]2[.]1"),
        pytest.raises(SocketConnectBlockedError),
    ):
        client.connect(("192.0.2.1", 443))


def test_no_tracked_file_names_a_package_registry() -> None:
    assert [] == lines_matching(REGISTRY_HOST)


def test_no_tracked_file_names_a_folder_of_somebodys_machine() -> None:
    assert [] == lines_matching(MACHINE_PATH)


def test_every_lock_pins_each_package_by_hash() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        requirements = re.split(r"\n(?=\w)", path.read_text("utf-8"))[1:]

        assert requirements, path.name
        assert [] == [text.split()[0] for text in requirements if "==" not in text or "--hash=sha256:" not in text]
