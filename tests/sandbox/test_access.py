"""Who is let in, to which account, and what the journal keeps of it."""

import httpx
import pytest

from app.sandbox import Credential
from tests.sandbox.conftest import COLLECTED, KEYS, ORDERS, TARGET, Oms, Start

UNAUTHORIZED = {"error": {"code": "1", "message": "Unauthorized access", "exception": None}}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-VTEX-API-AppKey": "key"},
        {"X-VTEX-API-AppToken": "token"},
        {"X-VTEX-API-AppKey": "key", "X-VTEX-API-AppToken": ""},
    ],
)
def test_both_halves_of_a_key_are_needed(oms: Oms, headers: dict[str, str]) -> None:
    oms.seed_invoiced()

    answer = httpx.get(f"{oms.http.base_url}{ORDERS}/1527103869572-01", headers=headers)

    assert (401, UNAUTHORIZED) == (answer.status_code, answer.json())


@pytest.mark.parametrize(
    "headers",
    [{"x-vtex-api-appkey": "any", "X-VTEX-API-APPTOKEN": "any"}, {"VtexIdclientAutCookie": "a-user-token"}],
)
def test_any_key_or_user_token_opens_when_no_key_is_configured(oms: Oms, headers: dict[str, str]) -> None:
    oms.seed_invoiced()

    assert 200 == httpx.get(f"{oms.http.base_url}{ORDERS}/1527103869572-01", headers=headers).status_code


def configured(account: str = "demo", token: str = "invented-token", **fields: frozenset[str]) -> Credential:
    return Credential(account=account, app_key=KEYS["X-VTEX-API-AppKey"], app_token=token, **fields)


@pytest.mark.parametrize(
    ("credential", "status"),
    [
        (configured(), 200),
        (configured(account="another"), 401),
        (configured(token="old-token"), 401),
        (configured(resources=frozenset({"notify-invoice"})), 403),
    ],
)
def test_a_configured_key_opens_its_account_and_its_resources(
    start: Start, credential: Credential, status: int
) -> None:
    oms = start(credentials=(credential,))
    oms.seed_invoiced()

    answer = oms.http.get(f"{ORDERS}/1527103869572-01")

    assert status == answer.status_code
    if status == 403:
        assert b"" == answer.content


def test_a_user_token_does_not_open_an_account_with_configured_keys(start: Start) -> None:
    oms = start(credentials=(configured(),))

    assert 401 == httpx.get(f"{oms.http.base_url}{ORDERS}", headers={"VtexIdclientAutCookie": "token"}).status_code


def test_a_key_that_could_never_match_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="app_token"):
        Credential(account="demo", app_key="key", app_token="")
    with pytest.raises(ValueError, match="unknown resources: view-orders; known are feed-hook-admin"):
        Credential(account="demo", app_key="key", app_token="token", resources=frozenset({"view-orders"}))


@pytest.mark.parametrize(
    ("path", "host", "account"),
    [
        ("/mystore" + ORDERS, "127.0.0.1:8080", "mystore"),
        ("/mystore" + ORDERS, "other.vtexcommercestable.example", "mystore"),
        (ORDERS, "mystore.vtexcommercestable.example", "mystore"),
        (ORDERS, "mystore.localhost:8080", "mystore"),
        (ORDERS, "127.0.0.1:8080", "demo"),
        (ORDERS, "[::1]:8080", "demo"),
        (ORDERS, "[::1]", "demo"),
        (ORDERS, "sandbox:8080", "demo"),
        (ORDERS, "localhost", "demo"),
    ],
)
def test_the_account_is_in_the_path_or_the_host_name_or_is_the_default(
    oms: Oms, path: str, host: str, account: str
) -> None:
    oms.http.get(path, headers={"Host": host})

    assert [account] == [entry["account"] for entry in oms.journal()]


def test_accounts_do_not_see_each_others_orders(oms: Oms) -> None:
    oms.seed(account="mystore", order_id="1527103869572-01")

    assert 404 == oms.http.get(f"{ORDERS}/1527103869572-01").status_code
    assert 200 == oms.http.get(f"/mystore{ORDERS}/1527103869572-01").status_code


def test_the_journal_tells_each_call_in_order_and_no_key(oms: Oms) -> None:
    oms.seed_invoiced()
    oms.put(COLLECTED)
    oms.http.get(f"{ORDERS}/nowhere?x=1")
    oms.http.put(TARGET, content=b"\xff{", headers={"Content-Type": "application/json"})

    put, get, broken = oms.journal()

    assert 64 == len(put.pop("body_sha256"))
    assert put.pop("duration_ms") > 0
    assert {
        "id": 1,
        "time": "2026-03-04T18:04:31.0521230+00:00",
        "account": "demo",
        "method": "PUT",
        "path": TARGET,
        "query": "",
        "route": "put-tracking",
        "order_id": "1527103869572-01",
        "invoice_number": "000045781",
        "status": 200,
        "body": {"isDelivered": False, "deliveredDate": None, "events": [COLLECTED]},
        "refusal": None,
        "faults": [],
    } == put
    assert ("get-order", "nowhere", None, "x=1", 404) == (
        get["route"],
        get["order_id"],
        get["body"],
        get["query"],
        get["status"],
    )
    assert "OMS007" == get["refusal"]["error"]["code"]
    assert ("�{", 400) == (broken["body"], broken["status"])


def test_calls_that_are_refused_are_in_the_journal_too(oms: Oms) -> None:
    httpx.get(f"{oms.http.base_url}{ORDERS}")
    oms.http.delete(ORDERS)

    assert [("list-orders", 401), ("unknown", 404)] == [(each["route"], each["status"]) for each in oms.journal()]
