"""What to tell people about carriers: where they deliver, who pushes, how webhooks are set up there, what goes wrong.

Facts are kept by region, apart from the adapters, so that an adapter stays what the relay computes with.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.briefing.brazil import BRAZIL
from app.briefing.facts import CUSTOMER, ITSELF, NOT_BRIEFED, WORLDWIDE, Briefing, WithoutPush
from app.briefing.latin_america import LATIN_AMERICA
from app.briefing.polling import WITHOUT_PUSH
from app.briefing.services import SERVICES
from app.briefing.worldwide import CARRIERS

__all__ = [
    "BRIEFINGS",
    "CUSTOMER",
    "ITSELF",
    "NOT_BRIEFED",
    "REGIONS",
    "WITHOUT_PUSH",
    "WORLDWIDE",
    "Briefing",
    "WithoutPush",
]

REGIONS: Final = (BRAZIL, LATIN_AMERICA, CARRIERS, SERVICES)

BRIEFINGS: Final[Mapping[str, Briefing]] = MappingProxyType(
    {slug: briefing for region in REGIONS for slug, briefing in sorted(region.items())}
)
"""Carriers by slug. A carrier needs no entry to work; those that the settings declare have none."""
