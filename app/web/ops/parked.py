"""Events whose shipment is not known: why, which it might be, and linking them by hand."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from app.model import normalise_number
from app.store import Candidate, Facts, Linked, LinkSubject, UnlinkSubject
from app.store.queries import (
    SubjectFilter,
    SubjectState,
    WaitingSubject,
    list_subjects,
    parked_causes,
    shipment_summary,
    subject_state,
    waiting_subject,
)
from app.web import schemas
from app.web.ops.access import Caller, Operator, Viewer, note_reading
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, missing, plain, position, row_id
from app.web.ops.showing import shown_events
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(tags=["parked"])

Id = Annotated[str, Path(description="The subject's id.", examples=["su_01HV2K8Q3ZABJ"])]
Account = Annotated[str | None, Query(max_length=100, description="The account or group of the source.")]
Carrier = Annotated[str | None, Query(max_length=100, description="The carrier's slug.")]
Number = Annotated[str | None, Query(max_length=100, description="However it is written.")]


@router.get("/parked", summary="List what waits for its shipment, newest first")
async def parked(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Account = None,
    carrier: Carrier = None,
    cause: Annotated[schemas.Cause | None, Query(description="Why it waits.")] = None,
    tracking_number: Number = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.SubjectPage:
    """List parked subjects; `since` and `until` are about when they were parked."""
    wanted = SubjectFilter(
        state="parked",
        owners=caller.owners_wanted(account),
        accounts=_accounts(caller),
        carrier=carrier,
        cause=cause,
        tracking_number=tracking_number,
        since=since,
        until=until,
    )
    return await _page(caller, wanted, limit, cursor)


exported(router, "/parked", parked, schemas.SubjectItem, "parked")


@router.get("/unmatched", summary="List what never found a shipment, newest first")
async def unmatched(
    caller: Viewer,
    account: Account = None,
    carrier: Carrier = None,
    tracking_number: Number = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.SubjectPage:
    """List unmatched subjects: they waited long enough, and are simply not ours. A shipment may still appear."""
    wanted = SubjectFilter(
        state="unmatched",
        owners=caller.owners_wanted(account),
        accounts=_accounts(caller),
        carrier=carrier,
        tracking_number=tracking_number,
        since=since,
        until=until,
    )
    return await _page(caller, wanted, limit, cursor)


exported(router, "/unmatched", unmatched, schemas.SubjectItem, "unmatched")


def _accounts(caller: Caller) -> tuple[str, ...]:
    return tuple(sorted(caller.given.accounts)) if caller.accounts is None else caller.accounts


async def _page(caller: Caller, wanted: SubjectFilter, limit: int, cursor: str | None) -> schemas.SubjectPage:
    before = position(cursor)
    found = await caller.given.store.read(
        lambda connection: list_subjects(connection, wanted, before=before, limit=limit)
    )
    items = tuple(schemas.SubjectItem.model_validate(item) for item in found.items)
    return schemas.SubjectPage(items=items, next=cursor_of(found.before))


@router.get("/parked/causes", summary="Sum up why subjects wait, source by source")
async def causes(caller: Viewer, account: Account = None) -> schemas.ParkedCauses:
    """Count the parked subjects of each source by their cause."""
    owners = caller.owners_wanted(account)
    found, is_more = await caller.given.store.read(lambda connection: parked_causes(connection, owners))
    items = tuple(schemas.ParkedCause.model_validate(each) for each in found)
    return schemas.ParkedCauses(items=items, is_more=is_more)


@router.get("/parked/{id}", summary="Show a subject with the shipments that it might belong to")
async def show(caller: Viewer, id: Id) -> schemas.SubjectView:  # noqa: A002 - the path's word
    """Show its events, and of each shipment that shares something with it what speaks for and against it."""
    subject = await _subject(caller, id)
    await note_reading(caller, "subject", subject.id)
    return await _view(caller, subject)


@router.post("/parked/{id}/link", summary="Link a waiting subject to its shipment by hand")
async def link(caller: Operator, id: Id, asked: schemas.Link) -> schemas.SubjectView:  # noqa: A002 - the path's word
    """Show its events on the shipment's timeline, and those that come later as well.

    The shipment must be of an account among which the source's shipments are sought; the events go out as ever.
    """
    subject = await _subject(caller, id)
    shipment_id = row_id("sh", asked.shipment_id, "shipment")
    given = caller.given
    known = await given.store.read(lambda connection: shipment_summary(connection, shipment_id))
    if known is None or (caller.accounts is not None and known.account not in caller.accounts):
        raise missing("shipment", asked.shipment_id)
    linked = await given.store.write(
        LinkSubject(
            subject_id=subject.id,
            shipment_id=shipment_id,
            actor=caller.name,
            reason=asked.reason,
            resolve=given.resolve,
            members=given.members,
            ids=given.store.ids,
            now=given.now(),
        )
    )
    _demand(id, linked)
    given.wake()
    return await _view(caller, subject)


@router.post("/parked/{id}/unlink", summary="Take a link back, as long as nothing of it was sent")
async def unlink(caller: Operator, id: Id, asked: schemas.Reason) -> schemas.SubjectView:  # noqa: A002 - the path's word
    """Take its events from the shipment's timeline; the relay then decides again where they belong."""
    subject = await _subject(caller, id)
    given = caller.given
    unlinked = await given.store.write(
        UnlinkSubject(
            subject_id=subject.id,
            actor=caller.name,
            reason=asked.reason,
            resolve=given.resolve,
            members=given.members,
            ids=given.store.ids,
            now=given.now(),
        )
    )
    _demand(id, unlinked)
    given.wake()
    return await _view(caller, subject)


