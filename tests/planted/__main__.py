"""Say of each planted bug whether the state machine finds it: ``python -m tests.planted --help``."""

import argparse
import sys

from tests.planted.bugs import BUGS
from tests.planted.search import search


def main(arguments: list[str] | None = None) -> int:
    """Search for each bug, and without any; the exit code is 1 when one was not found, or one that nobody planted."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="examples to try for each bug at most (%(default)s)")
    parser.add_argument("--steps", type=int, default=30, help="steps of each example at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other examples (%(default)s)")
    parser.add_argument("--seconds", type=int, default=180, help="how long to look for each at most (%(default)s)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only bugs whose name holds these words")
    options = parser.parse_args(arguments)
    wrong = 0
    sys.stdout.write("| planted bug | found by example | seconds | as |\n| --- | ---: | ---: | --- |\n")
    # A machine that complains of everything finds every bug: it must find nothing where none is.
    for bug in (None, *(bug for bug in BUGS if options.only in bug.name)):
        found = search(bug, examples=options.examples, steps=options.steps, seed=options.seed, seconds=options.seconds)
        is_found = found.examples is not None
        wrong += is_found is not (bug is not None)
        name = bug.name if bug else "(none: nothing may be found)"
        sys.stdout.write(f"| {name} | {found.examples or '-'} | {found.seconds:.0f} | {found.words} |\n")
        sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
