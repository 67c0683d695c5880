"""Decide what a shipment needs next: nothing, a read, or one PUT with everything that is pending. Pure."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import datetime, time, timedelta
from re import fullmatch
from types import MappingProxyType
from typing import Final

from app.account import Account
from app.forwarder.learning import is_full
from app.forwarder.registering import register
from app.forwarder.timeline import chronological, delivered_at, moment, revisions
from app.forwarder.voices import heard
from app.model import BY_HAND, TimeQuality
from app.store import EventRow, Frozen, Plan, Skip, Work
from app.vtex import body_hash, delivered_date, description, match_rows, remembered_row, request_body, row_date

__all__ = ["LOOKS", "NO_NAMES", "forwards", "live_from", "observe", "plan", "planner", "render"]

logger = logging.getLogger(__name__)

LOOKS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(hours=72),
)
"""When to look, after a row would have been sent, whether another writer's row of the event is there."""
_SKEW: Final = timedelta(seconds=5)
"""How far the clocks of processes that share a database may be apart."""
NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
# Dots alone would not name an invoice but climb out of its address.
_INVOICE: Final = r"(?!\.+$)[A-Za-z0-9._-]+"


def planner(
    accounts: Mapping[str, Account], now: Callable[[], datetime], couriers: Mapping[str, str] = NO_NAMES
) -> Callable[[Work], Plan]:
    """Make the decision that the queue asks for when a shipment is claimed.

    A shipment whose plan fails for a reason that nobody foresaw is dead, so that it does not stop the others.
    """

    def decide(work: Work) -> Plan:
        try:
            return plan(work, accounts[work.account], now(), couriers)
        except Exception as error:
            logger.exception("a shipment could not be planned", extra={"shipment": work.shipment_id})
            return Plan(dead=f"the relay failed on it: {error!r}")

    return decide


def render(row: EventRow, account: Account, now: datetime) -> Frozen:
    """Write an event as a row of VTEX's timeline; a row that was sent before stays as it was sent."""
    if row.frozen is not None:
        return row.frozen
    return Frozen(
        city=row.city or "",
        state=row.state or "",
        description=description(row.description, row.milestone, account, carrier=row.carrier, code=row.code),
        date=row_date(_as_read(row), account, now=now, day_only=row.quality == TimeQuality.DATE),
    )


def _as_read(row: EventRow) -> datetime:
    """Return the event's time in the zone in which it was read, which a day alone must not leave."""
    return datetime.fromisoformat(row.occurred_text) if row.occurred_text else moment(row)


def plan(work: Work, account: Account, now: datetime, couriers: Mapping[str, str] = NO_NAMES) -> Plan:
    """Decide what to do for a claimed shipment, of what its owner says."""
    spoken = heard(work, account, now)
    planned = _plan(spoken.work, account, now, couriers)
    return replace(
        planned,
        skips=(*spoken.skips, *planned.skips),
        voices=spoken.voices,
        rest_until=spoken.takeover_at if planned.dead is None else None,
    )


def _plan(work: Work, account: Account, now: datetime, couriers: Mapping[str, str]) -> Plan:
    if not fullmatch(_INVOICE, work.invoice_number):
        return _unaddressable(work)
    if work.read_after is not None and now >= work.read_after:
        return Plan(read=True)
    if not forwards(work, account):
        return observe(work, account, now)
    if work.read_after is not None:
        return Plan(wait_until=work.read_after)
    return register(work, account, couriers, now) or _write(work, account, now)


def _write(work: Work, account: Account, now: datetime) -> Plan:
    """Decide what to write, or what has to be read or waited for before that."""
    skips = _skips(work, account)
    skipped = {skip.event_id for skip in skips}
    pending = [row for row in chronological(_open(work)) if row.event_id not in skipped]
    at = delivered_at(work.rows, work.tracking_numbers)
    whole = is_full(account, work.learnt) and work.accepted_puts > 0
    if not pending and not whole and (at is None or work.delivered):
        return Plan(skips=tuple(skips))
    if account.first_read and work.read_at is None:
        return Plan(read=True, skips=tuple(skips))
    ready_at = min((row.received_at for row in pending), default=now) + account.debounce
    # What came "later than now" came by a clock that was ahead and has been set back since: it must not wait for that.
    if pending and now < ready_at <= now + account.debounce + _SKEW:
        return Plan(wait_until=ready_at, skips=tuple(skips))
    if _is_stale(pending, account, now):
        return Plan(skips=tuple(skips))
    return _send(work, account, now, pending, skips)


def _is_stale(pending: Sequence[EventRow], account: Account, now: datetime) -> bool:
    """Tell whether everything that waits is old news, which goes out only together with fresh news."""
    if account.stale_after is None or not pending or any(row.carrier == BY_HAND for row in pending):
        return False
    return all(moment(row) < now - account.stale_after and row.row_state == "pending" for row in pending)


def observe(work: Work, account: Account, now: datetime) -> Plan:
    """Write down what would be sent, and look at the order now and then to see what others show of it."""
    skips = _skips(work, account)
    skipped = {skip.event_id for skip in skips}
    says_delivered = delivered_at(work.rows, work.tracking_numbers) is not None
    fresh = [(row, render(row, account, now)) for row in chronological(_open(work)) if row.event_id not in skipped]
    if fresh:
        body = request_body(
            [(frozen.city, frozen.state, frozen.description, frozen.date) for _, frozen in fresh],
            _delivered_date(work, account, now),
        )
        return Plan(
            body=body,
            body_hash=body_hash(body),
            observed=tuple((row.event_id, frozen) for row, frozen in fresh),
            carries=tuple(row.event_id for row, _ in fresh),
            skips=tuple(skips),
            says_delivered=says_delivered,
            look_at=now + LOOKS[0],
        )
    unsettled = says_delivered and not work.delivered
    observed = [row for row in work.rows if row.row_state == "observed" and (row.likeness is None or unsettled)]
    times = [row.sent_at for row in observed if row.sent_at is not None]
    looks = (max(times) + after for after in LOOKS if times)
    look_at = next((at for at in looks if at > now), None)
    return Plan(skips=tuple(skips), says_delivered=says_delivered, look_at=look_at)


