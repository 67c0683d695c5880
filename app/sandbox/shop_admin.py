"""The sandbox's own API for a whole shop: make one, and let it go on with its work."""

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.invoicing import invoice_line, with_change, with_invoice
from app.sandbox.orders import Order, Package
from app.sandbox.shop import make_shop, spare_number
from app.sandbox.state import Sandbox
from app.sandbox.tracking import first_courier_status

__all__ = ["MOST_ORDERS", "fill_shop", "give_invoice", "give_number", "shop_router"]

MOST_ORDERS: Final = 200_000
_AT_ONCE: Final = 500


class ShopSeed(BaseModel):
    """A shop to make."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    orders: Annotated[int, Field(ge=1, le=MOST_ORDERS)]
    seed: Annotated[int, Field(description="The same seed gives the same shop.")] = 1
    account: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    announce: Annotated[bool, Field(description="Whether hooks and feeds hear of every order.")] = False


class Pace(BaseModel):
    """How much of the work to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Annotated[int, Field(ge=1, le=MOST_ORDERS)] = 1
    account: Annotated[str | None, Field(min_length=1, max_length=200)] = None


def shop_router(sandbox: Sandbox) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/shop")

    @router.post("", status_code=201)
    async def seed_shop(seed: ShopSeed) -> dict[str, object]:
        """Make a shop of many orders of every kind; call it again for more of them."""
        account = seed.account or sandbox.options.default_account
        kinds = await fill_shop(sandbox, seed.orders, seed.seed, account=account, announce=seed.announce)
        return {"account": account, "orders": sum(kinds.values()), "kinds": dict(sorted(kinds.items()))}

    @router.post("/tracking-numbers")
    async def number_packages(pace: Pace) -> dict[str, list[str]]:
        """Give packages that have no tracking number theirs, as the shop's staff would with a PATCH."""
        unnumbered = (
            (order, package)
            for order in list(sandbox.orders(pace.account))
            for package in order.output_packages
            if not package.tracking_number
        )
        return {"items": [give_number(sandbox, *each) for each in islice(unnumbered, pace.count)]}

    @router.post("/invoices")
    async def invoice_orders(pace: Pace) -> dict[str, list[str]]:
        """Invoice orders that are waiting for it."""
        waiting = (order for order in list(sandbox.orders(pace.account)) if order.awaits_invoice)
        return {"items": [give_invoice(sandbox, order) for order in islice(waiting, pace.count)]}

    return router


async def fill_shop(sandbox: Sandbox, count: int, seed: int, *, account: str, announce: bool = False) -> Counter[str]:
    """Put a shop into the sandbox, with pauses in which it answers others; count its kinds."""
    kinds: Counter[str] = Counter()
    orders = make_shop(count, seed, account=account, take_sequence=sandbox.take_sequence, now=sandbox.now())
    while batch := list(islice(orders, _AT_ONCE)):
        for order in batch:
            sandbox.save(order, written_at=order.last_change, announce=announce)
            kinds[str(order.kind)] += 1
        await asyncio.sleep(0)
    return kinds


def give_number(sandbox: Sandbox, order: Order, package: Package, number: str = "") -> str:
    """Give a package a tracking number, as a PATCH would: the given one, or one made up."""
    # Its order may have changed since it was looked at.
    order = sandbox.find(order.account, order.order_id) or order
    number, now = number or spare_number(order, package), sandbox.now()
    changed = replace(
        order.package(package.invoice_number) or package,
        tracking_number=number,
        tracking_url=f"https://track.example/{number}",
        courier=package.courier or "Transportes Exemplo",
        last_change=now,
    )
    sandbox.save(with_change(order, package, changed, now))
    return number


def give_invoice(sandbox: Sandbox, order: Order, number: str = "") -> str:
    """Invoice all items of an order in one package, without a tracking number yet."""
    now = sandbox.now()
    number = number or f"{order.sequence[-9:]:>09}"
    package = Package(
        invoice_number=number,
        type="Output",
        items=tuple(invoice_line(order.items, index) for index in range(len(order.items))),
        invoice_value=order.value,
        issuance_date=now,
        last_change=now,
        courier_status=first_courier_status(sandbox.options, "Transportes Exemplo"),
        courier="Transportes Exemplo",
    )
    sandbox.save(with_invoice(order, package, now))
    return number
