"""Shells complete commands and options."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import clean_environment
from tests.documents import ROOT

PROGRAM = Path(sys.executable).with_name("carrier-relay")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("carrier-relay acc", ["accounts"]),
        ("carrier-relay accounts comp", ["compare"]),
        ("carrier-relay send --rep", ["--repeat"]),
    ],
)
def test_bash_completes_what_was_begun(typed: str, completed: list[str]) -> None:
    words = " ".join(f"'{word}'" for word in typed.split())
    script = f"""
    eval "$(_CARRIER_RELAY_COMPLETE=source_bash {PROGRAM})"
    COMP_WORDS=({words}); COMP_CWORD=$(({len(typed.split())} - 1))
    carrier-relay() {{ {PROGRAM} "$@"; }}
    function_name=$(complete -p carrier-relay | sed -E 's/.*-F (\\S+).*/\\1/')
    "$function_name" {PROGRAM}
    echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script],
        env=clean_environment(PYTHONPATH=str(ROOT)),
        check=True,
        capture_output=True,
        text=True,
    )

    assert completed == done.stdout.split(), done.stderr
