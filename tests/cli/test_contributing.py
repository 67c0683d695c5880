"""Whoever follows CONTRIBUTING.md adds a carrier by one file and its examples: that page's commands, in a copy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.documents import ROOT

SLUG: Final = "acme-log"
PAGE: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("### How sure we are")[0]
COPIED: Final = ("app", "deploy", "docs", "openapi", "requirements", "tests", "Makefile", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the source to where a newcomer may change it; the environment is this one."""
    left_out = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=left_out)
        else:
            shutil.copy2(source, tmp_path / name)
    environment = tmp_path / ".venv"
    environment.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".installed":
            (environment / part.name).symlink_to(part)
    # As new as the lock: nothing is to be installed, and nothing of this environment is changed.
    (environment / ".installed").touch()
    return tmp_path


def typed(copy: Path, command: str) -> str:
    # `app` is the copy's, whatever the environment has installed; what a `make` around this was told is not for that.
    ours = ("COV", "MAKE", "MFLAGS", "PYTEST", "RELAY")
    known = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=copy,
        env={**known, "PYTHONPATH": str(copy)},
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def files(copy: Path) -> dict[str, bytes]:
    return {
        path.relative_to(copy).as_posix(): path.read_bytes()
        for name in COPIED
        for path in (copy / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_carrier_is_one_file_and_its_examples(copy: Path) -> None:
    shown = re.findall(r"^    ((?:make|\.venv/bin/)\S* .+|make docs)$", PAGE, re.MULTILINE)
    example = re.search(r"^(    POST .+?\n\n    \{.+?\})$", PAGE, re.MULTILINE | re.DOTALL)
    assert example is not None
    before = files(copy)

    assert shown[0] == f"make new-carrier SLUG={SLUG}"
    typed(copy, shown[0])
    # Another one beside those that were written, as the page shows it.
    folder = copy / "app" / "examples" / SLUG
    (folder / "shown.http").write_text(re.sub("^    ", "", example[1], flags=re.MULTILINE), "utf-8", newline="")
    (copy / "saved.http").write_bytes((folder / "delivered.http").read_bytes())
    (copy / "delivered.http").unlink(missing_ok=True)
    for command in shown[1:]:
        typed(copy, command)

    after = files(copy)
    written = {name for name in after if after[name] != before.get(name)}
    made = {"docs/carriers.md", "docs/data-map.md", "docs/data-map.pt-BR.md", "openapi/relay.json"}
    assert {f"app/carriers/{SLUG.replace('-', '_')}.py", *made} == {
        name for name in written if not name.startswith(f"app/examples/{SLUG}/")
    }
    assert {
        "delivered.http",
        "delivered.json",
        "label-printed.http",
        "label-printed.json",
        "shown.http",
        "shown.json",
    } == {Path(name).name for name in written if name.startswith(f"app/examples/{SLUG}/")}
    assert set(before) <= set(after)


@pytest.mark.parametrize("command", ["make new-carrier", "make golden SLUG=Acme"])
def test_a_slug_that_is_none_is_said_to_be_none(copy: Path, command: str) -> None:
    done = subprocess.run(["bash", "-c", command], cwd=copy, check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert "Name the carrier by its slug" in done.stderr
