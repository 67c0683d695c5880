"""The index from tracking numbers, keys and invoices to shipments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from app.errors import Erased
from app.model import normalise_number
from app.store.auditing import Audited, write_audit
from app.store.columns import Ids
from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.facts import Resolve, bare
from app.store.placement import make_due, share, unlink, wake
from app.store.prepared import Prepared
from app.store.schema import numbers, shipments
from app.store.tombstones import without_erased

__all__ = ["AddOrder", "AddShipment", "Indexed", "IndexedShipment", "RemoveNumber"]

_RETURN: Final = "return"
_ORDER: Final = "order"


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
    sequence: str | None = None
    origin: str = "manual"
    """``manual``, ``order`` when its whole order was read from VTEX, ``return`` for a package that comes back."""


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

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.shipment.account)

    def run(self, connection: Connection) -> Indexed:
        """Index and wake in one transaction."""
        indexing = _Indexing(ids=self.ids, now=self.now, resolve=self.resolve, members=self.members)
        kept = without_erased(connection, [self.shipment], self.now)
        if not kept:
            raise Erased("the order was erased, and nothing of it is taken in any more")
        id_, created = indexing.add(connection, kept[0])
        woken = indexing.wake(connection, [(kept[0], id_)])
        if self.actor:
            self._audit(connection, id_, self.actor, created=created)
        return Indexed(shipment_id=id_, created=created, tracking_numbers=shown_numbers(connection, id_), woken=woken)

    def _audit(self, connection: Connection, id_: int, actor: str, *, created: bool) -> None:
        write_audit(
            connection,
            self.ids,
            self.now,
            actor=actor,
            action="shipment.added" if created else "shipment.united",
            target=f"shipment:{id_}",
            detail={"tracking_numbers": list(self.shipment.tracking_numbers)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrder:
    """Index all packages of an order that VTEX showed, and only then wake what was parked for any of them.

    One after the other, the first package would take what belongs to both, or what cannot be told apart.
    """

    shipments: tuple[IndexedShipment, ...]
    resolve: Resolve
    members: Callable[[str], Sequence[str]]
    ids: Ids
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(*(shipment.account for shipment in self.shipments))

    def run(self, connection: Connection) -> int:
        """Index and wake in one transaction; return how many subjects found their shipment."""
        indexing = _Indexing(ids=self.ids, now=self.now, resolve=self.resolve, members=self.members)
        kept = without_erased(connection, self.shipments, self.now)
        added = [(shipment, indexing.add(connection, shipment)[0]) for shipment in kept]
        # Only now is it known where a number went that a package lost.
        for shipment, id_ in added:
            indexing.drop_lost(connection, shipment, id_)
        return indexing.wake(connection, added)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexing:
    """The steps that adding a shipment and adding an order share."""

    ids: Ids
    now: datetime
    resolve: Resolve
    members: Callable[[str], Sequence[str]]

    def add(self, connection: Connection, wanted: IndexedShipment) -> tuple[int, bool]:
        """Enter a shipment with its numbers; return its id and whether it is new."""
        id_, created, origin = self._upsert(connection, wanted)
        shown = by_number(wanted)
        if shown and (wanted.origin == _RETURN) == (origin == _RETURN):
            entries = [
                {"account": wanted.account, "number": number, "shipment_id": id_, "shown": text, "added_at": self.now}
                for number, text in shown.items()
            ]
            fresh = insert(connection, numbers)
            if wanted.origin == _ORDER:
                fresh = fresh.values(read=True).on_conflict_do_update(
                    index_elements=["account", "number", "shipment_id"], set_={"read": True}
                )
            else:
                fresh = fresh.on_conflict_do_nothing()
            connection.execute(fresh, entries)
        return id_, created

    def drop_lost(self, connection: Connection, shown: IndexedShipment, id_: int) -> None:
        """Take from a package the numbers that VTEX showed in it before and now shows others in the place of.

        Somebody corrected them: they are about another parcel, and nobody will ever call them delivered here. What
        people entered themselves stays, as does everything when the field is only empty.
        """
        held = by_number(shown)
        if shown.origin != _ORDER or not held:
            return
        lost = (numbers.c.shipment_id == id_) & numbers.c.read.is_(True) & numbers.c.number.not_in(held)
        gone = connection.execute(select(numbers.c.number).where(lost)).scalars().all()
        if not gone:
            return
        connection.execute(delete(numbers).where(lost))
        make_due(connection, [id_], self.now)
        for number in gone:
            unlink(connection, id_, (shown.account, number), resolve=self.resolve, members=self.members, now=self.now)

    def wake(self, connection: Connection, added: Sequence[tuple[IndexedShipment, int]]) -> int:
        """Resolve again what waits for any of these shipments, and what is shown on others of their numbers."""
        woken = 0
        for account in sorted({shipment.account for shipment, _ in added}):
            keys = {key for shipment, _ in added if shipment.account == account for key in keys_for(shipment)}
            woken += wake(connection, account, keys, resolve=self.resolve, members=self.members, now=self.now)
        for _, id_ in added:
            woken += share(connection, id_, resolve=self.resolve, members=self.members, now=self.now)
        return woken

    def _upsert(self, connection: Connection, wanted: IndexedShipment) -> tuple[int, bool, str]:
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
                sequence=wanted.sequence,
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
        known = connection.execute(select(shipments.c.id, shipments.c.origin).where(same)).one()
        origin = _ORDER if wanted.origin == _ORDER else known.origin
        learnt = {"invoice_key": key, "courier": wanted.courier, "invoiced_at": wanted.invoiced_at, "origin": origin}
        learnt["sequence"] = wanted.sequence
        if known.id != new_id and wanted.origin != _RETURN:
            said = {name: value for name, value in learnt.items() if value is not None}
            connection.execute(update(shipments).where(shipments.c.id == known.id).values(**said))
        return known.id, known.id == new_id, origin


def by_number(shipment: IndexedShipment) -> dict[str, str]:
    """Return the shipment's tracking numbers as shown, by how they are compared."""
    return {normalise_number(number): number for number in shipment.tracking_numbers if normalise_number(number)}


