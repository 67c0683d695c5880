"""Take out of a carrier's words what its own document says is somebody's.

A name that is declared in one field and repeated in a sentence is no less the receiver's there. Names are found without
case and accents, in any order and by any two of their words; documents and telephone numbers however they are
punctuated; addresses and e-mail addresses word for word. What an event's place, numbers and codes say is never taken
for somebody's: a city may be called like a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.blanking.cutting import blanked
from app.blanking.found import KINDS, Found
from app.model import CarrierEvent, Webhook
from app.payload import Members, Value, leaves, outline, query_members
from app.personal import Kind, Path, PersonalData

__all__ = ["without_repeated"]


def without_repeated(
    personal: PersonalData | None, webhook: Webhook, events: Sequence[CarrierEvent]
) -> Sequence[CarrierEvent]:
    """Return the events of a webhook, their words without what the webhook declares as somebody's."""
    if personal is None or not any(event.description for event in events):
        return events
    if not personal.kinds & KINDS:
        return events
    found = Found()
    for path, value, kind in _values(personal, webhook):
        above = personal.at(path[:-1]) if kind is Kind.NAME else None
        found.add(path, value, kind, is_within=above is not None and above.kind is Kind.NAME)
    if not found.is_any:
        return events
    for event in events:
        found.keep(event)
    return [
        replace(event, description=blanked(event.description, found)) if event.description else event
        for event in events
    ]


def _values(personal: PersonalData, webhook: Webhook) -> Iterator[tuple[Path, str, Kind | None]]:
    """List the texts of a webhook, each with the kind that is declared of it, if any is that matters here."""
    kinds: dict[Path, Kind | None] = {}
    for path, value in _leaves(webhook):
        if not isinstance(value, str) or not value:
            continue
        if path not in kinds:
            what = personal.at(path)
            kinds[path] = what.kind if what and what.kind in KINDS else None
        yield path, value, kinds[path]
    columns = [(place, what) for place, what in personal.columns if what and what.kind in KINDS]
    if not columns or (found := outline(webhook)) is None or not isinstance(found.value, list):
        return
    for line in found.value:
        for place, what in columns:
            if isinstance(line, str) and line.startswith(place.record) and what:
                yield (place.record,), line[place.start : place.end].strip(), what.kind


def _leaves(webhook: Webhook) -> Iterator[tuple[Path, Value]]:
    found = outline(webhook)
    if found is not None and found.form != "records":
        yield from leaves(found.value)
    if webhook.query:
        try:
            query = query_members(webhook.query)
        except ValueError:
            return
        yield from leaves(Members(tuple((f"?{name}", value) for name, value in query.pairs)))
