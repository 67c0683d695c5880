"""The index from tracking numbers, keys and invoices to shipments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from app.model import normalise_number
from app.store.columns import Ids
from app.store.dialect import insert
from app.store.placement import Resolve, bare, wake
from app.store.schema import audit, numbers, shipments

__all__ = ["AddShipment", "Indexed", "IndexedShipment", "RemoveNumber"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedShipment:
    """What the index should know of a shipment."""

    account: str
    order_id: str
    invoice_number: str
    tracking_numbers: tuple[str, ...] = ()
    invoice_key: str | None = None
    courier: str | None = None
    invoiced_at: datetime | None = None
    origin: str = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What indexing changed: the shipment, whether it is new, and how many parked subjects found it."""

    shipment_id: int
    created: bool
    tracking_numbers: tuple[str, ...]
    woken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddShipment:
    """Index a shipment, uniting its tracking numbers with those known, and wake what was parked for it.

    Args:
        shipment: What to index.
        resolve: Decides where parked subjects go.
        members: The accounts among which a source's shipments are sought.
        ids: Makes ids.
        now: The time.
        actor: Who did it, for the audit log; None when the relay itself did.

    """

    shipment: IndexedShipment
    resolve: Resolve
    members: Callable[[str], Sequence[str]]
    ids: Ids
    now: datetime
    actor: str | None = None

    def run(self, connection: Connection) -> Indexed:
        """Index and wake in one transaction."""
        wanted = self.shipment
        id_, created = self._upsert(connection)
        shown = {normalise_number(number): number for number in wanted.tracking_numbers if normalise_number(number)}
        if shown:
            connection.execute(
                insert(connection, numbers).on_conflict_do_nothing(),
                [
                    {
                        "account": wanted.account,
                        "number": number,
                        "shipment_id": id_,
                        "shown": text,
                        "added_at": self.now,
                    }
                    for number, text in shown.items()
                ],
            )
        keys = {("number", number) for number in shown} | {("order", wanted.order_id)}
        keys.add(("invoice", bare(wanted.invoice_number)))
        if wanted.invoice_key:
            keys.add(("key", normalise_number(wanted.invoice_key)))
        woken = wake(connection, wanted.account, keys, resolve=self.resolve, members=self.members, now=self.now)
        if self.actor:
            self._audit(connection, id_, created)
        return Indexed(shipment_id=id_, created=created, tracking_numbers=shown_numbers(connection, id_), woken=woken)

    def _upsert(self, connection: Connection) -> tuple[int, bool]:
        wanted = self.shipment
        new_id = self.ids.next()
        key = normalise_number(wanted.invoice_key) if wanted.invoice_key else None
        connection.execute(
            insert(connection, shipments)
            .values(
                id=new_id,
                account=wanted.account,
                order_id=wanted.order_id,
                invoice_number=wanted.invoice_number,
                invoice_bare=bare(wanted.invoice_number),
                invoice_key=key,
                courier=wanted.courier,
                invoiced_at=wanted.invoiced_at,
                origin=wanted.origin,
                created_at=self.now,
            )
            .on_conflict_do_nothing(index_elements=["account", "order_id", "invoice_number"])
        )
        same = (
            (shipments.c.account == wanted.account)
            & (shipments.c.order_id == wanted.order_id)
            & (shipments.c.invoice_number == wanted.invoice_number)
        )
        id_ = connection.execute(select(shipments.c.id).where(same)).scalar_one()
        learnt = {
            "invoice_key": key,
            "courier": wanted.courier,
            "invoiced_at": wanted.invoiced_at,
            "origin": "order" if wanted.origin == "order" else None,
        }
        learnt = {name: value for name, value in learnt.items() if value is not None}
        if id_ != new_id and learnt:
            connection.execute(update(shipments).where(shipments.c.id == id_).values(**learnt))
        return id_, id_ == new_id

    def _audit(self, connection: Connection, id_: int, created: bool) -> None:  # noqa: FBT001 - private, two callers' words
        connection.execute(
            audit.insert().values(
                id=self.ids.next(),
                at=self.now,
                actor=self.actor,
                action="shipment.added" if created else "shipment.united",
                target=f"shipment:{id_}",
                detail={"tracking_numbers": list(self.shipment.tracking_numbers)},
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNumber:
    """Take a tracking number from a shipment; rows already on its timeline stay."""

    shipment_id: int
    number: str
    ids: Ids
    now: datetime
    actor: str

    def run(self, connection: Connection) -> bool:
        """Remove it; tell whether it was there."""
        removed = connection.execute(
            delete(numbers).where(
                numbers.c.shipment_id == self.shipment_id, numbers.c.number == normalise_number(self.number)
            )
        ).rowcount
        if removed:
            connection.execute(
                audit.insert().values(
                    id=self.ids.next(),
                    at=self.now,
                    actor=self.actor,
                    action="shipment.number-removed",
                    target=f"shipment:{self.shipment_id}",
                    detail={"tracking_number": self.number},
                )
            )
        return bool(removed)


def shown_numbers(connection: Connection, shipment_id: int) -> tuple[str, ...]:
    """List a shipment's tracking numbers as people write them, oldest first."""
    found = (
        select(numbers.c.shown)
        .where(numbers.c.shipment_id == shipment_id)
        .order_by(numbers.c.added_at, numbers.c.number)
    )
    return tuple(connection.execute(found).scalars())
