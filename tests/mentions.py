"""What is still told of in memory: whoever keeps something for each webhook or shipment keeps its name."""

import gc
import re

__all__ = ["mentioned"]


def mentioned(names: str) -> set[str]:
    """Find the names, which a regular expression describes, that stand in texts or bytes that any object holds."""
    gc.collect()
    pattern = re.compile(names)
    found: set[str] = set()
    for holder in gc.get_objects():
        for held in gc.get_referents(holder):
            if isinstance(held, str):
                found.update(pattern.findall(held))
            elif isinstance(held, bytes):
                found.update(pattern.findall(held.decode("latin-1")))
    return found
