"""Whose order is it: each strategy alone, and which goes before which."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.model import References
from app.resolution import resolver
from app.store import Candidate, Facts, Resolution

NOW = datetime(2026, 3, 10, tzinfo=UTC)
HELD = frozenset({"A1", "R1"})
KEY = "35260312345678000195550010000457811234567890"


def candidate(id_: int, *, days: float = 1, **said: Any) -> Candidate:
    values: dict[str, Any] = {
        "account": "demo",
        "order_id": f"v{id_}-01",
        "invoice_number": str(id_),
        "invoice_key": None,
        "courier": None,
        "delivered": False,
        "origin": "manual",
    }
    return Candidate(id=id_, since=NOW - timedelta(days=days), **(values | said))


def resolved(*candidates: Candidate, numbers: tuple[str, ...] = (), **said: Any) -> Resolution:
    return resolver(lambda: NOW)(Facts(numbers=numbers, references=References(**said)), candidates)


def test_an_invoice_named_with_its_order_goes_before_the_number() -> None:
    named, numbered = candidate(1), candidate(2, held=HELD)

    found = resolved(named, numbered, numbers=("A1",), order_id="v1-01", invoice_number="0001")

    assert (1,) == found.shipments


def test_a_key_goes_before_the_number() -> None:
    keyed, numbered = candidate(1, invoice_key=KEY), candidate(2, held=HELD)

    assert (1,) == resolved(keyed, numbered, numbers=("A1",), invoice_key=f"{KEY[:22]} {KEY[22:]}").shipments


def test_every_open_shipment_of_a_number_is_meant() -> None:
    both = (candidate(1, held=HELD), candidate(2, held=HELD, days=29))

    assert (1, 2) == resolved(*both, candidate(3), numbers=("A1",)).shipments


@pytest.mark.parametrize("ended", [{"delivered": True}, {"days": 31}])
def test_shipments_that_ended_used_the_number_before(ended: dict[str, Any]) -> None:
    assert (2,) == resolved(candidate(1, held=HELD, **ended), candidate(2, held=HELD), numbers=("A1",)).shipments


def test_late_news_of_shipments_that_all_ended_is_the_latest_one_s() -> None:
    old = candidate(1, held=HELD, delivered=True, days=90)
    newer = candidate(2, held=HELD, delivered=True, days=40)

    assert (2,) == resolved(old, newer, numbers=("A1",)).shipments
    assert (1,) == resolved(old, numbers=("A1",)).shipments


def test_one_number_in_two_accounts_is_nobody_s_guess() -> None:
    found = resolved(candidate(1, held=HELD), candidate(2, held=HELD, account="other"), numbers=("A1",))

    reason = "it fits shipments of several accounts: demo v1-01/1, other v2-01/2"
    assert Resolution(reason=reason, strategy="tracking-number") == found


@pytest.mark.parametrize(
    ("said", "shipments"),
    [
        ({"invoice_number": "1"}, (1,)),
        ({"invoice_number": "1", "issuer": "12.345.678/0001-95", "invoice_series": "001"}, (1,)),
        ({"invoice_number": "1", "issuer": "99999999000199"}, ()),
        ({"invoice_number": "1", "invoice_series": "2"}, ()),
        ({"invoice_number": "1", "order_id": "x"}, ()),
        ({"invoice_number": "1", "invoice_key": "x"}, ()),
        ({"invoice_number": "2"}, ()),
    ],
)
def test_an_invoice_number_alone_means_the_only_shipment_that_nothing_speaks_against(
    said: dict[str, Any], shipments: tuple[int, ...]
) -> None:
    assert shipments == resolved(candidate(1, invoice_key=KEY), **said).shipments


def test_an_issuer_that_nothing_confirms_confirms_nothing() -> None:
    assert () == resolved(candidate(1), invoice_number="1", issuer="12345678000195").shipments


@pytest.mark.parametrize(
    ("packages", "shipments"),
    [
        ([candidate(1, origin="order")], (1,)),
        ([candidate(1)], ()),
        ([candidate(1, origin="order"), candidate(2, order_id="v1-01", origin="order")], ()),
    ],
)
def test_an_order_alone_means_its_only_package_if_all_of_them_are_known(
    packages: list[Candidate], shipments: tuple[int, ...]
) -> None:
    assert shipments == resolved(*packages, order_id="v1-01").shipments
    assert shipments == resolved(*packages, numbers=("A1",), alternative_order_ids=("x", "v1-01")).shipments


def test_an_invoice_that_is_not_there_is_not_replaced_by_the_order_s_only_one() -> None:
    assert () == resolved(candidate(1, origin="order"), order_id="v1-01", invoice_number="9").shipments


def test_a_parcel_that_comes_back_is_skipped_whatever_else_it_names() -> None:
    sent = candidate(1, origin="order")
    back = candidate(2, order_id="v1-01", held=HELD, origin="return")

    found = resolved(sent, back, numbers=("R1",), order_id="v1-01", invoice_number="1")

    assert Resolution(skip=True, reason="a return: v1-01/2 comes back to the seller", strategy="return") == found
    assert (1,) == resolved(sent, candidate(2, origin="return"), order_id="v1-01").shipments


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (resolved(numbers=("QX 1",)), "no shipment with the tracking number QX 1 is known"),
        (resolved(order_id="x"), "no shipment with its references is known"),
        (
            resolved(*(candidate(n) for n in range(1, 8)), order_id="x"),
            "nothing tells which of these shipments it is: v1-01/1, v2-01/2, v3-01/3, v4-01/4, v5-01/5",
        ),
    ],
)
def test_what_stays_parked_says_why(found: Resolution, reason: str) -> None:
    assert ((), reason) == (found.shipments, found.reason)
