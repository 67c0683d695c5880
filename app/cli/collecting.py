"""When a long-running process looks for garbage: not while it starts, and never among what its start made.

What is imported and built at the start stays until the end. To look through all of it costs a sixth of the start, and
later, each time, a pause of a tenth of a second in which nobody is answered.
"""

import gc
from typing import Final

from app.allocator import few_arenas

__all__ = ["keep_what_is_there", "only_make", "run"]

_BETWEEN_COLLECTIONS: Final = 10_000
"""Objects that were made and are still there: a burst of webhooks holds many, all of them in use."""
_YOUNG_COLLECTIONS: Final = 10
"""As Python has it."""
_PARTIAL_COLLECTIONS: Final = 3
"""Before everything is looked through, which is little: what the start made is left out. Ten, as Python has it, let
garbage of 3 MB gather for some minutes, and memory that was once needed for it is rarely given back."""


def only_make() -> None:
    """Collect nothing until `keep_what_is_there`."""
    gc.disable()


def run(host: str | None, port: int | None, role: str) -> None:
    """Serve; see `app.cli.serving.run`."""
    only_make()
    few_arenas()
    from app.cli.serving import run as serve
    from app.web import Part

    serve(host, port, Part(role))


def keep_what_is_there() -> None:
    """Look only at what is made from now on."""
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS, _YOUNG_COLLECTIONS, _PARTIAL_COLLECTIONS)
    gc.enable()
