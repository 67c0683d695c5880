"""Read a webhook through its carrier's adapter, and say what was read, from where, and how sure it is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.adapter import Adapter, fingerprint
from app.blanking import without_repeated
from app.errors import MalformedPayload
from app.model import CarrierEvent, Ignored, Milestone, Moment, Webhook

__all__ = ["Reading", "as_document", "read", "trace"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a webhook says.

    Args:
        events: Its events in the order in which they happened; in the payload's order where it has no times.
        ignored: Why the parts that are no events are none.
        warnings: What a person should know about the reading, each thing once.

    """

    events: tuple[CarrierEvent, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read(
    adapter: Adapter,
    webhook: Webhook,
    *,
    zone: ZoneInfo | None = None,
    account_zone: ZoneInfo | None = None,
    overrides: Mapping[str, Milestone] | None = None,
) -> Reading:
    """Read a verified webhook.

    Args:
        adapter: The carrier's adapter.
        webhook: What it sent.
        zone: The zone configured for the source: it goes before the adapter's for every time sent without one.
        account_zone: The account's zone, for times whose zone neither the source nor the adapter knows.
        overrides: What single codes mean for this source, over the adapter's table.

    Raises:
        MalformedPayload: The webhook cannot be read, or an event in it is about nothing that could be found.

    """
    events: list[CarrierEvent] = []
    ignored: list[str] = []
    warnings: list[str] = []
    for result in adapter.parse(webhook):
        if isinstance(result, Ignored):
            ignored.append(result.reason)
            warnings.extend([result.reason] if result.unreadable else [])
            continue
        if not result.subject:
            raise MalformedPayload("$", "has an event without tracking number, invoice or order")
        event, remarks = _settle(adapter, result, zone, account_zone)
        warnings.extend(remarks)
        events.append(_override(event, overrides or {}))
    if not events and not ignored:
        ignored.append("the document holds no events")
    return Reading(
        events=tuple(_in_order(_once(adapter, without_repeated(adapter.personal, webhook, events)))),
        ignored=tuple(dict.fromkeys(ignored)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def as_document(adapter: Adapter, reading: Reading) -> dict[str, Any]:
    """Return a reading as the JSON document that commands print."""
    return {
        "carrier": adapter.slug,
        "adapter_version": adapter.version,
        "events": [_event_document(event) for event in reading.events],
        "ignored": list(reading.ignored),
        "warnings": list(reading.warnings),
    }


def trace(event: CarrierEvent) -> Mapping[str, str]:
    """Say where in the payload each field of an event was taken from; fields that were made up of others lack."""
    references = event.references
    fields = {
        "tracking_number": next(iter(event.tracking_numbers), None),
        "code": event.code,
        "unknown_code": event.unknown_code,
        "occurred_at": event.occurred_at,
        "city": event.place.city,
        "state": event.place.state,
        "description": event.description,
        "event_id": event.event_id,
        "references.order_id": references.order_id,
        "references.invoice_number": references.invoice_number,
        "references.invoice_series": references.invoice_series,
        "references.invoice_key": references.invoice_key,
    }
    paths = {field: getattr(value, "path", "") for field, value in fields.items()}
    return {field: path for field, path in paths.items() if path}


def _settle(
    adapter: Adapter, event: CarrierEvent, zone: ZoneInfo | None, account_zone: ZoneInfo | None
) -> tuple[CarrierEvent, tuple[str, ...]]:
    """Give an event's time its zone, and collect what is doubtful about it."""
    moment, zone_remark = _in_zone(adapter, event.occurred_at, zone, account_zone)
    unknown = f"unknown code {event.unknown_code}" if event.unknown_code else ""
    remarks = tuple(filter(None, (zone_remark, unknown, *event.warnings)))
    return replace(event, occurred_at=moment), remarks


def _in_zone(
    adapter: Adapter, moment: Moment | None, zone: ZoneInfo | None, account_zone: ZoneInfo | None
) -> tuple[Moment | None, str]:
    if moment is None or not moment.zone_is_assumed:
        return moment, ""
    if zone is not None:
        return moment.read_in(zone), ""
    if not moment.zone_is_unknown:
        return moment, f"zone assumed: {moment.at.tzinfo} (adapter)"
    if adapter.zone is not None:
        return moment.read_in(ZoneInfo(adapter.zone)), f"zone assumed: {adapter.zone} (adapter)"
    if account_zone is not None:
        return moment.read_in(account_zone), f"zone assumed: {account_zone} (account)"
    return moment, "zone assumed: UTC (none is known)"


def _override(event: CarrierEvent, overrides: Mapping[str, Milestone]) -> CarrierEvent:
    """Apply a source's own meaning of a code; the more specific code of an event that has two goes first."""
    for code in (event.unknown_code, event.code):
        if code is not None and code in overrides:
            return replace(event, milestone=overrides[code])
    return event


def _once(adapter: Adapter, events: Iterable[CarrierEvent]) -> Iterator[CarrierEvent]:
    """Pass over what a document says twice word for word."""
    seen: set[tuple[str, str]] = set()
    for event in events:
        identity = (event.subject, fingerprint(adapter, event))
        if identity not in seen:
            seen.add(identity)
            yield event


def _in_order(events: Iterable[CarrierEvent]) -> list[CarrierEvent]:
    """Order events by time; where times tie or lack, keep the payload's order, turned if it is newest first."""
    by_subject: dict[str, list[CarrierEvent]] = {}
    for event in events:
        by_subject.setdefault(event.subject, []).append(event)
    timed: list[tuple[datetime, CarrierEvent]] = []
    for group in by_subject.values():
        latest = _LONG_AGO
        for event in _oldest_first(group):
            latest = event.occurred_at.at if event.occurred_at else latest
            timed.append((latest, event))
    return [event for _, event in sorted(timed, key=lambda pair: pair[0])]


def _oldest_first(group: list[CarrierEvent]) -> list[CarrierEvent]:
    times = [event.occurred_at.at for event in group if event.occurred_at]
    is_newest_first = bool(times) and times[0] > times[-1]
    return group[::-1] if is_newest_first else group


def _event_document(event: CarrierEvent) -> dict[str, Any]:
    references = event.references
    return {
        "tracking_number": next(iter(event.tracking_numbers), None),
        "code": event.code,
        "milestone": event.milestone.value,
        "occurred_at": event.occurred_at.at.isoformat() if event.occurred_at else None,
        "city": event.place.city,
        "state": event.place.state,
        "description": event.description,
        "event_id": event.event_id,
        "references": {
            "order_id": references.order_id,
            "invoice_number": references.invoice_number,
            "invoice_key": references.invoice_key,
        },
    }
