"""`doctor` looks whose VTEX's order hook is, and by which name VTEX knows an account."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.answering import Answering
from tests.cli.test_doctor import Findings, configure, configured, doctor, vtex

__all__ = ["configured", "doctor", "vtex"]

HOOK = "/api/orders/hook/config"
URL = "https://relay.shop.example/vtex/mystore/orders-hook"


def hook(url: str = URL, key: str = "an-invented-hook-key", kind: str = "FromOrders") -> bytes:
    filter_ = {"type": kind, "expression": "$count(packageAttachment.packages) > 0", "disableSingleFire": True}
    return json.dumps({"filter": filter_, "hook": {"url": url, "headers": {"Key": key}}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "level", "text"),
    [
        (200, hook(), "ok", "VTEX's order hook tells this relay"),
        (200, hook(key="other"), "problem", "none of the account's"),
        (
            200,
            hook("https://erp.example/x?token=t0ken", "other"),
            "problem",
            "is not this relay's: it tells https://erp",
        ),
        (200, b"<html>", "warning", "is not known"),
        (404, b"", "warning", "VTEX has no order hook for the key"),
    ],
)
def test_whose_the_order_hook_is_and_what_is_wrong_with_it(
    doctor: Callable[..., Findings],
    configured: Path,
    vtex: Answering,
    status: int,
    body: bytes,
    level: str,
    text: str,
) -> None:
    configure(configured, 'base_url = "', 'hook_key = "an-invented-hook-key"\nbase_url = "')
    vtex.status, vtex.bodies[HOOK] = status, body
    # An order that there is proves the key as well as one that there is not.
    vtex.bodies["/api/oms/pvt/orders/carrier-relay-doctor-0"] = b'{"orderId": "x"}'

    found = doctor()

    assert text in found.at(level), found.texts
    assert "t0ken" not in str(found.texts)
    assert HOOK == vtex.asked[-1].path


@pytest.mark.parametrize(
    ("key", "base_url", "level", "text"),
    [
        ("vtexappkey-mystore-ABCDEF", "", "warning", ""),
        ("vtexappkey-lojabr-ABCDEF", "", "warning", "configure it as accounts.lojabr"),
        ("vtexappkey-lojabr-ABCDEF", "https://lojabr.myvtex.com", "note", "is lojabr at VTEX, as base_url says"),
        ("vtexappkey-lojabr-ABCDEF", "https://shop.myvtex.com", "warning", "is that meant?"),
    ],
)
def test_an_account_of_another_name_at_vtex_is_noticed(
    doctor: Callable[..., Findings],
    configured: Path,
    vtex: Answering,
    key: str,
    base_url: str,
    level: str,
    text: str,
) -> None:
    configure(configured, 'app_key = "key-of-the-store"', f'app_key = "{key}"\nhook_key = "an-invented-hook-key"')
    if base_url:
        configure(configured, vtex.url, base_url)

    found = doctor("--no-online")

    assert text in found.at(level)
    assert text or not found.at(level)


def test_a_rehearsal_on_this_machine_is_no_problem(doctor: Callable[..., Findings], configured: Path) -> None:
    configure(configured, "https://relay.shop.example", "http://127.0.0.1:8080")

    found = doctor()

    assert 0 == found.status
    assert "right for a rehearsal" in found.at("note")
