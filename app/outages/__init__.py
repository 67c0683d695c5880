"""When webhooks could not be taken, what becomes of those that came then, and what to write to their carriers."""

from typing import TYPE_CHECKING

from app.exports import late_names

if TYPE_CHECKING:
    from app.outages.gaps import Gap, gaps_in
    from app.outages.judging import Judgement, Verdict, judge
    from app.outages.letters import Language, letter
    from app.outages.recording import EVERY_SECONDS, SILENT, Outages

__all__ = [
    "EVERY_SECONDS",
    "SILENT",
    "Gap",
    "Judgement",
    "Language",
    "Outages",
    "Verdict",
    "gaps_in",
    "judge",
    "letter",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "gaps": "Gap gaps_in",
            "judging": "Judgement Verdict judge",
            "letters": "Language letter",
            "recording": "EVERY_SECONDS SILENT Outages",
        },
    )
