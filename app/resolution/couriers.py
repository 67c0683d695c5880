"""Whether VTEX's word for a package's courier speaks against the carrier whose webhook names the package."""

import unicodedata
from functools import cache
from typing import Final

__all__ = ["contradicts"]

_CALLED: Final[dict[str, tuple[str, ...]]] = {
    "99minutos": ("99minutos", "99 minutos"),
    "andreani": ("andreani",),
    "azul-cargo": ("azul cargo", "azul"),
    "blue-express": ("blue express", "bluex", "blueexpress"),
    "coordinadora": ("coordinadora",),
    "correios": ("correios", "sedex", "pac", "ect"),
    "delhivery": ("delhivery",),
    "dhl": ("dhl",),
    "dhl-ecommerce-americas": ("dhl",),
    "fedex": ("fedex", "federal express", "tnt"),
    "jadlog": ("jadlog", "dpd"),
    "jt-express-br": ("j t", "jt", "jt express", "j t express", "jet"),
    "lalamove": ("lalamove",),
    "loggi": ("loggi",),
    "ninjavan": ("ninja van", "ninjavan", "ninja"),
    "uber-direct": ("uber",),
    "ups": ("ups", "united parcel service"),
    "usps": ("usps", "us postal service", "dhl ecommerce", "ups mail innovations", "surepost", "smartpost"),
}
"""Carriers that move parcels themselves, by what merchants call them.

Services that speak for other carriers are left out on purpose: whoever VTEX names, they may speak for it.
"""


def contradicts(carrier: str, courier: str | None) -> bool:
    """Tell whether both are known carriers, and different ones; a name that is not known never contradicts."""
    if carrier not in _CALLED:
        return False
    known = _carriers_in(courier or "")
    return bool(known) and carrier not in known


@cache
def _words(text: str) -> str:
    """Write a name the way names are compared: without accents, case, and signs, a space around each word."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(
        character if character.isalnum() else " " for character in plain if not unicodedata.combining(character)
    )
    return f" {' '.join(kept.split())} "


def _carriers_in(courier: str) -> set[str]:
    text = _words(courier)
    return {carrier for carrier, names in _CALLED.items() if any(_words(name) in text for name in names)}
