"""A whole shop of orders, of every kind that a relay meets, made from a number: the same number gives the same shop."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, get_args

from app.sandbox.identity import IdKind, make_order_id, read_order_id
from app.sandbox.invoicing import invoice_line
from app.sandbox.orders import (
    CourierStatus,
    Item,
    Order,
    Package,
    PackageType,
    ShopKind,
    Shopper,
    TrackingRow,
)

__all__ = ["SHOP_KINDS", "make_shop", "spare_number"]

SHOP_KINDS: Final[tuple[ShopKind, ...]] = get_args(ShopKind)
_SHARES: Final[dict[ShopKind, int]] = {
    "plain": 34,
    "delivered": 10,
    "two-packages": 8,
    "three-packages": 4,
    "several-numbers": 5,
    "return": 6,
    "split": 6,
    "seller": 7,
    "external": 5,
    "fulfillment": 2,
    "late-number": 6,
    "recycled-number": 3,
    "not-invoiced": 3,
    "canceled": 1,
}
_DAY: Final = timedelta(days=1)
_RECYCLED_AFTER: Final = 90 * _DAY
_BEFORE_INVOICE: Final = ("payment-pending", "payment-approved", "ready-for-handling", "handling")
_COURIERS: Final = ("Transportes Exemplo", "Rápido Modelo", "Entregas Fictícias", "Encomendas Ensaio")
# One value for all orders that have it: a hundred thousand orders hold each item and each shopper once.
_ITEMS: Final = tuple(
    Item(id=str(8841 + place), name=name, quantity=1, price=price)
    for place, (name, price) in enumerate(
        (
            ("Luminária de mesa", 15990),
            ("Abajur de cerâmica", 25900),
            ("Cafeteira italiana", 12450),
            ("Tênis de corrida", 39990),
            ("Jogo de panelas", 54900),
            ("Mochila", 18990),
            ("Tapete de sala", 32900),
            ("Cadeira de escritório", 79900),
        )
    )
)
_CARTS: Final = tuple(tuple(_ITEMS[(first + each) % 8] for each in range(3)) for first in range(8))
_SHOPPERS: Final = tuple(
    Shopper(name=f"{name} Exemplo", email=f"{mail}@shopper.example", document="00000000000", city=city, state=state)
    for name, mail, city, state in (
        ("Marina", "marina", "Campinas", "SP"),
        ("Otávio", "otavio", "Recife", "PE"),
        ("Célia", "celia", "Curitiba", "PR"),
        ("Davi", "davi", "Belo Horizonte", "MG"),
        ("Joana", "joana", "Salvador", "BA"),
        ("Rui", "rui", "Porto Alegre", "RS"),
        ("Tereza", "tereza", "Goiânia", "GO"),
        ("Ivo", "ivo", "Manaus", "AM"),
    )
)
_NOT_MOVED: Final = CourierStatus(status="unknown")
_ROWS: Final = ("Coletado", "Em trânsito", "Saiu para entrega", "Entregue")


def make_shop(
    count: int, seed: int, *, account: str, take_sequence: Callable[[], int], now: datetime
) -> Iterator[Order]:
    """Make so many orders, placed in the last months; some kinds come in pairs, of which the last may be cut off."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, and no secret
    kinds, weights = list(_SHARES), list(_SHARES.values())
    made = 0
    while made < count:
        kind = chance.choices(kinds, weights)[0]
        for order in _of_kind(kind, _Draft(chance, account, take_sequence, now))[: count - made]:
            made += 1
            yield order


def spare_number(order: Order, package: Package) -> str:
    """Make the tracking number that a package which has none gets later."""
    return f"QX{int(order.sequence[-9:]):09d}BR{order.packages.index(package) or ''}"


