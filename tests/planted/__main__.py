"""Say of each planted bug whether the state machine finds it: ``python -m tests.planted --help``."""

import argparse
import sys

from tests.planted.bugs import BUGS
from tests.planted.search import search


def main(arguments: list[str] | None = None) -> int:
    """Search for each bug; the exit code is 1 when one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="examples to try for each bug at most (%(default)s)")
    parser.add_argument("--steps", type=int, default=30, help="steps of each example at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other examples (%(default)s)")
    parser.add_argument("--seconds", type=int, default=180, help="how long to look for each at most (%(default)s)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only bugs whose name holds these words")
    options = parser.parse_args(arguments)
    missed = 0
    sys.stdout.write("| planted bug | found by example | seconds | as |\n| --- | ---: | ---: | --- |\n")
    for bug in (bug for bug in BUGS if options.only in bug.name):
        found = search(bug, examples=options.examples, steps=options.steps, seed=options.seed, seconds=options.seconds)
        missed += found.examples is None
        shown = "-" if found.examples is None else str(found.examples)
        sys.stdout.write(f"| {bug.name} | {shown} | {found.seconds:.0f} | {found.words} |\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
