"""Index many shipments at the price of a few statements, with the effect of adding them one after another.

Most rows of an import concern nothing that is known: nobody waits for them, and they share no number with another
shipment. Those are entered together. The others are added one by one, each at its place in the order, so that what
waits for them is decided as if there were no bulk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Row, select

from app.model import normalise_number
from app.store.auditing import write_audit
from app.store.columns import Ids
from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion, of_accounts
from app.store.facts import Resolve, bare
from app.store.finding import waiting_for
from app.store.index import AddShipment, IndexedShipment, by_number, keys_for
from app.store.schema import numbers, shipments
from app.store.tombstones import without_erased

__all__ = ["AuditImport", "ImportShipments", "Imported"]

_ONE_BY_ONE: Final = 20
"""How many shipments that something waits for one transaction takes: each costs as much as a whole run of others."""

_Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What one transaction took in: the first ``done`` of the shipments, and what that changed."""

    done: int
    created: int
    woken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportShipments:
    """Index shipments in their order, as `AddShipment` would one after another; wake what was parked for them.

    The transaction ends early, with ``done`` saying where, rather than hold up the webhooks that wait behind it.

    Args:
        shipments: What to index, up to some hundreds.
        resolve: Decides where parked subjects go.
        members: The accounts among which a source's shipments are sought.
        ids: Makes ids.
        now: The time.

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

    def run(self, connection: Connection) -> Imported:
        """Index a beginning of the shipments, and say how many these are."""
        singly = self._concern_others(connection)
        done = created = woken = 0
        for position in sorted(singly)[:_ONE_BY_ONE]:
            created += self._enter(connection, self.shipments[done:position])
            # What was erased stays away.
            if without_erased(connection, [self.shipments[position]], self.now):
                added = self._adding(self.shipments[position]).run(connection)
                created += added.created
                woken += added.woken
            done = position + 1
        rest = sorted(singly)[_ONE_BY_ONE:]
        end = rest[0] if rest else len(self.shipments)
        created += self._enter(connection, self.shipments[done:end])
        return Imported(done=end, created=created, woken=woken)

    def _adding(self, shipment: IndexedShipment) -> AddShipment:
        return AddShipment(
            shipment=shipment, resolve=self.resolve, members=self.members, ids=self.ids, now=self.now, actor=None
        )

    def _concern_others(self, connection: Connection) -> set[int]:
        """Find the positions of shipments that cannot simply be entered."""
        found = _repeated(self.shipments)
        for account in sorted({shipment.account for shipment in self.shipments}):
            mine = {place: shipment for place, shipment in enumerate(self.shipments) if shipment.account == account}
            known = _known(connection, account, list(mine.values()))
            waited_for = waiting_for(connection, account, {key for each in mine.values() for key in keys_for(each)})
            held = _holders(connection, account, list(mine.values()))
            sharing = _sharing(connection, [row.id for row in known.values()])
            for place, shipment in mine.items():
                row = known.get(_identity(shipment))
                others = {id_ for number in by_number(shipment) for id_ in held.get(number, ())}
                if (
                    not waited_for.keys().isdisjoint(keys_for(shipment))
                    or others - ({row.id} if row else set())
                    or (row is not None and (row.id in sharing or _says_more(shipment, row)))
                ):
                    found.add(place)
        return found

    def _enter(self, connection: Connection, entered: Sequence[IndexedShipment]) -> int:
        """Enter shipments that concern nothing else; return how many are new."""
        entered = without_erased(connection, entered, self.now)
        made = {_identity(shipment): self._columns(shipment) for shipment in entered}
        if not made:
            return 0
        known: dict[_Identity, Row[Any]] = {}
        for account in sorted({shipment.account for shipment in entered}):
            known |= _known(connection, account, [each for each in entered if each.account == account])
        fresh = [values for identity, values in made.items() if identity not in known]
        if fresh:
            unique = ["account", "order_id", "invoice_number"]
            connection.execute(insert(connection, shipments).on_conflict_do_nothing(index_elements=unique), fresh)
        entries = [
            {
                "account": shipment.account,
                "number": number,
                "shipment_id": row.id if row else made[_identity(shipment)]["id"],
                "shown": text,
                "added_at": self.now,
            }
            for shipment in entered
            if (row := known.get(_identity(shipment))) is None or row.origin != "return"
            for number, text in by_number(shipment).items()
        ]
        if entries:
            connection.execute(insert(connection, numbers).on_conflict_do_nothing(), entries)
        return len(fresh)

    def _columns(self, shipment: IndexedShipment) -> dict[str, Any]:
        return {
            "id": self.ids.next(),
            "account": shipment.account,
            "order_id": shipment.order_id,
            "invoice_number": shipment.invoice_number,
            "invoice_bare": bare(shipment.invoice_number),
            "invoice_key": _key(shipment),
            "courier": shipment.courier,
            "invoiced_at": shipment.invoiced_at,
            "origin": shipment.origin,
            "created_at": self.now,
        }


def _identity(shipment: IndexedShipment) -> _Identity:
    return (shipment.account, shipment.order_id, shipment.invoice_number)


def _key(shipment: IndexedShipment) -> str | None:
    return normalise_number(shipment.invoice_key) if shipment.invoice_key else None


def _repeated(wanted: Sequence[IndexedShipment]) -> set[int]:
    """Find shipments that came before in the same list, or share a number with one that did."""
    seen: set[_Identity] = set()
    holders: dict[tuple[str, str], _Identity] = {}
    found: set[int] = set()
    for place, shipment in enumerate(wanted):
        identity = _identity(shipment)
        first = {holders.setdefault((shipment.account, number), identity) for number in by_number(shipment)}
        if identity in seen or first - {identity}:
            found.add(place)
        seen.add(identity)
    return found


def _says_more(shipment: IndexedShipment, row: Row[Any]) -> bool:
    """Tell whether the list says something of a known shipment that is not known, or known otherwise."""
    said = ((_key(shipment), row.invoice_key), (shipment.courier, row.courier), (shipment.invoiced_at, row.invoiced_at))
    return any(new is not None and new != old for new, old in said) or shipment.origin != "manual"


def _known(connection: Connection, account: str, wanted: Sequence[IndexedShipment]) -> dict[_Identity, Row[Any]]:
    """Read which of an account's shipments are known already."""
    orders = sorted({shipment.order_id for shipment in wanted})
    found = connection.execute(
        select(
            shipments.c.id,
            shipments.c.order_id,
            shipments.c.invoice_number,
            shipments.c.invoice_key,
            shipments.c.courier,
            shipments.c.invoiced_at,
            shipments.c.origin,
        ).where(shipments.c.account == account, shipments.c.order_id.in_(orders))
    )
    return {(account, row.order_id, row.invoice_number): row for row in found}


