"""Fuzz one target with atheris: ``python -m tests.fuzz TARGET --seconds 600``; needs what ``make fuzz`` installs.

What was found before is tried again first; a finding is left in ``build/fuzz/TARGET`` and ends the run with its trace.
"""

import argparse
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

_FOLDER: Final = Path("build/fuzz")
_LONGEST: Final = 16_384


def main(arguments: Sequence[str] | None = None) -> None:
    """Fuzz until the time is over or something is found; the exit status is atheris' own."""
    import atheris  # noqa: PLC0415 - only here, and only in an environment of its own

    with atheris.instrument_imports(include=["app"]):
        from tests.fuzz.targets import TARGETS, seeds  # noqa: PLC0415 - instrumented as it is imported

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=600, help="for how long")
    options = parser.parse_args(arguments)
    corpus = _FOLDER / options.target
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(options.target):
        (corpus / sha256(seed).hexdigest()[:32]).write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={options.seconds}",
            f"-max_len={_LONGEST}",
            f"-artifact_prefix={_FOLDER}/{options.target}-",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
        ],
        TARGETS[options.target],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
