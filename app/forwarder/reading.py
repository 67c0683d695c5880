"""What a read of the order says about a shipment's rows. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.account import Account, History
from app.forwarder.learning import is_full, sample
from app.forwarder.planning import forwards, render
from app.forwarder.timeline import delivered_at
from app.forwarder.voices import heard
from app.payload import read_moment
from app.store import Frozen, PackageFields, Seen, Work
from app.vtex import Answered, Order, Outcome, Package, TimelineRow, delivered_date, match_rows, shows_moment

__all__ = ["first_read", "found_by", "package_of", "seen"]


def package_of(order: Order, invoice_number: str) -> Package | None:
    """Find the package that an invoice number addresses, None when the order has none."""
    named = [package for package in order.packages if package.invoice_number == invoice_number]
    return next((package for package in named if package.is_output), None)


def first_read(work: Work, order: Order, account: Account, now: datetime) -> Seen | None:
    """Say what a read that others made shows of a shipment; None where its own first read is to be made, or none."""
    package = package_of(order, work.invoice_number)
    if package is None or not account.first_read or not forwards(work, account):
        return None
    return seen(work, package, account, now)


def found_by(work: Work, answered: Answered, account: Account, now: datetime) -> Seen | None:
    """Return what a read found, None when it found out nothing; an order that is not there shows no rows."""
    if answered.outcome is Outcome.MISSING:
        return Seen(baseline=work.baseline)
    if answered.outcome is not Outcome.APPLIED or answered.order is None:
        return None
    return seen(work, package_of(answered.order, work.invoice_number), account, now)


def seen(work: Work, package: Package | None, account: Account, now: datetime) -> Seen:
    """Compare the rows that a package shows with ours."""
    if package is None:
        return Seen(baseline=work.baseline)
    work = heard(work, account, now).work
    rendered = {
        row.event_id: render(row, account, now) for row in work.rows if row.row_state not in {"skipped", "dead"}
    }
    ours = [(id_, (row.city, row.state, row.description, row.date)) for id_, row in rendered.items()]
    found, others = match_rows(ours, package.rows)
    # Our own rows that stand there once more are no other writer's: nothing would ever put them back.
    again, others = match_rows(ours, others)
    if not forwards(work, account):
        likenesses, extra = _likenesses(ours, found, others)
        return Seen(
            baseline=_frozen(extra),
            finished=package.finished,
            delivered_date=_delivered_date(work, package, account, now),
            likenesses=likenesses,
            package=_fields(package),
        )
    foreign = _frozen(others)
    baseline = foreign
    if is_full(account, work.learnt) or (account.history is History.AUTO and work.learnt.verdict is None):
        # A call from before the verdict did not carry them and took them away: the next one that carries all puts
        # them back, and until there is a verdict nobody knows whether there will be one.
        # One that turned out to be ours is not among them any more.
        baseline = (*_hidden(work.baseline, [*others, *found.values()]), *foreign)
    is_open = {row.event_id for row in work.rows if row.row_state in {"pending", "sent"}}
    return Seen(
        matched=tuple((id_, rendered[id_]) for id_ in found if id_ in is_open),
        baseline=baseline,
        finished=package.finished,
        delivered_date=_delivered_date(work, package, account, now),
        sample=sample(work, set(found), foreign, doubled=bool(again), account=account, now=now),
        package=_fields(package),
    )


def _fields(package: Package) -> PackageFields:
    return PackageFields(
        number=";".join(package.tracking_numbers), courier=package.courier or None, url=package.tracking_url
    )


def _hidden(baseline: Sequence[Frozen], shown: Sequence[TimelineRow]) -> list[Frozen]:
    """Return the rows of the baseline that VTEX does not show, however it writes their dates."""
    kept = [(index, (row.city, row.state, row.description, row.date)) for index, row in enumerate(baseline)]
    there, _ = match_rows(kept, shown)
    return [row for index, row in enumerate(baseline) if index not in there]


def _frozen(rows: Sequence[TimelineRow]) -> tuple[Frozen, ...]:
    return tuple(Frozen(city=row.city, state=row.state, description=row.description, date=row.date) for row in rows)


def _delivered_date(work: Work, package: Package, account: Account, now: datetime) -> str | None:
    """Say when the package was delivered, as it is to be sent from now on: as we know it, else as VTEX shows it."""
    at = delivered_at(work.rows, work.tracking_numbers)
    if at is None and package.delivered_date is not None:
        shown = read_moment(package.delivered_date, zone=account.timezone.key)
        at = shown.at if shown else None
    return delivered_date(at, account, now=now) if at is not None else None


def _likenesses(
    ours: Sequence[tuple[int, tuple[str, str, str, str]]], found: Mapping[int, TimelineRow], others: list[TimelineRow]
) -> tuple[tuple[tuple[int, str, datetime | None], ...], list[TimelineRow]]:
    """Compare what we would have sent with what others show: the same row, or the same moment in other words.

    Returns:
        What each of our events is like, with the time at which its row was made; and the rows that are like none.

    """
    likenesses = [(id_, "same", row.created.at if row.created else None) for id_, row in found.items()]
    extra = list(others)
    for id_, (_, _, _, date) in ours:
        if id_ in found:
            continue
        twin = next((row for row in extra if shows_moment(date, row)), None)
        if twin is not None:
            extra.remove(twin)
            likenesses.append((id_, "reworded", twin.created.at if twin.created else None))
    return tuple(likenesses), extra
