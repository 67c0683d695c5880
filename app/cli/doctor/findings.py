"""One thing that a look at the relay's surroundings found."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "note", "ok", "problem", "warning"]


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"  # Verified.
    NOTE = "note"  # Worth knowing.
    WARNING = "warning"  # Works, and will hurt one day.
    PROBLEM = "problem"  # Does not work.


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding: how bad, about what, and what to do."""

    level: Level
    about: str
    text: str

    def document(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return {"level": self.level.value, "about": self.about, "text": self.text}


def ok(about: str, text: str) -> Finding:
    """Say that something was verified."""
    return Finding(level=Level.OK, about=about, text=text)


def note(about: str, text: str) -> Finding:
    """Say what is worth knowing."""
    return Finding(level=Level.NOTE, about=about, text=text)


def warning(about: str, text: str) -> Finding:
    """Say what will hurt one day."""
    return Finding(level=Level.WARNING, about=about, text=text)


def problem(about: str, text: str) -> Finding:
    """Say what does not work."""
    return Finding(level=Level.PROBLEM, about=about, text=text)
