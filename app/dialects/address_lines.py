"""Places written as one line, ``CITY, ST 97301``, ``City, ST, US``, ``City, Country``, as aggregators pass them on.

A line is read from its end: country, postal code, state, city. Two letters after a city may be a state or a country:
those of the United States, of Canada, and of Brazil where the country that shares them is a small one, are states;
those of other countries are countries, all others are states.
"""

import re
from typing import Final

from app.dialects.places import place_in
from app.model import Place
from app.payload import Text

__all__ = ["place_in_line"]

_STATES: Final = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA PR RI SC SD TN TX UT VT VA WA WV WI WY AB BC MB NB NS NT ON QC YT AM BA MG TO"
)
_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UK UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
_CODE: Final = re.compile(r"[A-Z]{2,3}")
_POSTAL_CODE: Final = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9 -]{1,9}", re.IGNORECASE)
_STATE_AND_POSTAL_CODE: Final = re.compile(r"([A-Z]{2,3})\s+(?=.*\d)[A-Z0-9][A-Z0-9 -]{1,9}")
_CITY_AND_STATE: Final = re.compile(r"(.+?)\s+([A-Z]{2})(?:\s+(?=.*\d)[A-Z0-9][A-Z0-9 -]{1,9})?")
_BEFORE_LAST_CODE: Final = re.compile(r"\s+-\s+(?=[A-Z]{2}\s*$)")
_UNIT: Final = re.compile(
    r"\b(?:cent(?:er|re)|depot|facility|hub|locker|office|parcelshop|station|warehouse)\b", re.IGNORECASE
)
_POSTAL_CODE_BEFORE_CITY: Final = re.compile(r"(?:[A-Z]{1,2}-)?\d[\d-]{2,8}\s+(?=\D)")


def place_in_line(text: str | None) -> Place:
    """Return the city and the state that a line names; words alone are a city unless they name a carrier's unit."""
    if text is None:
        return Place()
    slashed = place_in(text)
    if slashed != Place():
        return slashed
    parts = _BEFORE_LAST_CODE.sub(",", text).split(",")
    city, state = _split([part.strip() for part in parts if part.strip()])
    city = _POSTAL_CODE_BEFORE_CITY.sub("", city).strip() if city else None
    return Place(city=_taken(text, city), state=_taken(text, state))


def _split(parts: list[str]) -> tuple[str | None, str | None]:
    parts = _without_country(parts)
    if len(parts) > 1 and (joined := _STATE_AND_POSTAL_CODE.fullmatch(parts[-1])):
        return parts[-2], joined[1]
    while len(parts) > 1 and _POSTAL_CODE.fullmatch(parts[-1]):
        parts = parts[:-1]
    if len(parts) > 1:
        return parts[-2], parts[-1]
    return _alone(parts[0]) if parts else (None, None)


def _alone(words: str) -> tuple[str | None, str | None]:
    """Read what has no comma; "CITY ST 97301" has its state all the same."""
    joined = _CITY_AND_STATE.fullmatch(words)
    if joined and joined[2] in _STATES.split():
        return joined[1], joined[2]
    return (None if _UNIT.search(words) or _CODE.fullmatch(words) else words), None


def _without_country(parts: list[str]) -> list[str]:
    if len(parts) < 2:  # noqa: PLR2004 - a city alone
        return parts
    *before, last = parts
    if any(character.isdigit() for character in last):
        return parts
    if not _CODE.fullmatch(last):
        # A name: of a country after a city, too, because states are nearly always abbreviated.
        return before
    after_code = _CODE.fullmatch(before[-1]) or _POSTAL_CODE.fullmatch(before[-1])
    is_state = last in _STATES.split() or last not in _COUNTRIES.split()
    is_country = len(last) == len("USA") or (after_code and len(before) > 1) or not is_state
    return before if is_country else parts


def _taken(text: str, part: str | None) -> str | None:
    """Let a part of a text remember where the text stood."""
    path = getattr(text, "path", "")
    return Text(part, path) if part and path else part
