"""How commands end: exit codes that scripts rely on, and sentences instead of tracebacks."""

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from app.errors import (
    CallFailed,
    ConfigurationError,
    EgressRefused,
    KeyNeeded,
    MalformedPayload,
    RelayError,
    StoreBusy,
    Unavailable,
)

if TYPE_CHECKING:
    import typer

__all__ = ["EXIT_CODES", "ExitCode", "exit_code_of", "sentences", "stop"]


class ExitCode(IntEnum):
    """What a command's exit status says."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    CONFIGURATION = 3
    UNAVAILABLE = 4


_MEANINGS: Final = {
    ExitCode.OK: "done, or stopped as asked",
    ExitCode.FAILED: "tried, and the answer is no: a webhook refused, a signature wrong, a finding of doctor",
    ExitCode.BAD_INPUT: "an option, argument, file or body is not what the command takes",
    ExitCode.CONFIGURATION: "a setting is missing, unknown or contradictory",
    ExitCode.UNAVAILABLE: "the database is in use or unusable, or nothing answers: try again later",
}

EXIT_CODES: Final = "\b\nExit codes:\n" + "\n".join(f"  {code:d}  {text}" for code, text in _MEANINGS.items())
"""The table of exit codes as ``--help`` shows it."""

_CODES: Final[tuple[tuple[type[RelayError], ExitCode], ...]] = (
    (ConfigurationError, ExitCode.CONFIGURATION),
    (MalformedPayload, ExitCode.BAD_INPUT),
    (EgressRefused, ExitCode.BAD_INPUT),
    (Unavailable, ExitCode.UNAVAILABLE),
    (StoreBusy, ExitCode.UNAVAILABLE),
    (CallFailed, ExitCode.UNAVAILABLE),
    (KeyNeeded, ExitCode.UNAVAILABLE),
)


def exit_code_of(error: RelayError) -> ExitCode:
    """Return the exit code that an error ends a command with."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.FAILED)


def sentences(error: RelayError) -> tuple[str, ...]:
    """Say what is wrong, one sentence per problem."""
    return error.problems if isinstance(error, ConfigurationError) else (str(error),)


def stop(code: ExitCode, *problems: str) -> "typer.Exit":
    """Write problems to standard error, one per line; raise what is returned to end the command."""
    import typer

    for problem in problems:
        typer.echo(f"carrier-relay: {problem}", err=True)
    return typer.Exit(code)
