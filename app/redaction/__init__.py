"""Show what came without what the reader may not see: the one place that decides it, for every surface.

A value is shown when its carrier's examples show that it is nobody's, or when it is about somebody the reader may know
of; everything else is masked. A mask says what stood there and how long it was, roughly.
"""

from app.redaction.rules import NOBODY, Sight, is_mask, known_paths, shown_words
from app.redaction.writing import Redacted, redact

__all__ = ["NOBODY", "Redacted", "Sight", "is_mask", "known_paths", "redact", "shown_words"]