def forwards(work: Work, account: Account) -> bool:
    """Tell whether a shipment is written to VTEX at all, or only observed."""
    since = live_from(account)
    return not account.observe and (since is None or work.invoiced_at is None or work.invoiced_at >= since)


def live_from(account: Account) -> datetime | None:
    """Return the time from which shipments must have been invoiced to be written; None for any."""
    if account.forward_from is None:
        return None
    return datetime.combine(account.forward_from, time.min, tzinfo=account.timezone)


def _unaddressable(work: Work) -> Plan:
    reason = f"VTEX cannot take the invoice number {work.invoice_number!r}: it must be letters, digits, and . _ -"
    return Plan(
        dead=reason,
        skips=tuple(Skip(event_id=row.event_id, reason=reason, state="dead") for row in _open(work)),
    )


def _open(work: Work) -> list[EventRow]:
    """List the rows that are not known to be on the timeline and are still wanted there."""
    return [row for row in work.rows if row.row_state in {"pending", "sent"}]


def _skips(work: Work, account: Account) -> list[Skip]:
    """Say which open rows are not wanted on this account's timeline."""
    whole = is_full(account, work.learnt)
    applied = {row.event_id for row in work.rows if row.row_state == "applied"}
    replaced = {row.revises for row in work.rows if row.revises is not None}
    earlier = revisions(work.rows)
    skips: list[Skip] = []
    for row in _open(work):
        is_wanted = account.forward_milestones is None or row.milestone in account.forward_milestones
        is_left_out = not is_wanted and row.carrier != BY_HAND
        if is_left_out and row.row_state == "pending":
            skips.append(Skip(event_id=row.event_id, reason=f"forward_milestones leaves out {row.milestone}"))
        elif row.event_id in replaced:
            skips.append(Skip(event_id=row.event_id, reason="the carrier revised it before it was on the timeline"))
        elif earlier[row.event_id] & applied and not whole:
            skips.append(Skip(event_id=row.event_id, reason="a revision of a row that is on the timeline already"))
    return skips


def _send(work: Work, account: Account, now: datetime, pending: Sequence[EventRow], skips: list[Skip]) -> Plan:
    """Put pending rows into one request, in order, each distinct row once; of a split shipment one row alone."""
    taken = {row.frozen for row in work.rows if row.row_state == "applied"}
    written = {row.event_id: render(row, account, now) for row in pending}
    told = _told_by_others(work, written)
    fresh: list[tuple[EventRow, Frozen]] = []
    for row in pending:
        if work.split and fresh:
            break
        rendered = written[row.event_id]
        if rendered in taken or row.event_id in told:
            skips.append(Skip(event_id=row.event_id, reason="the very same row is on the timeline already"))
        else:
            taken.add(rendered)
            fresh.append((row, rendered))
    delivered = _delivered_date(work, account, now)
    whole = is_full(account, work.learnt)
    if not fresh and not whole and (delivered is None or work.delivered):
        return Plan(skips=tuple(skips))
    rows = _whole(work, fresh) if whole else [rendered for _, rendered in fresh]
    body = request_body([(row.city, row.state, row.description, row.date) for row in rows], delivered)
    if whole and body_hash(body) == work.accepted_hash:
        return Plan(skips=tuple(skips))
    return Plan(
        body=body,
        body_hash=body_hash(body),
        frozen=tuple((row.event_id, rendered) for row, rendered in fresh if row.row_state == "pending"),
        carries=tuple(row.event_id for row, _ in fresh),
        skips=tuple(skips),
        delivered_date=delivered,
    )


def _told_by_others(work: Work, rows: Mapping[int, Frozen]) -> set[int]:
    """Return the events whose rows other writers had on the timeline when it was read, however VTEX writes dates."""
    told: set[int] = set()
    left = [remembered_row(*astuple(row)) for row in work.baseline]
    # Two events may be told in the same words: one row of others is enough for both.
    while left and (
        found := match_rows([(id_, astuple(row)) for id_, row in rows.items() if id_ not in told], left)[0]
    ):
        told |= found.keys()
    return told


def _delivered_date(work: Work, account: Account, now: datetime) -> str | None:
    """Return the deliveredDate to send, None while the package is not delivered; what VTEX accepted stays."""
    if work.delivered_date is not None:
        return work.delivered_date
    at = delivered_at(work.rows, work.tracking_numbers)
    if at is None and not work.delivered:
        return None
    return delivered_date(at or now, account, now=now)


def _whole(work: Work, fresh: Sequence[tuple[EventRow, Frozen]]) -> list[Frozen]:
    """Return the baseline and all of our rows, in order: what a timeline that is replaced must be sent."""
    rendered = {row.event_id: frozen for row, frozen in fresh}
    rendered |= {row.event_id: row.frozen for row in work.rows if row.row_state == "applied" and row.frozen}
    earlier = revisions(work.rows)
    for revised in set().union(*(earlier[event_id] for event_id in rendered)):
        rendered.pop(revised, None)
    ours = chronological([row for row in work.rows if row.event_id in rendered])
    told = _told_by_others(work, rendered)
    distinct = dict.fromkeys(rendered[row.event_id] for row in ours if row.event_id not in told)
    return [*work.baseline, *distinct]
