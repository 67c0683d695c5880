"""What decides whether a value is shown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.adapter import Adapter
from app.errors import MalformedPayload
from app.examples import examples
from app.model import CarrierEvent, Webhook
from app.payload import Members, Value, leaves, outline, query_members
from app.payload.values import Number
from app.personal import Declared, Path, PersonalData, Subject
from app.vtex import scrub

__all__ = ["NOBODY", "Rules", "Sight", "is_mask", "known_paths", "mask_of", "parameters", "shown_words"]

Sight = frozenset[Subject]
"""About whom a reader may know."""

NOBODY: Final[Sight] = frozenset()

_NAME: Final = re.compile(r"[A-Za-z_@#$][A-Za-z_@#$.:-]*(?:\d{1,4}[A-Za-z_.:-]*)*")
_LONGEST_NAME: Final = 60
_MASK: Final = re.compile(r"\[[a-z -]+: (?:text|number) of [\d-]+\]")


def shown_words(adapter: Adapter | None, words: str | None, place: str | None, sight: Sight) -> str | None:
    """Return a carrier's words as a reader may see them.

    Args:
        adapter: The carrier's, None for one that is not known any more.
        words: What it said.
        place: Where in its document that stood, as the reading noted it.
        sight: About whom the reader may know.

    """
    if not words:
        return words
    personal = adapter.personal if adapter else None
    what = personal.read_from(place) if personal and place else None
    if what is not None:
        return words if what.subject in sight else mask_of(words, what)
    return words if sight else scrub(words)


@cache
def known_paths(slug: str) -> frozenset[Path]:
    """List where values stand in a carrier's examples; parameters of addresses have a question mark."""
    found: set[Path] = set()
    for example in examples(slug):
        body = outline(example.webhook)
        if body is not None and body.form != "records":
            found.update(path for path, _ in leaves(body.value))
        found.update(path for path, _ in leaves(parameters(example.webhook.query)))
    return frozenset(found)


def parameters(query: str) -> Value:
    """Take a query apart; its names have a question mark before them."""
    try:
        named = query_members(query)
    except ValueError:
        return Members(())
    return Members(tuple((f"?{name}", value) for name, value in named.pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides whether a value is shown."""

    personal: PersonalData
    sight: Sight
    known: frozenset[Path]
    names: frozenset[str] | None
    values: frozenset[str]

    @classmethod
    def of(cls, adapter: Adapter | None, webhook: Webhook, sight: Sight) -> "Rules":
        """Make the rules for one request and one reader."""
        personal = (adapter.personal if adapter else None) or PersonalData()
        known = known_paths(adapter.slug) if adapter else frozenset()
        if known or adapter is None:
            return cls(personal=personal, sight=sight, known=known, names=_names(personal, known), values=frozenset())
        return cls(personal=personal, sight=sight, known=known, names=None, values=_read_by(adapter, webhook))

    def shows(self, path: Path, value: str) -> bool:
        """Tell whether a value is shown as it came."""
        if self.personal.is_secret(path):
            return False
        if (what := self.personal.at(path)) is not None:
            return what.subject in self.sight
        # Beneath what is nobody's, too, something new may turn up.
        return path in self.known or value in self.values or (self.names is None and self.personal.is_plain(path))

    def name(self, name: str) -> str:
        """Return a member's name, unless somebody may have hidden something in it."""
        if self.names is None:
            is_shown = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name.removeprefix("?")) is not None
        else:
            is_shown = name in self.names
        return name if is_shown else "[unlisted member]"

    def mask(self, path: Path, value: str) -> str:
        """Say what is not shown."""
        if self.personal.is_secret(path):
            return "[credential]"
        return mask_of(value, self.personal.at(path))

    def shown(self, path: Path, value: str) -> str:
        """Return a value as the reader may see it."""
        if not self.shows(path, value):
            return self.mask(path, value)
        return value if self.sight else scrub(value)


@cache
def _known_names(known: frozenset[Path]) -> frozenset[str]:
    return frozenset(name for path in known for name in path)


def _names(personal: PersonalData, known: frozenset[Path]) -> frozenset[str]:
    declared = {name for place, _ in personal.declared() for name in place.split(".")}
    return _known_names(known) | declared


def _read_by(adapter: Adapter, webhook: Webhook) -> frozenset[str]:
    """Return the values that the reading of a webhook uses."""
    try:
        events = [result for result in adapter.parse(webhook) if isinstance(result, CarrierEvent)]
    except MalformedPayload:
        return frozenset()
    return frozenset(text for event in events for text in _values(event) if text)


def _values(event: CarrierEvent) -> Iterable[str | None]:
    references = event.references
    return (
        event.code,
        event.description,
        event.event_id,
        event.place.city,
        event.place.state,
        *event.tracking_numbers,
        *event.raw,
        references.order_id,
        *references.alternative_order_ids,
        references.invoice_number,
        references.invoice_series,
        references.invoice_key,
        references.issuer,
    )


def is_mask(text: str) -> bool:
    """Tell whether a text is a mask."""
    return _MASK.fullmatch(text) is not None


def mask_of(value: str, what: Declared | None) -> str:
    """Say what stood there: of what kind, whose, and about how long."""
    about = f"{what.kind} of the {what.subject}" if what else "unlisted"
    shape = "number" if isinstance(value, Number) else "text"
    # Up to the next power of two: nobody is told from others by the length of a name.
    longest = 1 << max(0, len(value) - 1).bit_length()
    return f"[{about}: {shape} of {f'{longest // 2 + 1}-' if longest > 1 else ''}{longest}]"
