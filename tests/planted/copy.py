"""Run the machine of this copy until something breaks: ``python -m tests.planted.copy EXAMPLES STEPS SEED``."""

import sys

from hypothesis import Phase

from tests.machine.run import run_machine


def main() -> int:
    """Print how many examples ran, and what the last one found."""
    examples, steps, seed = map(int, sys.argv[1:])
    try:
        # It is enough to know that there is a fault: the smallest example is looked for where it is to be mended.
        ran = run_machine(examples=examples, steps=steps, seed=seed, phases=[Phase.generate], database=None)
    except Exception as error:  # noqa: BLE001 - however a bug shows, it shows
        ran = next(int(note.split()[-1]) for note in error.__notes__ if note.startswith("found by example"))
        words = " ".join(str(error).split())[:160]
        sys.stdout.write(f"{ran} {type(error).__name__}: {words}\n")
        return 3
    sys.stdout.write(f"{ran}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
