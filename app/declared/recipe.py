"""Read webhooks by a recipe: where in a document each thing stands."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.adapter import Result, each, most_specific
from app.declared.expressions import Expression
from app.dialects.keywords import classify, says_returned
from app.dialects.nfe import invoice_references
from app.dialects.places import place_in
from app.errors import MalformedPayload
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, References, Webhook
from app.payload import Maybe, Node, Text

__all__ = ["EventRecipe", "ParcelRecipe", "Recipe"]

Expressions = tuple[Expression, ...]
"""Alternatives: the first that finds something counts."""

_SCALARS: Final = (str, int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRecipe:
    """Where a parcel says what it is; its expressions start at the parcel, and see the document as ``_document``."""

    when: Expression | None
    tracking_number: Expressions
    order_id: Expressions
    invoice_number: Expressions
    invoice_series: Expressions
    invoice_key: Expressions
    issuer: Expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecipe:
    """Where an event says what happened; its expressions start at the event, and see the parcel as ``_parcel``.

    Args:
        each: Where a parcel has its events; None where the parcel is its only event.
        code: Its codes, the most specific one first; all of them count.
        time: Its time.
        time_formats: How times are written, beside the usual ways.
        offset: The offset that is sent beside the time.
        ignore_offset: Whether the offset in the time is known to be false.
        city: Where it was scanned.
        state: The state of that.
        place: City and state in one text, as ``UNIT - CITY/UF``.
        description: The carrier's words.
        id: The sender's id of the event.
        words: What is read for what it says: returns, and codes that are not listed.
        returned: Whether the parcel is on its way back, so that a delivery is one to the sender.
        fingerprint: What identifies an event within its parcel.
        full_history: Whether a document holds everything that is known of its parcels.

    """

    each: Expression | None
    code: Expressions
    time: Expressions
    time_formats: tuple[str, ...]
    offset: Expressions
    ignore_offset: bool
    city: Expressions
    state: Expressions
    place: Expressions
    description: Expressions
    id: Expressions
    words: Expressions
    returned: Expression | None
    fingerprint: Expressions
    full_history: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of a document to which expressions are applied."""

    value: Any
    path: str

    def within(self, **outer: object) -> "Scope":
        """See what this stands in, under names of its own."""
        return replace(self, value=self.value | outer) if isinstance(self.value, dict) else self

    def holds(self, expression: Expression | None) -> bool:
        """Tell whether a condition is met; one that was not set is."""
        found = True if expression is None else expression.find(self.value)
        return Maybe(found, self.path).flag() if isinstance(found, str) else bool(found)

    def many(self, expression: Expression | None) -> "list[Scope]":
        """Return what an expression finds; a single thing counts as a list of one.

        Raises:
            MalformedPayload: It finds nothing, not even an empty list.

        """
        found = self.value if expression is None else expression.find(self.value)
        name = "" if expression is None else f" {expression.text}"
        if found is None:
            raise MalformedPayload(self.path, f"holds nothing at{name or ' its root'}")
        if not isinstance(found, list):
            return [Scope(found, f"{self.path}{name}")]
        return [Scope(item, f"{self.path}{name}[{index}]") for index, item in enumerate(found)]

    def places(self, expressions: Expressions) -> Iterator[Maybe]:
        """Look in each of several places."""
        for expression in expressions:
            found = expression.find(self.value)
            is_scalar = isinstance(found, _SCALARS) and not isinstance(found, str)
            yield Maybe(json.dumps(found) if is_scalar else found, expression.text)

    def text(self, expressions: Expressions) -> Text | None:
        """Return the first text that is found."""
        return next(filter(None, (place.text() for place in self.places(expressions))), None)

    def texts(self, expressions: Expressions) -> tuple[Text, ...]:
        """Return every text that is found, lists included, each once."""
        return tuple(dict.fromkeys(text for place in self.places(expressions) for text in place.texts()))

    def raw(self, expressions: Expressions) -> tuple[str | None, ...]:
        """Return what was sent, for a fingerprint."""
        values = (expression.find(self.value) for expression in expressions)
        return tuple(v if v is None or isinstance(v, str) else json.dumps(v, sort_keys=True) for v in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a declared carrier's webhooks are read.

    Args:
        body: Reads a request's body.
        document: Opens the body, such as JSON in a form's field.
        when: Tells documents about parcels from others.
        parcels: Where the document has its parcels; None where it is one.
        parcel: How a parcel is read.
        event: How an event is read.
        code_of: Writes a code as the table has it.
        milestones: What codes mean.
        ignored: Codes that are no events, with the reason.
        zone: The zone of times without offset.
        identity: The sender's id of the whole webhook.

    """

    body: Callable[[Webhook], Node]
    document: Expression | None
    when: Expression | None
    parcels: Expression | None
    parcel: ParcelRecipe
    event: EventRecipe
    code_of: Callable[[Text | None], Text | None]
    milestones: Mapping[str, Milestone]
    ignored: Mapping[str, str]
    zone: str | None
    identity: Expressions

    def parse(self, webhook: Webhook) -> Iterator[Result]:
        """Read a webhook."""
        document = self._open(webhook)
        if not document.holds(self.when):
            yield Ignored(reason="a document that `when` passes over")
            return
        parcels = document.many(self.parcels)
        if not parcels:
            yield Ignored(reason="a document without parcels")
        yield from each([parcel.within(_document=document.value) for parcel in parcels], self._parcel)

    def sender_id(self, webhook: Webhook) -> str | None:
        """Return the sender's own id of a webhook, None where it has none."""
        try:
            return self._open(webhook).text(self.identity)
        except MalformedPayload:
            return None

    def _open(self, webhook: Webhook) -> Scope:
        body = Scope(self.body(webhook).plain(), "$")
        if self.document is None:
            return body
        opened = self.document.find(body.value)
        if opened is None:
            raise MalformedPayload("$", f"holds nothing at {self.document.text}")
        return Scope(opened, "$")

    def _parcel(self, parcel: Scope) -> Iterator[Result]:
        if not parcel.holds(self.parcel.when):
            yield Ignored(reason="a parcel that `parcel.when` passes over")
            return
        events = parcel.many(self.event.each)
        if not events:
            yield Ignored(reason="a parcel without events")
        numbers = parcel.texts(self.parcel.tracking_number)
        references, warnings = self._references(parcel)
        for event in events:
            result = self._event(event.within(_parcel=parcel.value))
            if isinstance(result, CarrierEvent):
                result = replace(result, tracking_numbers=numbers, references=references, warnings=warnings)
            yield result

    def _references(self, parcel: Scope) -> tuple[References, tuple[str, ...]]:
        recipe = self.parcel
        references, warnings = invoice_references(
            key=parcel.text(recipe.invoice_key),
            number=parcel.text(recipe.invoice_number),
            series=parcel.text(recipe.invoice_series),
            issuer=parcel.text(recipe.issuer),
        )
        order, *others = parcel.texts(recipe.order_id) or (None,)
        return replace(references, order_id=order, alternative_order_ids=tuple(filter(None, others))), warnings

    def _event(self, event: Scope) -> Result:
        recipe = self.event
        codes = [sent for sent in map(self.code_of, (event.text((place,)) for place in recipe.code)) if sent]
        passed_over = next((sent for sent in codes if sent in self.ignored), None)
        if passed_over is not None:
            return Ignored(reason=self.ignored[passed_over], code=passed_over)
        words = [event.text((place,)) for place in recipe.words]
        is_return = (recipe.returned is not None and event.holds(recipe.returned)) or says_returned(*words)
        code, milestone, unknown = most_specific(
            self.milestones, *codes, derived=[f"{sent}/return" for sent in codes if is_return]
        )
        if code not in self.milestones:
            milestone = classify(*words) or milestone
            milestone = Milestone.RETURNED if is_return and milestone is Milestone.DELIVERED else milestone
        return CarrierEvent(
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            occurred_at=self._time(event),
            place=_place(event, recipe),
            description=event.text(recipe.description),
            event_id=event.text(recipe.id),
            raw=event.raw(recipe.fingerprint),
            full_history=recipe.full_history,
        )

    def _time(self, event: Scope) -> Moment | None:
        offset = event.text(self.event.offset)
        moments = (
            place.moment(*self.event.time_formats, zone=self.zone, offset=offset, wall_clock=self.event.ignore_offset)
            for place in event.places(self.event.time)
        )
        return next(filter(None, moments), None)


def _place(event: Scope, recipe: EventRecipe) -> Place:
    named = Place(city=event.text(recipe.city), state=event.text(recipe.state))
    return named if named != Place() else place_in(event.text(recipe.place))
