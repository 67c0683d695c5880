"""``carrier-relay`` for which every moment is the beginning of a crowd, so that it takes webhooks in and reads none.

Under an observer that makes it fifty times as slow its own seconds mean nothing.
"""

import math

from app import crowd
from app.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    crowd._MANY = 1  # type: ignore[misc]  # noqa: SLF001 - what a crowd is, and until when it is new
    crowd._REMEMBERED_SECONDS = crowd._NEW_SECONDS = math.inf  # type: ignore[misc]  # noqa: SLF001
    main()
