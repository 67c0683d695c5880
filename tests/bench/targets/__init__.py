"""The targets of `docs/performance.md`, each measured beside its yardstick in the same round: ``make bench``."""