def _holders(connection: Connection, account: str, wanted: Sequence[IndexedShipment]) -> dict[str, set[int]]:
    """Read which known shipments hold which of the numbers."""
    sought = sorted({number for shipment in wanted for number in by_number(shipment)})
    held: dict[str, set[int]] = {}
    if not sought:
        return held
    found = connection.execute(
        select(numbers.c.number, numbers.c.shipment_id).where(
            numbers.c.account == account, numbers.c.number.in_(sought)
        )
    )
    for row in found:
        held.setdefault(row.number, set()).add(row.shipment_id)
    return held


def _sharing(connection: Connection, shipment_ids: Sequence[int]) -> set[int]:
    """Find the shipments that hold a number which another one holds as well."""
    if not shipment_ids:
        return set()
    other = numbers.alias()
    same_number = (other.c.account == numbers.c.account) & (other.c.number == numbers.c.number)
    return set(
        connection.execute(
            select(numbers.c.shipment_id)
            .join(other, same_number & (other.c.shipment_id != numbers.c.shipment_id))
            .where(numbers.c.shipment_id.in_(shipment_ids))
        ).scalars()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditImport:
    """Write down who imported shipments: once when it begins, and once when it has ended, with what came of it."""

    import_id: int
    actor: str
    action: str
    detail: dict[str, Any]
    ids: Ids
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write it down."""
        write_audit(
            connection,
            self.ids,
            self.now,
            actor=self.actor,
            action=self.action,
            target=f"import:{self.import_id}",
            detail=self.detail,
        )
