"""Measure from a shell: ``python -m tests.imports --help``."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.imports.measuring import Plan, measure


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print what was found, and return 1 when memory grew or rows are missing."""
    parser = argparse.ArgumentParser(prog="make bench-import", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many shipments to import")
    parser.add_argument("--rate", type=float, default=20.0, help="webhooks a second that are posted all the while")
    parser.add_argument("--alone", type=float, default=20.0, help="seconds of webhooks without an import, to compare")
    parser.add_argument("--seconds", type=float, default=1800.0, help="give up after so long")
    options = parser.parse_args(arguments)
    plan = Plan(rows=options.rows, rate=options.rate, alone_seconds=options.alone, most_seconds=options.seconds)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-import-") as folder:
        report = measure(plan, Path(folder))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 0 if report.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
