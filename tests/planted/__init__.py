"""Plant bugs in copies of the source and see whether the state machine finds them: ``python -m tests.planted``."""
