"""VTEX's schema of a PUT, to the letter: exact names, exact types, documented formats."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_DELIVERED_DATE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}", re.ASCII)
_EVENT_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)
_BODY = {"isDelivered", "deliveredDate", "events"}
_EVENT = {"city", "state", "description", "date"}
_LONGEST_DESCRIPTION = 5000


def violations(body: Any, headers: Mapping[str, str]) -> list[str]:
    """List what is wrong with a PUT; header names are in lower case."""
    return [*_of_headers(headers), *_of_body(body)]


def readable(body: Any) -> bool:
    """Tell whether VTEX could make anything of a body, however wrong its fields are."""
    if not isinstance(body, dict):
        return False
    events = body.get("events") or []
    return isinstance(events, list) and all(isinstance(event, dict) for event in events)


def _of_headers(headers: Mapping[str, str]) -> Iterator[str]:
    for name in ("content-type", "accept"):
        media_type = headers.get(name, "").partition(";")[0].strip()
        if media_type != "application/json":
            yield f"header {name} is {media_type!r} and not application/json"
    for name in ("x-vtex-api-appkey", "x-vtex-api-apptoken"):
        if not headers.get(name):
            yield f"header {name} is missing"


def _of_body(body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        yield f"the body is {type(body).__name__} and not an object"
        return
    yield from _of_names(body, _BODY, "$")
    if type(body.get("isDelivered")) is not bool:
        yield f"$.isDelivered is {body.get('isDelivered')!r} and not a boolean"
    delivered = body.get("deliveredDate")
    if delivered is not None and not (isinstance(delivered, str) and _DELIVERED_DATE.fullmatch(delivered)):
        yield f"$.deliveredDate is {delivered!r} and not yyyy-mm-dd hh:mm or null"
    events = body.get("events")
    if not isinstance(events, list):
        yield f"$.events is {type(events).__name__} and not an array"
        return
    for index, event in enumerate(events):
        yield from _of_event(event, f"$.events[{index}]")


def _of_event(event: Any, place: str) -> Iterator[str]:
    if not isinstance(event, dict):
        yield f"{place} is {type(event).__name__} and not an object"
        return
    yield from _of_names(event, _EVENT, place)
    for name in sorted(_EVENT & event.keys()):
        if not isinstance(event[name], str):
            yield f"{place}.{name} is {event[name]!r} and not a string"
    description, date = event.get("description"), event.get("date")
    if isinstance(description, str) and not 0 < len(description) <= _LONGEST_DESCRIPTION:
        yield f"{place}.description has {len(description)} characters"
    if isinstance(date, str) and not _EVENT_DATE.fullmatch(date):
        yield f"{place}.date is {date!r} and in no documented format"


def _of_names(value: Mapping[str, Any], expected: set[str], place: str) -> Iterator[str]:
    for name in sorted(expected - value.keys()):
        yield f"{place}.{name} is missing"
    for name in sorted(value.keys() - expected):
        yield f"{place}.{name} is no field of VTEX's"
