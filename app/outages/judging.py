"""What becomes of webhooks that came while they could not be taken: by what their carrier is known to do. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.adapter import Redelivery

__all__ = ["Judgement", "Verdict", "judge"]


class Verdict(StrEnum):
    """What an operator has to do about a gap, the least first."""

    RETRIES = "retries"  # Nothing: the carrier sends all of it again by itself.
    HEALS = "heals"  # Little: the next webhook of each parcel tells its whole history.
    RESEND = "resend"  # Have the webhooks sent again.


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What becomes of the webhooks of one gap.

    Args:
        verdict: What has to be done.
        retries_until: When the last of them is tried at the latest; None where the carrier tries nothing again, or
            does not tell for how long.
        heals: Whether the next webhook of a parcel tells what is missing of it.
        lost_until: Those sent before it came are not tried again; None when all are.

    """

    verdict: Verdict
    retries_until: datetime | None
    heals: bool
    lost_until: datetime | None


def judge(redelivery: Redelivery, since: datetime, until: datetime, *, refused: bool) -> Judgement:
    """Judge what came between two times; ``refused`` when it was answered 4xx, else it was answered 5xx or nothing."""
    heals = bool(redelivery.history)
    tries = bool(redelivery.retries) and not (refused and redelivery.refusals_are_final)
    span = redelivery.retries_for if tries else None
    if span is not None and span >= until - since:
        return Judgement(verdict=Verdict.RETRIES, retries_until=until + span, heals=heals, lost_until=None)
    return Judgement(
        verdict=Verdict.HEALS if heals else Verdict.RESEND,
        retries_until=None if span is None else until + span,
        heals=heals,
        # The last try of what was sent before this failed, too.
        lost_until=until if span is None else until - span,
    )
