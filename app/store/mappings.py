"""Keep what a webhook was read as: its events, each once, on their shipments or parked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, bindparam, select, update

from app.model import CarrierEvent
from app.store.columns import Ids
from app.store.exclusion import FREE, Exclusion, of_accounts
from app.store.facts import Facts, Resolution, Resolve, facts_of, keys_of, united
from app.store.order_erasing import forget_bytes
from app.store.placement import decide, make_due, place_subject, put_where_decided
from app.store.prepared import Prepared
from app.store.privacy_schema import mentions
from app.store.readings import Fact, KnownEvent, base_of, news, readings
from app.store.recognising import Known, Name, add_subject, known_subject
from app.store.remembering import recall, subject_digest
from app.store.schema import events, rows, subjects, webhooks
from app.store.tallies import note_unknown_code, tally, tally_webhook
from app.store.tombstones import erased_subjects

__all__ = ["Fact", "RecordMapping", "RecordUnmappable", "Recorded", "was_read_before"]

_ERASED: Final = "it is about what was erased; its bytes were deleted"
_GAVE_NOTHING: Final = frozenset({"stored", "ignored", "unmappable"})


# Built once: building a statement costs several times what running it costs.
_MENTION: Final = Prepared(lambda insert: insert(mentions).on_conflict_do_nothing())
_ADD_EVENT: Final = Prepared(events.insert())
_THIS: Final = update(webhooks).where(webhooks.c.id == bindparam("of"))
_CHANGE_WEBHOOK: Final = Prepared(_THIS)
_FIRST_READ: Final = Prepared(_THIS.where(webhooks.c.state == "stored"))


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
            count, resolution = self._keep(connection, (self.owner, self.carrier, subject), facts, told[subject])
            new_events += count
            if resolution is not None:
                placed += bool(resolution.shipments)
                parked += _is_parked(resolution)
        self._finish(connection, any_left=bool(by_subject) or not erased)
        if erased:
            forget_bytes(connection, [self.webhook_id], Counter(), keep=True)
        return Recorded(new_events=new_events, placed=placed, parked=parked)

    def _keep(
        self, connection: Connection, name: Name, facts: Sequence[Fact], said: Facts
    ) -> tuple[int, Resolution | None]:
        """Keep what is told of one subject; return how many events are new, and what was decided, if anything was."""
        known = known_subject(connection, name, said, self.now)
        if known is None:
            subject_id = self.ids.next()
            resolution = decide(connection, said, self.accounts, self.resolve)
            if add_subject(connection, subject_id, name, said, resolution, self.now):
                new = self._add_events(connection, name, subject_id, facts, ())
                put_where_decided(
                    connection, subject_id, resolution, said, new, self.accounts, self.now, later=self.later
                )
                self._ask_for_lookup(connection, subject_id, said, resolution)
                return len(new), resolution
            # Another process was first.
            known = known_subject(connection, name, said, self.now)
            assert known is not None  # noqa: S101 - a subject that is in nobody's way is added
        return self._add(connection, name, facts, known)

    def _add(
        self, connection: Connection, name: Name, facts: Sequence[Fact], known: Known
    ) -> tuple[int, Resolution | None]:
        """Add what is told of a subject to what is known of it."""
        subject_id, state = known.row.id, known.row.state
        new = self._add_events(connection, name, subject_id, facts, known.events)
        if self.revise:
            self._revise(connection, subject_id, facts)
        if not new and state != "parked":
            return 0, None
        resolution = place_subject(
            connection,
            known.row,
            known.facts,
            # Even without new events a parked subject is resolved again: more may be known of it now.
            new if state == "placed" else [*(event.id for event in known.events), *new],
            accounts=self.accounts,
            resolve=self.resolve,
            now=self.now,
            later=self.later,
        )
        self._ask_for_lookup(connection, subject_id, known.facts, resolution)
        return len(new), resolution

    def _mention(self, connection: Connection, subject_id: int) -> None:
        """Note that the webhook is about the subject as well: no event of it says so."""
        entry = {"subject_id": subject_id, "webhook_id": self.webhook_id}
        _MENTION.run(connection, entry)

    def _add_events(
        self, connection: Connection, name: Name, subject_id: int, facts: Sequence[Fact], known: Sequence[Any]
    ) -> list[int]:
        withdrawn = {
            (row.code, row.time_text): row.id
            for row in known
            if row.fingerprint not in {fact.fingerprint for fact in facts}
        }
        deleted = recall(connection, subject_digest(*name), self.now)
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
        if not new:
            self._mention(connection, subject_id)
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

    def _ask_for_lookup(self, connection: Connection, subject_id: int, facts: Facts, resolution: Resolution) -> None:
        """Have the order asked for that the references of a parked one name, unless it is being asked for or was."""
        names_order = any(kind == "order" for kind, _ in keys_of(facts))
        if not (self.lookup and _is_parked(resolution) and names_order):
            return
        unasked = update(subjects).where(
            subjects.c.id == subject_id, subjects.c.lookups == 0, subjects.c.lookup_at.is_(None)
        )
        connection.execute(unasked.values(lookup_at=self.now))

    def _finish(self, connection: Connection, *, any_left: bool) -> None:
        has_events = bool(self.facts) and any_left
        state = "mapped" if has_events else "ignored"
        read = {
            "state": state,
            "reason": None if has_events else ("; ".join(self.ignored) or "it holds no event") if any_left else _ERASED,
            "adapter_version": self.adapter_version,
            "mapped_at": self.now,
            "notes": {"ignored": list(self.ignored), "warnings": list(self.warnings)},
        }
        if _FIRST_READ.run(connection, {"of": self.webhook_id, **read}):
            tally(connection, self.owner, self.carrier, state, made=self.webhook_id, now=self.now)
        else:
            _CHANGE_WEBHOOK.run(connection, {"of": self.webhook_id, **read})


def _is_parked(resolution: Resolution) -> bool:
    return not (resolution.shipments or resolution.skip)


def was_read_before(connection: Connection, webhook_id: int) -> bool:
    """Tell whether a webhook gave events when it was read last; what could not be read gave none."""
    state = connection.execute(select(webhooks.c.state).where(webhooks.c.id == webhook_id)).scalar()
    return state not in _GAVE_NOTHING


def _moment_key(event: CarrierEvent) -> tuple[str, str | None]:
    return (str(event.code), event.occurred_at.text if event.occurred_at else None)
