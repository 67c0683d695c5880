"""What a read of the order says about a shipment's rows. Pure."""

from datetime import datetime

from app.account import Account
from app.forwarder.learning import sample
from app.forwarder.planning import render
from app.store import Frozen, Seen, Work
from app.vtex import Order, Package, match_rows

__all__ = ["package_of", "seen"]


def package_of(order: Order, invoice_number: str) -> Package | None:
    """Find the package that an invoice number addresses, None when the order has none."""
    return next((package for package in order.packages if package.invoice_number == invoice_number), None)


def seen(work: Work, package: Package | None, account: Account, now: datetime) -> Seen:
    """Compare the rows that a package shows with ours."""
    if package is None:
        return Seen(baseline=work.baseline)
    rendered = {row.event_id: render(row, account, now) for row in work.rows if row.row_state != "skipped"}
    ours = [(id_, (row.city, row.state, row.description, row.date)) for id_, row in rendered.items()]
    found, others = match_rows(ours, package.rows)
    # Our own rows that stand there once more are no other writer's: nothing would ever put them back.
    again, others = match_rows(ours, others)
    foreign = tuple(
        Frozen(city=row.city, state=row.state, description=row.description, date=row.date) for row in others
    )
    is_open = {row.event_id for row in work.rows if row.row_state in {"pending", "sent"}}
    return Seen(
        matched=tuple((id_, rendered[id_]) for id_ in found if id_ in is_open),
        baseline=foreign,
        finished=package.finished,
        delivered_date=package.delivered_date,
        sample=sample(work, set(found), foreign, doubled=bool(again), account=account, now=now),
    )
