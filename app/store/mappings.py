"""Keep what a webhook was read as: its events, each once, on their shipments or parked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import reduce
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Table, bindparam, func, select, update

from app.model import CarrierEvent
from app.store.columns import Ids
from app.store.dialect import Insert
from app.store.exclusion import FREE, Exclusion, of_accounts
from app.store.facts import Facts, Resolve, facts_of, keys_of, stored_facts, united
from app.store.match_counts import count_subject
from app.store.order_erasing import forget_bytes
from app.store.placement import EARLIER_PARCEL, event_ids, make_due, place_subject
from app.store.prepared import Prepared
from app.store.privacy_schema import mentions
from app.store.readings import Fact, KnownEvent, base_of, news, readings
from app.store.remembering import recall, subject_digest
from app.store.schema import events, rows, subjects, webhooks
from app.store.tallies import note_unknown_code, tally_webhook
from app.store.tombstones import erased_subjects

__all__ = ["Fact", "RecordMapping", "RecordUnmappable", "Recorded", "was_read_before"]

_ERASED: Final = "it is about what was erased; its bytes were deleted"
_GAVE_NOTHING: Final = frozenset({"stored", "ignored", "unmappable"})


def _adding_subject(insert: Callable[[Table], Insert]) -> Insert:
    added = insert(subjects)
    changed = {name: added.excluded[name] for name in ("linked_to", "numbers", "references", "derived")}
    return added.on_conflict_do_update(index_elements=["owner", "carrier", "subject"], set_=changed)


# Built once: building a statement costs several times what running it costs.
_SUBJECT: Final = Prepared(
    select(subjects)
    .where(
        subjects.c.owner == bindparam("its_owner"),
        subjects.c.carrier == bindparam("its_carrier"),
        subjects.c.subject == bindparam("its_subject"),
    )
    .with_for_update()
)
_ADD_SUBJECT: Final = Prepared(lambda insert: _adding_subject(insert).returning(subjects.c.id, subjects.c.state))
_CHANGE_SUBJECT: Final = Prepared(update(subjects).where(subjects.c.id == bindparam("of")))
_LATEST: Final = Prepared(select(func.max(events.c.received_at)).where(events.c.subject_id == bindparam("of")))
_EVENTS: Final = Prepared(
    select(events.c.id, events.c.fingerprint, events.c.code, events.c.time_text, events.c.webhook_id)
    .where(events.c.subject_id == bindparam("of"))
    .order_by(events.c.id)
)
_MENTION: Final = Prepared(lambda insert: insert(mentions).on_conflict_do_nothing())
_ADD_EVENT: Final = Prepared(events.insert())
_CHANGE_WEBHOOK: Final = Prepared(update(webhooks).where(webhooks.c.id == bindparam("of")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a mapping changed."""

    new_events: int
    placed: int
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnmappable:
    """Say that an authentic webhook cannot be read, and why."""

    webhook_id: int
    reason: str
    adapter_version: int
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Change the webhook's state."""
        tally_webhook(connection, self.webhook_id, "unmappable", self.now)
        connection.execute(
            update(webhooks)
            .where(webhooks.c.id == self.webhook_id)
            .values(state="unmappable", reason=self.reason, mapped_at=self.now, adapter_version=self.adapter_version)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """Keep a reading: new events are stored and placed, known ones are left as they are.

    Args:
        webhook_id: What was read.
        owner: Account or group of its source.
        carrier: The adapter's slug.
        accounts: The accounts among which its shipments are sought.
        adapter_version: Which reading this is.
        facts: The events, in order of occurrence.
        ignored: Why parts are no events.
        warnings: What a person should know.
        lookup: Whether the order that the references name may be looked up in VTEX.
        resolve: Decides where a subject's events go.
        ids: Makes ids.
        now: The time of the mapping.
        revise: Whether known events take over what this reading says of them.
        later: Whether its shipments are forwarded behind all others.

    """

    webhook_id: int
    owner: str
    carrier: str
    accounts: tuple[str, ...]
    adapter_version: int
    facts: tuple[Fact, ...]
    ignored: tuple[str, ...]
    warnings: tuple[str, ...]
    lookup: bool
    resolve: Resolve
    ids: Ids
    now: datetime
    revise: bool = False
    later: bool = False

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(*self.accounts)

    def run(self, connection: Connection) -> Recorded:
        """Keep everything in one transaction."""
        by_subject: dict[str, list[Fact]] = {}
        for fact in self.facts:
            by_subject.setdefault(fact.event.subject, []).append(fact)
        told = {
            subject: reduce(united, (facts_of(self.carrier, fact.event, fact.derived) for fact in facts))
            for subject, facts in by_subject.items()
        }
        erased = erased_subjects(connection, self.owner, self.carrier, self.accounts, told, self.now)
        for subject in erased:
            del by_subject[subject]
        new_events = placed = parked = 0
        for subject, facts in by_subject.items():
            subject_id, state, known = self._subject(connection, subject, facts)
            new = self._add_events(connection, subject, subject_id, facts)
            new_events += len(new)
            if not new:
                self._mention(connection, subject_id)
            if self.revise:
                self._revise(connection, subject_id, facts)
            if not new and state != "parked":
                continue
            # Even without new events a parked subject is resolved again: more may be known of it now.
            ids = new if state == "placed" else event_ids(connection, subject_id)
            resolution = place_subject(
                connection,
                subject_id,
                known,
                ids,
                accounts=self.accounts,
                resolve=self.resolve,
                now=self.now,
                later=self.later,
            )
            placed += bool(resolution.shipments)
            parked += not (resolution.shipments or resolution.skip)
            if not (resolution.shipments or resolution.skip) and any(kind == "order" for kind, _ in keys_of(known)):
                self._ask_for_lookup(connection, subject_id)
        self._finish(connection, any_left=bool(by_subject) or not erased)
        if erased:
            forget_bytes(connection, [self.webhook_id], Counter(), keep=True)
        return Recorded(new_events=new_events, placed=placed, parked=parked)

    def _subject(self, connection: Connection, subject: str, facts: Sequence[Fact]) -> tuple[int, str, Facts]:
        """Return the subject's id and state, and all that is known of it with what the facts add."""
        known = reduce(united, (facts_of(self.carrier, fact.event, fact.derived) for fact in facts))
        same = {"its_owner": self.owner, "its_carrier": self.carrier, "its_subject": subject}
        row = _SUBJECT.first(connection, same)
        # What a person said of an earlier parcel of the same number does not hold for the next one.
        values: dict[str, Any] = {"linked_to": None}
        if row is not None and not self._is_silent(connection, row.id):
            known = united(stored_facts(row), known)
            values = {}
        values |= {
            "numbers": list(known.numbers),
            "references": asdict(known.references),
            "derived": known.derived.document(),
        }
        if row is not None:
            _CHANGE_SUBJECT.run(connection, {"of": row.id, **values})
            return row.id, row.state, known
        new = {"id": self.ids.next(), "owner": self.owner, "carrier": self.carrier, "subject": subject}
        entry = new | values | {"state": "parked", "since": self.now, "created_at": self.now}
        # Another process may have been first.
        row = _ADD_SUBJECT.first(connection, entry)
        if row.id == new["id"]:
            count_subject(connection, self.owner, self.carrier)
        return row.id, row.state, known

    def _is_silent(self, connection: Connection, subject_id: int) -> bool:
        """Tell whether nothing came for so long that the number may be another parcel's by now."""
        received_at = _LATEST.scalar(connection, {"of": subject_id})
        return received_at is not None and self.now - received_at > EARLIER_PARCEL

    def _mention(self, connection: Connection, subject_id: int) -> None:
        """Note that the webhook is about the subject as well: no event of it says so."""
        entry = {"subject_id": subject_id, "webhook_id": self.webhook_id}
        _MENTION.run(connection, entry)

    def _add_events(self, connection: Connection, subject: str, subject_id: int, facts: Sequence[Fact]) -> list[int]:
        known = _EVENTS.all(connection, {"of": subject_id})
        withdrawn = {
            (row.code, row.time_text): row.id
            for row in known
            if row.fingerprint not in {fact.fingerprint for fact in facts}
        }
        deleted = recall(connection, subject_digest(self.owner, self.carrier, subject), self.now)
        kept = [KnownEvent(fingerprint=row.fingerprint, webhook_id=row.webhook_id) for row in known]
        known_events = [*deleted, *kept]
        was_read = self.revise and was_read_before(connection, self.webhook_id)
        new: list[int] = []
        for fact, fingerprint in news(facts, known_events, webhook_id=self.webhook_id, was_read=was_read):
            id_ = self.ids.next()
            revises = withdrawn.get(_moment_key(fact.event)) if fact.event.full_history else None
            _ADD_EVENT.run(connection, {**self._columns(id_, subject_id, fingerprint, fact), "revises": revises})
            new.append(id_)
            if fact.event.unknown_code is not None:
                code, brought = fact.event.unknown_code, self.webhook_id
                note_unknown_code(connection, self.owner, self.carrier, code, webhook_id=brought, now=self.now)
        return new

    def _revise(self, connection: Connection, subject_id: int, facts: Sequence[Fact]) -> None:
        """Read known events anew, each occurrence of them; a shipment's state may be another one by that.

        Rows that were left out are decided upon again where their event is read differently.
        """
        by_fingerprint = {fact.fingerprint: fact for fact in facts}
        for known in connection.execute(select(events).where(events.c.subject_id == subject_id)).all():
            fact = by_fingerprint.get(base_of(known.fingerprint))
            if fact is None:
                continue
            anew = readings(fact)
            if known.webhook_id != self.webhook_id:
                del anew["trace"]  # It says where in its own webhook it stood.
            connection.execute(update(events).where(events.c.id == known.id).values(**anew))
            if (known.milestone, known.description) != (anew["milestone"], anew["description"]):
                left_out = (rows.c.event_id == known.id) & (rows.c.state == "skipped") & rows.c.sent_at.is_(None)
                connection.execute(update(rows).where(left_out).values(state="pending", reason=None))
        of_subject = select(rows.c.shipment_id).join(events, events.c.id == rows.c.event_id)
        shipment_ids = (
            connection.execute(of_subject.where(events.c.subject_id == subject_id).distinct()).scalars().all()
        )
        make_due(connection, shipment_ids, self.now, later=self.later)

    def _columns(self, id_: int, subject_id: int, fingerprint: str, fact: Fact) -> dict[str, Any]:
        return {
            "id": id_,
            "subject_id": subject_id,
            "fingerprint": fingerprint,
            "webhook_id": self.webhook_id,
            "received_at": self.now,
            **readings(fact),
        }

    def _ask_for_lookup(self, connection: Connection, subject_id: int) -> None:
        """Have the order asked for that the references name, unless it is being asked for or was."""
        if not self.lookup:
            return
        unasked = update(subjects).where(
            subjects.c.id == subject_id, subjects.c.lookups == 0, subjects.c.lookup_at.is_(None)
        )
        connection.execute(unasked.values(lookup_at=self.now))

    def _finish(self, connection: Connection, *, any_left: bool) -> None:
        has_events = bool(self.facts) and any_left
        state = "mapped" if has_events else "ignored"
        tally_webhook(connection, self.webhook_id, state, self.now)
        read = {
            "state": state,
            "reason": None if has_events else ("; ".join(self.ignored) or "it holds no event") if any_left else _ERASED,
            "adapter_version": self.adapter_version,
            "mapped_at": self.now,
            "notes": {"ignored": list(self.ignored), "warnings": list(self.warnings)},
        }
        _CHANGE_WEBHOOK.run(connection, {"of": self.webhook_id, **read})


def was_read_before(connection: Connection, webhook_id: int) -> bool:
    """Tell whether a webhook gave events when it was read last; what could not be read gave none."""
    state = connection.execute(select(webhooks.c.state).where(webhooks.c.id == webhook_id)).scalar()
    return state not in _GAVE_NOTHING


def _moment_key(event: CarrierEvent) -> tuple[str, str | None]:
    return (str(event.code), event.occurred_at.text if event.occurred_at else None)
