"""Import the HTTP client's library without the command line that it brings.

Nobody here runs it, and the libraries for colourful terminals that come with it are a tenth of what a start costs.
"""

import sys
from importlib import import_module

__all__: list[str] = []

_COMMANDS = "httpx._main"

if "httpx" not in sys.modules:
    # The library does without where that cannot be imported.
    sys.modules[_COMMANDS] = None  # type: ignore[assignment]
    try:
        import_module("httpx")
    finally:
        del sys.modules[_COMMANDS]
