"""The console's languages: English stands in the templates, Portuguese in a file beside this one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

__all__ = ["LANGUAGES", "Language", "chosen", "language"]

_FOLDER: Final = Path(__file__).parent / "languages"
LANGUAGES: Final = ("en", "pt-BR")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KIBIBYTE: Final = 1024
_HOURS: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: its sentences by the English ones, its words for the values of closed sets, its numbers."""

    tag: str
    texts: Mapping[str, str]
    terms: Mapping[str, str]

    def text(self, english: str, /, **values: object) -> str:
        """Say a sentence; ``{name}`` in it stands for a value."""
        said = self.texts.get(english, english)
        return said.format(**values) if values else said

    def counted(self, count: int, one: str, many: str) -> str:
        """Say the noun of a count."""
        return self.text(one if count == 1 else many)

    def term(self, value: object) -> str:
        """Name a state, role or cause; what has no name keeps its own."""
        return self.terms.get(str(value), str(value))

    def number(self, value: float) -> str:
        """Write a number with its thousands apart."""
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"
        return text.translate(str.maketrans(",.", ".,")) if self.tag == "pt-BR" else text

    def percent(self, share: float) -> str:
        """Write a share of one."""
        hundredths = round(share * 100, 1)
        return f"{self.number(int(hundredths) if hundredths.is_integer() else hundredths)} %"

    def day(self, day: date) -> str:
        """Write a day."""
        if self.tag == "pt-BR":
            return day.strftime("%d/%m/%Y")
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def moment(self, time: datetime, zone: ZoneInfo, *, seconds: bool = False) -> Markup:
        """Write a time in a zone, its exact value in UTC with it."""
        local = time.astimezone(zone)
        clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
        text = f"{self.day(local)}{' ' if self.tag == 'pt-BR' else ', '}{clock}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            time.isoformat(), time.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ"), text
        )

    def duration(self, length: timedelta) -> str:
        """Say how long something took, in one or two units."""
        seconds = abs(int(length.total_seconds()))
        minutes, hours = seconds // 60, seconds // 3600
        if seconds < 90:  # noqa: PLR2004 - below that, seconds say more
            return f"{seconds} s"
        if minutes < 90:  # noqa: PLR2004 - likewise minutes
            return f"{minutes} min"
        if hours < _HOURS:
            return f"{hours} h {minutes % 60:02} min"
        return self.text("{n} days", n=hours // 24)

    def seconds(self, length: float) -> str:
        """Say how many seconds something took, with what is below one."""
        return f"{self.number(round(length, 1))} s" if length < 10 else self.duration(timedelta(seconds=length))  # noqa: PLR2004

    def size(self, count: int) -> str:
        """Say how many bytes there are."""
        for unit in ("B", "KiB"):
            if count < _KIBIBYTE:
                return f"{count} {unit}"
            count = round(count / _KIBIBYTE)
        return f"{count} MiB"


@cache
def language(tag: str) -> Language:
    """Read a language; one that there is not is English."""
    tag = tag if tag in LANGUAGES else "en"
    found = tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8"))
    return Language(tag=tag, texts=found.get("texts", {}), terms=found["terms"])


def chosen(accepted: str) -> str:
    """Choose the language that a browser prefers among those there are."""
    best, tag = 0.0, "en"
    for part in accepted.split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        primary = name.strip().lower().partition("-")[0]
        if quality > best and primary in {"en", "pt"}:
            best, tag = quality, "pt-BR" if primary == "pt" else "en"
    return tag
