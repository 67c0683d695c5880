"""Every route of the operators' interface, each with who may call it: a route that is not listed here fails."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from app.store.columns import public_id
from app.web import Role, Token
from app.web.ops import router
from tests.web.conftest import Start
from tests.web.stage import Relay, webhook_body

VIEWER, SUPPORT, OPERATOR, ADMIN = Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN
REASON: Final = {"reason": "curiosity"}
ORDER: Final = {"account": "other", "order_id": "v1-01", **REASON}
CODE: Final = {"account": "other", "carrier": "signed", "code": "odd", "reason": "x"}
SPAN: Final = {"account": "other", "since": "2026-01-01T00:00:00Z"}
NEW: Final = {"account": "other", "order_id": "v9-01", "invoice_number": "9"}
# Of each route: who may call it, and what an operator of another account would send to touch what is not theirs.
ROUTES: Final[dict[tuple[str, str], tuple[Role, Any]]] = {
    ("GET", "/webhooks"): (VIEWER, None),
    ("GET", "/webhooks/export"): (VIEWER, None),
    ("GET", "/webhooks/{id}"): (VIEWER, None),
    ("POST", "/webhooks/{id}/replay"): (OPERATOR, REASON),
    ("GET", "/refusals"): (VIEWER, None),
    ("GET", "/refusals/export"): (VIEWER, None),
    ("GET", "/refusals/{id}"): (VIEWER, None),
    ("GET", "/refusals/{id}/explanation"): (OPERATOR, None),
    ("GET", "/events"): (VIEWER, None),
    ("GET", "/events/export"): (VIEWER, None),
    ("GET", "/attempts"): (VIEWER, None),
    ("GET", "/attempts/export"): (VIEWER, None),
    ("POST", "/shipments/import"): (OPERATOR, None),
    ("GET", "/shipments/quiet"): (VIEWER, None),
    ("GET", "/shipments/quiet/export"): (VIEWER, None),
    ("GET", "/shipments/export"): (VIEWER, None),
    ("GET", "/shipments"): (VIEWER, None),
    ("POST", "/shipments"): (OPERATOR, NEW),
    ("GET", "/shipments/{id}"): (VIEWER, None),
    ("POST", "/shipments/{id}/evidence"): (SUPPORT, None),
    ("DELETE", "/shipments/{id}/tracking-numbers/{number:path}"): (OPERATOR, None),
    ("GET", "/search"): (VIEWER, None),
    ("GET", "/shipments/dead/causes"): (VIEWER, None),
    ("POST", "/shipments/{id}/redrive"): (OPERATOR, REASON),
    ("POST", "/shipments/{id}/corrections"): (OPERATOR, {"text": "invented", **REASON}),
    ("POST", "/shipments/redrive"): (OPERATOR, {"account": "other", **REASON}),
    ("GET", "/accounts"): (VIEWER, None),
    ("GET", "/accounts/{account}"): (VIEWER, None),
    ("POST", "/accounts/{account}/pause"): (OPERATOR, REASON),
    ("POST", "/accounts/{account}/resume"): (OPERATOR, REASON),
    ("POST", "/accounts/{account}/probe"): (OPERATOR, REASON),
    ("PUT", "/accounts/{account}/limits"): (OPERATOR, {"concurrency": 1, **REASON}),
    ("POST", "/accounts/{account}/history/reset"): (OPERATOR, REASON),
    ("PUT", "/accounts/{account}/history"): (OPERATOR, {"verdict": "full", "order_id": "v9-01", **REASON}),
    ("POST", "/accounts/{account}/erase"): (ADMIN, REASON),
    ("GET", "/orders/held"): (VIEWER, None),
    ("POST", "/orders/hold"): (OPERATOR, ORDER),
    ("POST", "/orders/release"): (OPERATOR, ORDER),
    ("POST", "/orders/export"): (SUPPORT, ORDER),
    ("POST", "/orders/erase"): (ADMIN, ORDER),
    ("GET", "/accounts/{account}/comparison"): (VIEWER, None),
    ("POST", "/accounts/{account}/comparison/refresh"): (OPERATOR, None),
    ("GET", "/accounts/{account}/hook"): (VIEWER, None),
    ("POST", "/accounts/{account}/hook/check"): (OPERATOR, None),
    ("POST", "/accounts/{account}/hook/install"): (OPERATOR, REASON),
    ("POST", "/accounts/{account}/hook/remove"): (OPERATOR, REASON),
    ("GET", "/parked"): (VIEWER, None),
    ("GET", "/parked/export"): (VIEWER, None),
    ("GET", "/unmatched"): (VIEWER, None),
    ("GET", "/unmatched/export"): (VIEWER, None),
    ("GET", "/parked/causes"): (VIEWER, None),
    ("GET", "/parked/{id}"): (VIEWER, None),
    ("POST", "/parked/{id}/link"): (OPERATOR, {"shipment_id": "sh_0000000000000", **REASON}),
    ("POST", "/parked/{id}/unlink"): (OPERATOR, REASON),
    ("GET", "/sources"): (VIEWER, None),
    ("POST", "/backfills"): (OPERATOR, SPAN),
    ("GET", "/backfills"): (VIEWER, None),
    ("GET", "/backfills/{id}"): (VIEWER, None),
    ("POST", "/backfills/{id}/pause"): (OPERATOR, REASON),
    ("POST", "/backfills/{id}/resume"): (OPERATOR, REASON),
    ("POST", "/backfills/{id}/cancel"): (OPERATOR, REASON),
    ("POST", "/replays/preview"): (OPERATOR, {"account": "other"}),
    ("POST", "/replays"): (OPERATOR, {"token": "of-somebody-else", **REASON}),
    ("GET", "/replays"): (VIEWER, None),
    ("GET", "/replays/{id}"): (VIEWER, None),
    ("POST", "/replays/{id}/pause"): (OPERATOR, REASON),
    ("POST", "/replays/{id}/resume"): (OPERATOR, REASON),
    ("POST", "/replays/{id}/cancel"): (OPERATOR, REASON),
    ("GET", "/overrides"): (VIEWER, None),
    ("POST", "/overrides"): (OPERATOR, {**CODE, "milestone": "DELIVERED"}),
    ("POST", "/overrides/remove"): (OPERATOR, CODE),
    ("GET", "/activity"): (VIEWER, None),
    ("GET", "/activity/summary"): (VIEWER, None),
    ("GET", "/gaps"): (VIEWER, None),
    ("GET", "/unknown-codes"): (VIEWER, None),
    ("GET", "/audit"): (VIEWER, None),
    ("GET", "/audit/export"): (VIEWER, None),
    ("GET", "/tokens"): (ADMIN, None),
    ("POST", "/tokens"): (ADMIN, {"name": "spy", "role": "admin", "accounts": ["other"]}),
    ("POST", "/tokens/{name}/rotate"): (ADMIN, REASON),
    ("POST", "/tokens/{name}/revoke"): (ADMIN, REASON),
}
ROLES: Final = {"viewer": VIEWER, "support": SUPPORT, "operator": OPERATOR, "admin": ADMIN}
WITHOUT_A_TOKEN: Final[tuple[dict[str, str], ...]] = (
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer token-of-nobody"},
    {"Authorization": "Basic dG9rZW4tb2YtYWRtaW46"},
)
QUERY: Final = {"q": "v1-01", "account": "other"}


def served(part: APIRouter) -> Iterator[tuple[str, str]]:
    """Walk the routes that the application serves, as deep as they are included."""
    for route in part.routes:
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in route.methods or ())
        else:
            yield from served(route.original_router)  # type: ignore[attr-defined]


def address(path: str, ids: dict[str, str]) -> str:
    """Fill a path in; of each kind with what there is of it."""
    kind = path.split("/")[1]
    return (
        path.replace("{id}", ids.get(kind, "x"))
        .replace("{account}", "other")
        .replace("{number:path}", "QX1")
        .replace("{name}", "others-own")
    )


NOTHING: Final = {
    kind: public_id(prefix, 7)
    for kind, prefix in {
        "webhooks": "wh",
        "refusals": "ref",
        "shipments": "sh",
        "parked": "su",
        "backfills": "bf",
        "replays": "rp",
    }.items()
}


def test_every_route_is_listed_with_who_may_call_it() -> None:
    assert sorted(ROUTES) == sorted(served(router))


@pytest.mark.parametrize("headers", WITHOUT_A_TOKEN, ids=str)
def test_without_a_known_token_no_route_answers(relay: Relay, headers: dict[str, str]) -> None:
    for method, path in ROUTES:
        answer = relay.http.request(method, f"/ops/v1{address(path, NOTHING)}", headers=headers)

        assert (401, "/problems/token-needed") == (answer.status_code, answer.json()["type"]), (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_each_role_may_call_what_is_its_own_and_nothing_above(relay: Relay) -> None:
    for (method, path), (least, _) in ROUTES.items():
        for name, role in ROLES.items():
            answer = relay.ops(method, address(path, NOTHING), token=name)
            if role < least:
                assert 403 == answer.status_code, (method, path, name)
                assert f"has the role {name}; this takes {least.name.lower()}" in answer.json()["detail"]
            else:
                assert answer.status_code not in {401, 403}, (method, path, name, answer.text)


@pytest.fixture
def limited(start: Start) -> tuple[Relay, dict[str, str]]:
    """Fill `other`, and let somebody in who is limited to `mystore` and may do everything there."""
    relay = start()
    token = Token(
        name="stranger",
        role=ADMIN,
        sha256=hashlib.sha256(b"token-of-stranger").hexdigest(),
        accounts=frozenset({"mystore"}),
    )
    dependencies = replace(relay.dependencies, tokens=(*relay.dependencies.tokens, token))
    relay = start(tokens=dependencies.tokens)
    body = webhook_body("QX-OTHER", "odd")
    ids = {"webhooks": relay.deliver(body, path="/webhooks/signed/other").json()["id"]}
    relay.read()
    refused = relay.deliver(path="/webhooks/signed/other", headers={"X-Signature": "0" * 64})
    ids["refusals"] = refused.json()["id"]
    relay.refusals()
    ids["parked"] = relay.ops("GET", "/parked").json()["items"][0]["id"]
    asked = {"account": "other", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["QX1"]}
    ids["shipments"] = relay.ops("POST", "/shipments", json=asked).json()["id"]
    ids["backfills"] = relay.ops("POST", "/backfills", json=SPAN).json()["id"]
    preview = relay.ops("POST", "/replays/preview", json={"account": "other"}).json()
    ids["replays"] = relay.ops("POST", "/replays", json={"token": preview["token"], **REASON}).json()["id"]
    assert relay.ops("POST", "/overrides", json={**CODE, "milestone": "EXCEPTION", "replay": False}).is_success
    theirs = {"name": "others-own", "role": "admin", "accounts": ["other"]}
    assert relay.ops("POST", "/tokens", token="admin", json=theirs).is_success
    return relay, ids


def test_another_accounts_token_reaches_nothing_by_any_route(limited: tuple[Relay, dict[str, str]]) -> None:
    relay, ids = limited
    for (method, path), (_, body) in ROUTES.items():
        known = relay.ops(method, address(path, ids), token="stranger", json=body, params=QUERY)
        unknown = relay.ops(method, address(path, NOTHING), token="stranger", json=body, params=QUERY)
        if "{id}" in path:
            # What is another's does not exist, to the letter.
            kind = path.split("/")[1]
            told = [known.text.replace(ids[kind], "ID"), unknown.text.replace(NOTHING[kind], "ID")]
            assert (404, told[0]) == (known.status_code, told[1]), (method, path, known.text)
        else:
            shown = known.text if known.is_success else ""
            assert [] == [id_ for id_ in (*ids.values(), '"other"', "QX-OTHER") if id_ in shown], (method, path)
            if method != "GET":
                assert known.status_code in {403, 404, 409, 415}, (method, path, known.text)


def test_it_did_reach_what_is_there_with_a_token_that_may(limited: tuple[Relay, dict[str, str]]) -> None:
    """Were the ids of the test above wrong, it would prove nothing."""
    relay, ids = limited
    for method, path in ROUTES:
        # No keeper of hooks stands on this stage; what it shows has tests of its own.
        if method == "GET" and not path.endswith("/hook"):
            answer = relay.ops(method, address(path, ids), token="admin", params=QUERY)
            assert 200 == answer.status_code, (path, answer.text)
