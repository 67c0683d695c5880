"""Orders, as support looks for them: by tracking number, order or invoice; and everything about one of them."""

from typing import Annotated, Final, Literal

from fastapi import Query, Response
from pydantic import StringConstraints

from app.account import Locale
from app.web import schemas
from app.web.console.answers import LOCALES, answer
from app.web.console.flags import flags_of
from app.web.console.routing import FormOf, Search, Visit, Visitor, back_to, console_part, demanded
from app.web.console.timeline import latest_of, shown_by_vtex, steps_of
from app.web.dependencies import Forwarding, Role
from app.web.ops import accounts, corrections, redriving, search, shipments

__all__ = ["account_names", "meant", "router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50
# What is mostly written by hand, to begin with.
_PHRASES: Final = {
    Locale.PT_BR: ("Entrega em verificação", "Endereço corrigido; nova tentativa de entrega", "Pacote localizado"),
    Locale.ES: ("Entrega en verificación", "Dirección corregida; nuevo intento de entrega", "Paquete localizado"),
    Locale.EN: ("Delivery being verified", "Address corrected; delivery will be tried again", "Parcel found"),
}

Sought = Annotated[str, StringConstraints(max_length=200)]
Name = Annotated[str, StringConstraints(max_length=100)]


class _OrderSearch(Search):
    q: Sought | None = None
    account: Name | None = None
    state: Literal["due", "idle", "dead"] | None = None


@router.get("/orders")
async def index(visit: Visitor, wanted: Annotated[_OrderSearch, Query()]) -> Response:
    """List shipments, or those that what was typed may mean; the only one is opened at once."""
    caller = visit.caller
    if wanted.q is None:
        listed = await shipments.index(
            caller, account=wanted.account, state=wanted.state, limit=_ON_A_PAGE, cursor=wanted.cursor
        )
        found, more = listed.items, listed.next
        waiting: tuple[schemas.SubjectItem, ...] = ()
    else:
        sought = await search.search(caller, wanted.q, wanted.account, _ON_A_PAGE)
        found = tuple(item.shipment for item in sought.items if wanted.state in {None, item.shipment.state})
        waiting = sought.waiting
        more = None
        if len(found) == 1 and not waiting:
            return back_to(f"/console/orders/{found[0].id}")
    return visit.show(
        "orders.html", search=wanted, items=found, next=more, waiting=waiting, accounts=account_names(visit)
    )


def account_names(visit: Visit) -> tuple[str, ...]:
    """Name the accounts whose shipments the reader may see."""
    caller = visit.caller
    return tuple(sorted(caller.given.accounts)) if caller.accounts is None else caller.accounts


async def meant(visit: Visit, text: str) -> tuple[schemas.ShipmentItem, ...]:
    """Look for everything that a text may be: a tracking number, an order, an invoice."""
    sought = await search.search(visit.caller, text, None, _ON_A_PAGE)
    return tuple(item.shipment for item in sought.items)


@router.get("/orders/{id}")
async def show(
    visit: Visitor,
    id: str,  # noqa: A002 - the path's word
    answer_in: Annotated[str, Query(max_length=10)] = "",
    done: str = "",
) -> Response:
    """Show one shipment: what the carrier said, what proves it, what VTEX shows, and what to tell the shopper."""
    caller = visit.caller
    shipment = await shipments.show(caller, id)
    account = await _account(visit, shipment.account)
    steps = steps_of(shipment)
    zone = visit.page.zone(shipment.account)
    locale = answer_in if answer_in in LOCALES else _locale(visit, shipment.account)
    names = {slug: adapter.name for slug, adapter in caller.given.sources.carriers.items()}
    return visit.show(
        "order.html",
        zone=zone,
        shipment=shipment,
        account=account,
        steps=steps,
        latest=latest_of(steps),
        proof=visit.proof,
        flags=() if account is None else flags_of(shipment, steps, account, caller.given.now()),
        vtex=shown_by_vtex(shipment),
        names=names,
        locale=locale,
        locales=LOCALES,
        answer=answer(shipment, steps, names, locale, zone),
        redriven=done == "redriven",
        corrected=done == "corrected",
        phrases=_PHRASES[Locale(_locale(visit, shipment.account))],
        is_given_up=shipment.dead_reason is not None or any(row.state == "dead" for row in shipment.rows),
    )


async def _account(visit: Visit, name: str) -> schemas.AccountItem | None:
    """Look at the shipment's account; one that was taken out of the settings is none any more."""
    return await accounts.show(visit.caller, name) if name in visit.caller.given.accounts else None


def _locale(visit: Visit, account: str) -> str:
    return visit.caller.given.forwarding.get(account, Forwarding()).locale


@router.post("/orders/{id}/evidence")
async def evidence(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Give out the evidence as a file."""
    del form
    visit.demand(Role.SUPPORT)
    return await shipments.evidence(visit.caller, id)


@router.post("/orders/{id}/correct")
async def correct(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Write on the timeline by hand."""
    visit.demand(Role.OPERATOR)
    asked = {name: demanded(form, name) for name in ("text", "reason")}
    place = {name: form.get(name) for name in ("city", "state")}
    await corrections.correct(visit.caller, id, schemas.Correction.model_validate({**asked, **place}))
    return back_to(f"/console/orders/{id}", "corrected")


@router.post("/orders/{id}/redrive")
async def redrive(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Take it up again."""
    visit.demand(Role.OPERATOR)
    await redriving.redrive(visit.caller, id, schemas.Reason(reason=demanded(form, "reason")))
    return back_to(f"/console/orders/{id}", "redriven")
