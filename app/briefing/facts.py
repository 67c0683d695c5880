"""What one has to know of a carrier to get its webhooks going: facts for people, which no code decides by."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["CUSTOMER", "ITSELF", "NOT_BRIEFED", "WORLDWIDE", "Briefing", "WithoutPush"]

ITSELF: Final = "itself"
"""The carrier, or the service that tracks for it, posts to the address it is given."""
CUSTOMER: Final = "customer pushes documents"
"""Nothing is pushed: a program of the merchant asks the carrier and posts the answer to the relay."""
WORLDWIDE: Final = ("global",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a merchant and a carrier's engineer should know before the first webhook.

    What no text of the carrier confirms is marked as unconfirmed.

    Args:
        countries: Where it delivers, as ISO 3166 codes, or `WORLDWIDE`.
        pushes: Who posts: `ITSELF`, ``through <whom>``, or `CUSTOMER`.
        reports: Whether every scan comes, or only milestones such as posted and delivered.
        references: What its webhooks say about the order.
        setup: What the merchant does there, step by step.
        traps: What goes wrong when nobody says it first.

    """

    countries: tuple[str, ...]
    pushes: str
    reports: Literal["scans", "milestones"]
    references: tuple[str, ...]
    setup: tuple[str, ...]
    traps: tuple[str, ...]


NOT_BRIEFED: Final = Briefing(countries=WORLDWIDE, pushes=ITSELF, reports="scans", references=(), setup=(), traps=())
"""What is assumed of a carrier of which nobody has written more down than its adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPush:
    """A carrier that pushes nothing, and what to use in the place of it."""

    name: str
    countries: tuple[str, ...]
    known: str
    instead: str