def keys_for(shipment: IndexedShipment) -> set[tuple[str, str]]:
    """List by what a parked subject may be waiting for this shipment."""
    keys = {("number", number) for number in by_number(shipment)}
    if shipment.origin == _RETURN:
        return keys
    keys |= {("order", shipment.order_id), ("invoice", bare(shipment.invoice_number))}
    return keys | ({("key", normalise_number(shipment.invoice_key))} if shipment.invoice_key else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNumber(Audited):
    """Take a tracking number from a shipment; rows already on its timeline stay.

    With ``resolve`` and ``members``, what the number led to is resolved again.
    """

    shipment_id: int
    number: str
    resolve: Resolve | None = None
    members: Callable[[str], Sequence[str]] = lambda owner: (owner,)

    def run(self, connection: Connection) -> bool:
        """Remove it; tell whether it was there."""
        removed = connection.execute(
            delete(numbers).where(
                numbers.c.shipment_id == self.shipment_id, numbers.c.number == normalise_number(self.number)
            )
        ).rowcount
        if removed:
            # What is left may all be delivered.
            make_due(connection, [self.shipment_id], self.now)
            self._unlink(connection)
            target = f"shipment:{self.shipment_id}"
            self.audit(connection, "shipment.number-removed", target, {"tracking_number": self.number})
        return bool(removed)

    def _unlink(self, connection: Connection) -> None:
        if self.resolve is None:
            return
        account = select(shipments.c.account).where(shipments.c.id == self.shipment_id)
        number = (connection.execute(account).scalar_one(), normalise_number(self.number))
        unlink(connection, self.shipment_id, number, resolve=self.resolve, members=self.members, now=self.now)


_SHOWN: Final = Prepared(
    select(numbers.c.shown)
    .where(numbers.c.shipment_id == bindparam("of"))
    .order_by(numbers.c.added_at, numbers.c.number)
)


def shown_numbers(connection: Connection, shipment_id: int) -> tuple[str, ...]:
    """List a shipment's tracking numbers as people write them, oldest first."""
    return tuple(_SHOWN.scalars(connection, {"of": shipment_id}))
