"""Look at parked subjects again, slowly: what wakes them does not know of settings that changed, or of time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from app.store.dialect import literally
from app.store.facts import Resolve, stored_facts
from app.store.finding import candidates
from app.store.placement import event_ids, place_subject
from app.store.schema import subjects

__all__ = ["PlaceParked", "Swept", "sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Which of the subjects looked at could be placed, and after which one to go on; 0 begins anew."""

    placeable: tuple[int, ...]
    after: int


def sweep(
    connection: Connection, *, after: int, limit: int, resolve: Resolve, members: Callable[[str], Sequence[str]]
) -> Swept:
    """Look at some parked subjects, without changing anything."""
    parked = select(subjects).where(subjects.c.state == literally("parked"), subjects.c.id > after)
    found = connection.execute(parked.order_by(subjects.c.id).limit(limit)).all()
    placeable = []
    for subject in found:
        facts = stored_facts(subject)
        resolution = resolve(facts, candidates(connection, members(subject.owner), facts))
        if resolution.shipments or resolution.skip:
            placeable.append(subject.id)
    return Swept(placeable=tuple(placeable), after=found[-1].id if len(found) == limit else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceParked:
    """Resolve one parked subject again."""

    subject_id: int
    resolve: Resolve
    members: Callable[[str], Sequence[str]]
    now: datetime

    def run(self, connection: Connection) -> bool:
        """Tell whether the subject, if it is still parked, found its shipment."""
        parked = select(subjects).where(subjects.c.id == self.subject_id, subjects.c.state == "parked")
        subject = connection.execute(parked.with_for_update()).one_or_none()
        if subject is None:
            return False
        resolution = place_subject(
            connection,
            subject,
            stored_facts(subject),
            event_ids(connection, subject.id),
            accounts=self.members(subject.owner),
            resolve=self.resolve,
            now=self.now,
        )
        return bool(resolution.shipments)
