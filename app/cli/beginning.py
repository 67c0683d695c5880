"""Where every command begins: `serve` without the library that reads arguments, which is a tenth of its start."""

import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from app.errors import RelayError
from app.web import Part

__all__ = ["main", "plainly_served"]

_OPTIONS: Final = ("--host", "--port", "--role")
_PORT: Final = re.compile("[0-9]{1,5}")
_MOST_PORT: Final = 65_535
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line."""
    serve = plainly_served(sys.argv[1:])
    if serve is None:
        from app.cli.application import application

        application()
        return
    try:
        serve()
    except RelayError as error:
        from app.cli.exits import exit_code_of, sentences

        sys.stderr.writelines(f"carrier-relay: {problem}\n" for problem in sentences(error))
        raise SystemExit(exit_code_of(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None


def plainly_served(arguments: Sequence[str]) -> Callable[[], None] | None:
    """Read `serve` with options as the documentation writes them; all else is the library's to read or to refuse."""
    names, values = arguments[1::2], arguments[2::2]
    given = dict(zip(names, values, strict=False))
    if arguments[:1] != ["serve"] or len(names) != len(values) or len(names) != len(given):
        return None
    host, port, role = map(given.pop, _OPTIONS, ("", "", Part.ALL.value))
    # Of absurdly many digits Python makes no number.
    is_port = not port or (_PORT.fullmatch(port) is not None and int(port) <= _MOST_PORT)
    if given or host.startswith("-") or not is_port or role not in set(Part):
        return None
    from app.cli.collecting import run

    return partial(run, host or None, int(port) if port else None, role)