class _Draft:
    """What orders of one kind have in common, and the chance that makes them differ."""

    def __init__(self, chance: random.Random, account: str, take_sequence: Callable[[], int], now: datetime) -> None:
        self.chance = chance
        self.account = account
        self.now = now
        self.number = take_sequence()
        self.cart = _CARTS[chance.randrange(len(_CARTS))]
        self.shopper = _SHOPPERS[chance.randrange(len(_SHOPPERS))]
        self.courier = _COURIERS[chance.randrange(len(_COURIERS))]
        self.age = _DAY * (1 + 60 * chance.random())

    def order(
        self,
        kind: ShopKind,
        packages: Sequence[Package] = (),
        *,
        form: IdKind | None = None,
        suffix: str = "",
        age: timedelta | None = None,
        status: str = "invoiced",
    ) -> Order:
        """Make one order, placed a day before it was invoiced."""
        form = form or ("numeric" if self.chance.random() < 0.5 else "alphanumeric")  # noqa: PLR2004 - as often as not
        order_id = make_order_id(form, self.number)
        if suffix:
            order_id = order_id.removesuffix("-01") + suffix
        identity = read_order_id(order_id)
        created_at = self.now - (age or self.age) - _DAY / 2
        items = self.cart[: max(1, len([each for each in packages if each.type == "Output"]))]
        return Order(
            account=self.account,
            identity=identity,
            sequence=str(self.number) + (suffix[-1] if suffix and suffix != "-01" else ""),
            status=status,
            value=sum(item.price for item in items),
            items=items,
            shopper=self.shopper,
            created_at=created_at,
            last_change=max([created_at, *(each.last_change for each in packages)]),
            authorized_at=None if status == "payment-pending" else created_at,
            invoiced_at=packages[0].issuance_date if packages else None,
            packages=tuple(packages),
            kind=kind,
        )

    def package(
        self,
        place: int = 0,
        *,
        number: str | None = "",
        age: timedelta | None = None,
        kind: PackageType = "Output",
        status: CourierStatus | None = _NOT_MOVED,
    ) -> Package:
        """Make the package of one of the order's items; its tracking number is made of the order's unless given."""
        invoiced_at = self.now - (age or self.age)
        invoice = self.number * 10 + place
        if number == "":
            number = f"QX{invoice:09d}BR"
        return Package(
            # Half of the shops write zeros in front.
            invoice_number=f"{invoice:09d}" if self.number % 2 else str(invoice),
            type=kind,
            items=(invoice_line(self.cart, place % len(self.cart)),),
            invoice_value=self.cart[place % len(self.cart)].price,
            issuance_date=invoiced_at,
            last_change=invoiced_at,
            courier_status=status,
            invoice_key=_invoice_key(invoice, invoiced_at),
            courier=self.courier,
            tracking_number=number,
            tracking_url=f"https://track.example/{number}" if number and "," not in number else None,
        )


def _of_kind(kind: ShopKind, draft: _Draft) -> list[Order]:
    match kind:
        case "split":
            return [
                draft.order(kind, [draft.package(place)], form="alphanumeric", suffix=f"-0{place + 1}")
                for place in range(2)
            ]
        case "recycled-number":
            return _recycled(draft)
        case "not-invoiced":
            return [draft.order(kind, status=draft.chance.choice(_BEFORE_INVOICE))]
        case "canceled":
            return [draft.order(kind, status="canceled")]
        case "seller" | "external" | "fulfillment":
            return [draft.order(kind, [draft.package()], form=kind)]
        case _:
            return [draft.order(kind, _packages(kind, draft))]


def _packages(kind: ShopKind, draft: _Draft) -> list[Package]:
    match kind:
        case "two-packages":
            return [draft.package(place) for place in range(2)]
        case "three-packages":
            return [draft.package(place) for place in range(3)]
        case "several-numbers":
            count = draft.chance.randint(2, 3)
            return [draft.package(number=",".join(f"QX{draft.number:08d}{place}BR" for place in range(count)))]
        case "return":
            return [draft.package(status=_delivered(draft)), draft.package(1, kind="Input", age=draft.age / 2)]
        case "late-number":
            return [draft.package(number=None)]
        case "delivered":
            return [draft.package(status=_delivered(draft))]
        case _:
            return [draft.package()]


def _recycled(draft: _Draft) -> list[Order]:
    """Make an old order that is delivered, and a new one whose carrier uses its number again."""
    number = f"QX{draft.number:09d}BR"
    older = draft.age + _RECYCLED_AFTER
    status = _delivered(draft, older)
    first = draft.order(
        "recycled-number",
        [draft.package(number=number, age=older, status=status)],
        form="alphanumeric",
        age=older,
    )
    second = draft.order("recycled-number", [draft.package(1, number=number)], form="numeric")
    return [replace(first, sequence=f"{first.sequence}0"), second]


def _delivered(draft: _Draft, age: timedelta | None = None) -> CourierStatus:
    """Let a package have gone its way, within a day of its invoice."""
    began = draft.now - (age or draft.age)
    rows = tuple(
        TrackingRow(
            last_change=began + place * _DAY / 8,
            create_date=began + place * _DAY / 8,
            city=draft.shopper.city,
            state=draft.shopper.state,
            description=description,
        )
        for place, description in enumerate(_ROWS, 1)
    )
    return CourierStatus(status="unknown", finished=True, delivered_date=rows[-1].last_change, rows=rows)


def _invoice_key(invoice: int, issued_at: datetime) -> str:
    """Make an access key with a right check digit, of a company that cannot be: its number is all zeros."""
    digits = f"35{issued_at:%y%m}{0:014d}55001{invoice % 10**9:09d}1{invoice % 10**8:08d}"
    weighed = sum(int(digit) * (2 + place % 8) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{(11 - weighed % 11) % 11 % 10}"
