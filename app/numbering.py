"""How one merchant's numbers hang together: a small closed set of rules, and what they make of an event.

Merchants agree with carriers on numbers of their own: a shop's prefix before the order, a tracking number that is the
invoice's number with letters before it. A rule says so. What rules make are further candidates for resolution; what an
event is about, and whether it is new, never depends on them.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal

from app.model import CarrierEvent, References, normalise_number

__all__ = ["NOTHING", "Derived", "Invoice", "NumberRule", "Rule", "derive", "pattern_problem"]


class Rule(StrEnum):
    """What a rule does."""

    STRIP_PREFIX = "strip-prefix"
    STRIP_SUFFIX = "strip-suffix"
    ADD_PREFIX = "add-prefix"
    ADD_SUFFIX = "add-suffix"
    FROM_INVOICE = "from-invoice"  # The tracking number in VTEX is made of what the carrier says of the invoice.
    TO_INVOICE = "to-invoice"  # The carrier's tracking number is made of the invoice that VTEX knows.


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRule:
    """One rule of one source.

    Args:
        rule: What it does.
        text: The prefix, the suffix or the pattern.
        of: Whether it is about tracking numbers or order ids; patterns are about tracking numbers.

    """

    rule: Rule
    text: str
    of: Literal["number", "order"] = "number"

    def __str__(self) -> str:
        """Write the rule as traces show it."""
        of = " of order ids" if self.of == "order" else ""
        return f"{self.rule} {self.text}{of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice that a tracking number is made of."""

    number: str
    series: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What rules make of an event, and which of them made it."""

    numbers: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    trace: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.numbers or self.order_ids or self.invoices)

    def united(self, other: "Derived") -> "Derived":
        """Add what another event's values made."""
        return Derived(
            numbers=tuple(dict.fromkeys((*self.numbers, *other.numbers))),
            order_ids=tuple(dict.fromkeys((*self.order_ids, *other.order_ids))),
            invoices=tuple(dict.fromkeys((*self.invoices, *other.invoices))),
            trace=tuple(dict.fromkeys((*self.trace, *other.trace))),
        )

    def document(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {
            "numbers": list(self.numbers),
            "order_ids": list(self.order_ids),
            "invoices": [[each.number, each.series, each.issuer] for each in self.invoices],
            "trace": list(self.trace),
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Derived":
        """Read back what `document` wrote."""
        return cls(
            numbers=tuple(document.get("numbers", ())),
            order_ids=tuple(document.get("order_ids", ())),
            invoices=tuple(
                Invoice(number=number, series=series, issuer=issuer)
                for number, series, issuer in document.get("invoices", ())
            ),
            trace=tuple(document.get("trace", ())),
        )


NOTHING: Final = Derived()

_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)(?::([1-9][0-9]?))?\}")
_NAMES: Final = ("invoice", "series", "cnpj", "order")
_CNPJ: Final = "[0-9A-Za-z]{12}[0-9]{2}"


def pattern_problem(rule: Rule, pattern: str) -> str | None:
    """Say what is wrong with a pattern, None when nothing is.

    Reading a number needs more than writing one: where one placeholder ends and the next begins must be certain.
    """
    found = list(_PLACEHOLDER.finditer(pattern))
    if not found or "{" in (rest := _PLACEHOLDER.sub("", pattern)) or "}" in rest:
        return "a pattern is text with {invoice}, {series}, {cnpj} or {order}, such as LOJA{invoice}{series:1}"
    names = [match[1] for match in found]
    for name in names:
        if name not in _NAMES:
            return f"{{{name}}} is no placeholder: {', '.join(f'{{{known}}}' for known in _NAMES)} are"
    if len(set(names)) < len(names):
        return "a placeholder stands in a pattern once"
    if not {"invoice", "order"} & set(names):
        return "without {invoice} or {order} it tells no two parcels apart"
    return _reading_problem(found) if rule is Rule.TO_INVOICE else None


def _reading_problem(found: Sequence[re.Match[str]]) -> str | None:
    for before, after in itertools.pairwise(found):
        if before.end() == after.start() and not (_is_fixed(before) or _is_fixed(after)):
            return f"where {before[0]} ends and {after[0]} begins is not certain: give one a width, as {{series:1}}"
    return None


