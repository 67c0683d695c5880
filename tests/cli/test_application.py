"""What holds for every command: help, exit codes, sentences instead of tracebacks."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from app import __version__
from app.cli.application import application
from app.cli.exits import ExitCode, exit_code_of, sentences
from app.errors import (
    CallFailed,
    ConfigurationError,
    EgressRefused,
    LookupFailed,
    MalformedPayload,
    MissingCredential,
    RelayError,
    StoreBusy,
    StoreUnavailable,
)
from tests.cli.conftest import Run
from tests.cli.processes import clean_environment

ROOT: Any = typer.main.get_command(application)
COMMANDS = ("serve", "sandbox", "send", "try", "explain", "doctor", "carriers", "migrate", "openapi", "token")
HEAVY = ("fastapi", "sqlalchemy", "httpx", "uvicorn", "pydantic_settings", "jinja2")


def test_help_lists_the_commands_and_the_exit_codes(run: Run) -> None:
    output = run("--help").stdout

    assert all(f"\n  {name} " in output for name in COMMANDS)
    assert all(f"\n    {code:d}  " in output for code in ExitCode)


@pytest.mark.parametrize("command", [*COMMANDS, "carriers brief", "token new"])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")

    assert 0 == result.exit_code
    assert "Usage: " in result.stdout


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Walk to every command that does something."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from commands(below, *path, name)


@pytest.mark.parametrize(("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in commands(ROOT)])
def test_the_help_of_every_command_ends_with_an_example_that_it_takes(path: tuple[str, ...], command: Any) -> None:
    shown = command.epilog.partition("Example:")[2].strip()
    words = shlex.split(shown.removeprefix("carrier-relay "))
    name, taken, context = "carrier-relay", ROOT, None
    while True:
        context = taken.make_context(name, words, parent=context)
        if not hasattr(taken, "commands"):
            break
        name, taken, words = taken.resolve_command(context, [*context._protected_args, *context.args])  # noqa: SLF001

    assert (command, path[-1]) == (taken, name)


def test_the_release_is_told(run: Run) -> None:
    assert f"carrier-relay {__version__}\n" == run("--version").stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x is missing"), ExitCode.CONFIGURATION),
        (MalformedPayload("$", "is missing"), ExitCode.BAD_INPUT),
        (EgressRefused("ftp"), ExitCode.BAD_INPUT),
        (StoreBusy("owned"), ExitCode.UNAVAILABLE),
        (StoreUnavailable("full"), ExitCode.UNAVAILABLE),
        (LookupFailed("no keys"), ExitCode.UNAVAILABLE),
        (CallFailed("no answer"), ExitCode.UNAVAILABLE),
        (MissingCredential("no header"), ExitCode.FAILED),
    ],
)
def test_every_kind_of_error_has_its_exit_code(error: RelayError, code: ExitCode) -> None:
    assert code == exit_code_of(error)


def test_each_problem_of_a_configuration_is_a_sentence_of_its_own() -> None:
    assert ("a is missing", "b is wrong") == sentences(ConfigurationError("a is missing", "b is wrong"))


def test_wrong_settings_end_with_3_and_a_line_for_each(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text("max_body_byte = 1\nlisten = 'here'\n")

    result = run("migrate")

    assert (3, "") == (result.exit_code, result.stdout)
    assert 2 == len(result.stderr.splitlines())
    assert all(line.startswith("carrier-relay: ") for line in result.stderr.splitlines())
    assert "did you mean max_body_bytes" in result.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("try", "mandae", "-")])
def test_help_and_try_load_nothing_heavy(folder: Path, arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        "from app.cli.application import application\n"
        f"try:\n    application({list(arguments)!r})\n"
        "except SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )

    output = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=folder,
        env=clean_environment(),
        input='{"trackingCode": "LJA4821301", "events": []}',
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert "LOADED []" == output.splitlines()[-1]


def test_the_package_is_a_command_as_well(folder: Path) -> None:
    output = subprocess.run(
        [sys.executable, "-m", "app", "--version"],
        check=True,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert f"carrier-relay {__version__}\n" == output
