"""What of stored requests and carriers' words a caller is shown: the operators' interface and the console ask here."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.adapter import Adapter
from app.carriers import find
from app.errors import ConfigurationError
from app.model import Webhook
from app.redaction import NOBODY, Sight, redact, shown_words
from app.store.queries import AttemptDetail, EventDetail, RowDetail
from app.vtex import scrub
from app.web import schemas
from app.web.ops.access import Caller

__all__ = [
    "Request",
    "adapter_of",
    "list_words",
    "shown_attempts",
    "shown_events",
    "shown_request",
    "shown_rows",
    "shown_texts",
]

_OTHERS: Final = "[words that are not shown]"


class Request(NamedTuple):
    """A request as a caller is shown it; ``body`` is None where nothing of it can be."""

    query: str
    body: bytes | None
    is_masked: bool


def adapter_of(caller: Caller, carrier: str) -> Adapter | None:
    """Return a carrier's adapter, None for one that is not known any more."""
    for source in caller.given.sources:
        if source.adapter.slug == carrier:
            return source.adapter
    try:
        return find(carrier)
    except ConfigurationError:
        return None


async def shown_request(
    caller: Caller,
    carrier: str,
    *,
    body: bytes,
    query: str = "",
    headers: Sequence[tuple[str, str]] = (),
    received_at: datetime | None = None,
) -> Request:
    """Show a request as far as the caller may see it."""
    if caller.sight is None:
        return Request(query, body, is_masked=False)
    at = received_at or caller.given.now()
    webhook = Webhook(method="POST", path="", query=query, headers=tuple(headers), body=body, received_at=at)
    # Away from the loop: a body may be long.
    shown = await asyncio.to_thread(redact, adapter_of(caller, carrier), webhook, caller.sight)
    text = shown.body
    return Request(shown.query, None if text is None else text.encode("utf-8", "backslashreplace"), is_masked=True)


def shown_events(caller: Caller, events: Sequence[EventDetail]) -> tuple[schemas.Event, ...]:
    """Show events, their carrier's words as far as the caller may see them."""
    shown = tuple(schemas.Event.model_validate(event) for event in events)
    if caller.sight is None:
        return shown
    words = _words(
        caller, {event.id: (event.carrier, event.description, event.trace) for event in events}, caller.sight
    )
    return tuple(
        event.model_copy(update={"description": words[detail.id]}) for event, detail in zip(shown, events, strict=True)
    )


def shown_rows(caller: Caller, events: Sequence[EventDetail], rows: Sequence[RowDetail]) -> tuple[schemas.Row, ...]:
    """Show rows: where one says what its event says, as that is shown."""
    shown = tuple(schemas.Row.model_validate(row) for row in rows)
    if caller.sight is None:
        return shown
    said = {event.id: event.description for event in events}
    words = _words(
        caller, {event.id: (event.carrier, event.description, event.trace) for event in events}, caller.sight
    )
    return tuple(
        row.model_copy(update={"description": _of_row(detail.description, said, words, detail.event_id)})
        for row, detail in zip(shown, rows, strict=True)
    )


def shown_attempts(
    caller: Caller, attempts: Sequence[AttemptDetail], rows: Sequence[schemas.Row]
) -> tuple[schemas.Attempt, ...]:
    """Show calls to VTEX: of what they told, the words of rows that are shown as they are."""
    shown = tuple(schemas.Attempt.model_validate(attempt) for attempt in attempts)
    if caller.sight is None:
        return shown
    known = {row.description for row in rows}
    return tuple(attempt.model_copy(update={"body": _of_body(attempt.body, known)}) for attempt in shown)


def list_words(
    caller: Caller, spoken: Mapping[int, tuple[str, str | None, Mapping[str, str]]]
) -> dict[int, str | None]:
    """Show the words of events in a list, to everyone as to those who may see the least."""
    return _words(caller, spoken, NOBODY)


def shown_texts(
    caller: Caller,
    spoken: Mapping[int, tuple[str, str | None, Mapping[str, str]]],
    rows: Sequence[tuple[int, str]],
) -> list[str]:
    """Show the words of rows of some events, as far as the caller may see them."""
    if caller.sight is None:
        return [text for _, text in rows]
    words = _words(caller, spoken, caller.sight)
    said = {id_: description for id_, (_, description, _) in spoken.items()}
    return [_of_row(text, said, words, id_) or "" for id_, text in rows]


def _words(
    caller: Caller, spoken: Mapping[int, tuple[str, str | None, Mapping[str, str]]], sight: Sight
) -> dict[int, str | None]:
    known = {carrier: adapter_of(caller, carrier) for carrier in {each[0] for each in spoken.values()}}
    return {
        id_: shown_words(known[carrier], description, places.get("description"), sight)
        for id_, (carrier, description, places) in spoken.items()
    }


def _of_row(
    text: str | None, said: Mapping[int, str | None], words: Mapping[int, str | None], event_id: int
) -> str | None:
    """Return a row's words; what it has from its event as the event is shown."""
    event, shown = said.get(event_id), words.get(event_id)
    if not text or not event or shown is None or shown in {event, scrub(event)}:
        return text
    is_its_own = not scrub(event).strip().startswith(text.strip())
    return text if is_its_own else shown


def _of_body(body: Any, known: set[str | None]) -> Any:  # noqa: ANN401 - as it was sent
    if isinstance(body, list):
        return [_of_body(each, known) for each in body]
    if isinstance(body, dict):
        return {
            name: (value if value in known or not value else _OTHERS)
            if name == "description"
            else _of_body(value, known)
            for name, value in body.items()
        }
    return body