def _demand(id_: str, linked: Linked) -> None:
    if linked.refusal is not None:
        raise Problem("subject-state", f"{id_}: {linked.refusal}.")


async def _subject(caller: Caller, id_: str) -> SubjectState:
    """Read a subject that the caller may see: of a group's, only who may see all of its accounts."""
    number = row_id("su", id_, "subject")
    found = await caller.given.store.read(lambda connection: subject_state(connection, number))
    if found is None or (caller.owners is not None and found.owner not in caller.owners):
        raise missing("subject", id_)
    return found


async def _view(caller: Caller, subject: SubjectState) -> schemas.SubjectView:
    accounts = tuple(caller.given.members(subject.owner))
    found = await caller.given.store.read(lambda connection: waiting_subject(connection, subject.id, accounts))
    candidates = [_candidate(caller, found, candidate) for candidate in found.candidates]
    document = plain(found.summary, events=shown_events(caller, found.events), candidates=candidates)
    return schemas.SubjectView.model_validate(document)


def _candidate(caller: Caller, found: WaitingSubject, candidate: Candidate) -> dict[str, object]:
    agrees, differs = compared(found.facts, candidate)
    fits = candidate.id in caller.given.resolve(found.facts, [candidate]).shipments
    return plain(candidate, fits=fits, agrees=agrees, differs=differs)


def compared(facts: Facts, candidate: Candidate) -> tuple[list[str], list[str]]:
    """Say what speaks for and against a shipment."""
    references = facts.references
    orders = [order for order in (references.order_id, *references.alternative_order_ids) if order]
    agrees: list[str] = []
    differs: list[str] = []
    if facts.numbers:
        (agrees if candidate.held else differs).append(
            "it holds the tracking number" if candidate.held else "it holds none of the tracking numbers"
        )
    pairs = (
        ("order", orders, candidate.order_id, lambda text: text),
        ("invoice", [references.invoice_number], candidate.invoice_number, _bare),
        ("NF-e key", [references.invoice_key], candidate.invoice_key, normalise_number),
    )
    for what, named, has, form in pairs:
        said = [text for text in named if text]
        if said and has:
            same = form(has) in {form(text) for text in said}
            (agrees if same else differs).append(f"its {what} is {has}" + ("" if same else f", not {said[0]}"))
    if candidate.origin == "return":
        differs.append("it comes back to the seller")
    if candidate.delivered:
        differs.append("VTEX counts it as delivered")
    return agrees, differs


def _bare(invoice_number: str) -> str:
    return invoice_number.strip().lstrip("0") or "0"
