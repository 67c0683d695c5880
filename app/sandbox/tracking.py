"""What a PUT of tracking events does to a package."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.sandbox.fields import Fields
from app.sandbox.options import Mode, SandboxOptions
from app.sandbox.orders import CourierStatus, Package, SentRow, TrackingRow, TrackingUpdate

__all__ = [
    "MAX_DESCRIPTION",
    "first_courier_status",
    "read_update",
    "updated_package",
    "with_rows",
]

MAX_DESCRIPTION = 5000


def read_update(fields: Fields) -> TrackingUpdate:
    """Read the body of a PUT; it counts only when ``fields`` has no problem afterwards."""
    return TrackingUpdate(
        is_delivered=fields.flag("isDelivered"),
        delivered_date=fields.date("deliveredDate", nullable=True),
        rows=tuple(_row(event) for event in fields.objects("events")),
    )


def _row(event: Fields) -> SentRow:
    description = event.text("description")
    if event.strict and description and len(description) > MAX_DESCRIPTION:
        event.complain("description", f"is longer than {MAX_DESCRIPTION} characters")
    return SentRow(
        city=event.text("city"),
        state=event.text("state"),
        description=description,
        date=event.date("date"),
    )


def first_courier_status(options: SandboxOptions, courier: str | None) -> CourierStatus | None:
    """Make the courierStatus of a package that was just invoiced."""
    match options.initial_courier_status:
        case "unknown":
            return CourierStatus(status="unknown")
        case "documented":
            return CourierStatus(status="ok" if courier else None)
        case "absent":
            return None


def updated_package(
    package: Package, update: TrackingUpdate, options: SandboxOptions, mode: Mode, now: datetime
) -> Package:
    """Apply an accepted PUT."""
    status = package.courier_status or CourierStatus(status="ok" if package.courier else None)
    rows = tuple(_arrived(row, now) for row in update.rows)
    status = replace(status, rows=_combined(status.rows, rows, mode))
    if update.is_delivered:
        delivered_date = update.delivered_date or status.delivered_date or now
        status = replace(status, finished=True, delivered_date=delivered_date)
    elif not options.delivered_is_sticky:
        status = replace(status, finished=False, delivered_date=None)
    return replace(package, courier_status=status, last_update=update, last_change=now)


def with_rows(package: Package, rows: Iterable[SentRow], now: datetime) -> Package:
    """Add rows as another writer's would be there, whatever the mode of PUT."""
    status = package.courier_status or CourierStatus(status="ok" if package.courier else None)
    added = tuple(_arrived(row, now) for row in rows)
    status = replace(status, rows=(*status.rows, *added))
    return replace(package, courier_status=status, last_change=now)


def _arrived(row: SentRow, now: datetime) -> TrackingRow:
    return TrackingRow(
        last_change=row.date or now,
        create_date=now,
        city=row.city,
        state=row.state,
        description=row.description,
    )


def _combined(held: tuple[TrackingRow, ...], sent: tuple[TrackingRow, ...], mode: Mode) -> tuple[TrackingRow, ...]:
    match mode:
        case "append":
            return held + sent
        case "replace":
            return sent
        case "merge":
            # The first of equals stays, so that a row keeps the time at which it was created.
            merged: dict[tuple[object, ...], TrackingRow] = {}
            for row in held + sent:
                merged.setdefault(_sameness(row), row)
            return tuple(merged.values())


def _sameness(row: TrackingRow) -> tuple[object, ...]:
    return row.city, row.state, row.description, row.last_change