def _is_fixed(placeholder: re.Match[str]) -> bool:
    return placeholder[1] == "cnpj" or placeholder[2] is not None


def derive(rules: Sequence[NumberRule], event: CarrierEvent) -> Derived:
    """Apply each rule to what the carrier says; rules do not build upon each other."""
    found = Derived()
    for rule in rules:
        found = found.united(_applied(rule, event))
    said = {normalise_number(number) for number in event.tracking_numbers}
    orders = {event.references.order_id, *event.references.alternative_order_ids}
    return Derived(
        numbers=tuple(number for number in found.numbers if normalise_number(number) not in said | {""}),
        order_ids=tuple(order for order in found.order_ids if order not in orders),
        invoices=found.invoices,
        trace=found.trace,
    )


def _applied(rule: NumberRule, event: CarrierEvent) -> Derived:
    references = event.references
    if rule.rule is Rule.FROM_INVOICE:
        built = _built(rule.text, references)
        return Derived(numbers=(built,), trace=(f"{built} by {rule}",)) if built else Derived()
    if rule.rule is Rule.TO_INVOICE:
        return _read(rule, event.tracking_numbers)
    orders = (references.order_id, *references.alternative_order_ids)
    values = event.tracking_numbers if rule.of == "number" else [order for order in orders if order]
    changed = tuple(new for value in values if (new := _changed(rule, str(value).strip())))
    trace = tuple(f"{new} by {rule}" for new in changed)
    if rule.of == "number":
        return Derived(numbers=changed, trace=trace)
    return Derived(order_ids=changed, trace=trace)


def _changed(rule: NumberRule, value: str) -> str | None:
    """Return a value as the rule changes it, None where the rule is not about such values."""
    match rule.rule:
        case Rule.STRIP_PREFIX:
            return value[len(rule.text) :] or None if value.upper().startswith(rule.text.upper()) else None
        case Rule.STRIP_SUFFIX:
            return value[: -len(rule.text)] or None if value.upper().endswith(rule.text.upper()) else None
        case Rule.ADD_PREFIX:
            return rule.text + value
        case _:
            return value + rule.text


def _built(pattern: str, references: References) -> str | None:
    """Write the number that a pattern makes of an invoice, None where something that it needs was not said."""
    values = {
        "invoice": (references.invoice_number or "").strip().lstrip("0"),
        "series": (references.invoice_series or "").strip().lstrip("0") or ("0" if references.invoice_series else ""),
        "cnpj": normalise_number(references.issuer or ""),
        "order": references.order_id or "",
    }
    parts: list[str] = []
    end = 0
    for placeholder in _PLACEHOLDER.finditer(pattern):
        width = int(placeholder[2] or 0)
        value = str(values[placeholder[1]])
        if not value or (width and len(value) > width):
            return None
        parts += [pattern[end : placeholder.start()], value.zfill(width)]
        end = placeholder.end()
    return "".join((*parts, pattern[end:]))


def _read(rule: NumberRule, numbers: Sequence[str]) -> Derived:
    found = Derived()
    for number in numbers:
        match = _expression(rule.text).fullmatch(str(number).strip())
        if match is None:
            continue
        values = match.groupdict()
        order, invoice = values.get("order"), values.get("invoice")
        made = Derived(
            order_ids=(order,) if order else (),
            invoices=(Invoice(number=invoice, series=values.get("series"), issuer=values.get("cnpj")),)
            if invoice
            else (),
            trace=(f"{', '.join(_told(values))} by {rule}",),
        )
        found = found.united(made)
    return found


def _told(values: dict[str, str | None]) -> Iterator[str]:
    return (f"{name} {value}" for name, value in values.items() if value)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for placeholder in _PLACEHOLDER.finditer(pattern):
        name, width = placeholder[1], placeholder[2]
        count = f"{{{width}}}" if width else "{1,60}" if name == "order" else "{1,9}" if name == "invoice" else "{1,3}"
        kind = _CNPJ if name == "cnpj" else ("[A-Za-z0-9_-]" if name == "order" else "[0-9]") + count
        parts += [re.escape(pattern[end : placeholder.start()]), f"(?P<{name}>{kind})"]
        end = placeholder.end()
    return re.compile("".join((*parts, re.escape(pattern[end:]))), re.IGNORECASE)
