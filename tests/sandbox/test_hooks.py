"""VTEX's order hook: how it is configured."""

from collections.abc import Iterator

import httpx
import pytest

from app.sandbox import Credential
from tests.sandbox.conftest import KEYS, Oms, Start
from tests.sandbox.hooking import CONFIG, SHIPPED, WORKFLOW, configure, from_orders, hooked
from tests.sandbox.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def oms(start: Start) -> Oms:
    return start(hook_delivery="by_hand")


def test_a_hook_is_pinged_with_its_headers_then_shown_and_removed(oms: Oms, receiver: Receiver) -> None:
    missing = [oms.http.get(CONFIG).status_code, oms.http.delete(CONFIG).status_code]

    saved = configure(oms, receiver, WORKFLOW, key="a-shared-secret")
    ((ping, headers),) = receiver.received
    shown = oms.http.get(CONFIG).json()
    removed = [oms.http.delete(CONFIG).status_code, oms.http.get(CONFIG).status_code]

    assert ([404, 404], 200, [200, 404]) == (missing, saved.status_code, removed)
    assert ({"hookConfig": "ping"}, "a-shared-secret") == (ping, headers["key"])
    assert {"filter": WORKFLOW, "hook": {"url": receiver.url, "headers": {"key": "a-shared-secret"}}} == shown
    assert shown == saved.json()


@pytest.mark.parametrize("status", [201, 204, 302, 401, 500])
def test_a_ping_that_is_not_answered_200_saves_nothing(oms: Oms, receiver: Receiver, status: int) -> None:
    hooked(oms, receiver)
    receiver.statuses = [status]

    answer = configure(oms, receiver, {"type": "FromWorkflow", "status": ["handling"]})

    assert (400, "Unable to check address") == (answer.status_code, answer.json()["errors"]["hook.url"][0])
    assert WORKFLOW == oms.http.get(CONFIG).json()["filter"], "what was there stays"


def test_an_address_that_nobody_listens_on_cannot_be_checked(oms: Oms) -> None:
    with receiving() as gone:
        url = gone.url

    answer = oms.http.post(CONFIG, json={"filter": WORKFLOW, "hook": {"url": url}})

    assert (400, {"hook.url": ["Unable to check address"]}) == (answer.status_code, answer.json()["errors"])


@pytest.mark.parametrize(
    ("hook_http", "url"),
    [
        ("never", "http://127.0.0.1:9/"),
        ("loopback", "http://192.0.2.1/"),
        ("loopback", "http://relay.example/"),
        ("loopback", "http://127.0.0.1.relay.example/"),
        ("loopback", "http://127.0.0.1@192.0.2.1/"),
        ("anywhere", "ftp://relay.example/"),
        ("anywhere", "relay.example/hook"),
        ("anywhere", "http:///hook"),
        ("anywhere", "http://[::1"),
    ],
)
def test_only_https_is_taken_and_http_where_an_option_allows_it(start: Start, hook_http: str, url: str) -> None:
    answer = start(hook_http=hook_http).http.post(CONFIG, json={"filter": WORKFLOW, "hook": {"url": url}})

    assert (400, {"hook.url": ["Only https scheme is accepted"]}) == (answer.status_code, answer.json()["errors"])


@pytest.mark.parametrize(
    ("config", "status", "place"),
    [
        ([], 400, "$"),
        ({}, 400, "Filter"),
        ({"filter": WORKFLOW}, 400, "Hook"),
        ({"filter": {"status": ["invoiced"]}}, 400, "filter.type"),
        ({"filter": {"type": "FromWorkflow"}}, 400, "filter.status"),
        ({"filter": {"type": "FromOrders"}}, 400, "filter.expression"),
        ({"filter": from_orders("a", disableSingleFire="yes")}, 400, "filter.disableSingleFire"),
        ({"filter": {**WORKFLOW, "expression": "a = 1"}}, 409, "filter"),
        ({"filter": {**WORKFLOW, "disableSingleFire": False}}, 409, "filter"),
        ({"filter": from_orders("a = 1", status=["invoiced"])}, 409, "filter"),
        ({"filter": WORKFLOW, "hook": {"url": ""}}, 400, "hook.url"),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"a b": "c"}}}, 400, "hook.headers"),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"k": "é"}}}, 400, "hook.headers"),
        (
            {"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"k": "a\r\nb: c"}}},
            400,
            "hook.headers",
        ),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": ["k"]}}, 400, "hook.headers"),
    ],
)
def test_a_configuration_that_vtex_would_not_take_is_refused(oms: Oms, config: object, status: int, place: str) -> None:
    answer = oms.http.post(CONFIG, json=config)

    assert (status, [place]) == (answer.status_code, list(answer.json()["errors"]))
    assert "application/problem+json; charset=utf-8" == answer.headers["content-type"]


def test_a_key_has_one_hook_and_another_key_another(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver)
    hooked(oms, receiver, from_orders(SHIPPED))
    other = {**KEYS, "X-VTEX-API-AppKey": "vtexappkey-demo-OTHER"}
    unknown = oms.http.get(CONFIG, headers=other).status_code
    body = {"filter": WORKFLOW, "hook": {"url": receiver.url}}

    assert 200 == oms.http.post(CONFIG, json=body, headers=other).status_code
    hooks = oms.http.get("/sandbox/api/hooks").json()["items"]
    assert (404, ["FromOrders", "FromWorkflow"]) == (unknown, [hook["filter"]["type"] for hook in hooks])
    assert 404 == oms.http.get(f"/mystore{CONFIG}").status_code


@pytest.mark.parametrize(
    ("resources", "method", "status"),
    [
        (frozenset({"feed-hook-view"}), "GET", 404),
        (frozenset({"feed-hook-view"}), "DELETE", 403),
        (frozenset({"feed-hook-admin"}), "DELETE", 404),
        (frozenset({"feed-hook-admin"}), "GET", 403),
    ],
)
def test_a_keys_role_decides_what_it_may_do(start: Start, resources: frozenset[str], method: str, status: int) -> None:
    key, token = KEYS.values()
    oms = start(credentials=(Credential(account="demo", app_key=key, app_token=token, resources=resources),))

    assert status == oms.http.request(method, CONFIG).status_code
    unknown = httpx.get(f"{oms.http.base_url}{CONFIG}", headers={**KEYS, "X-VTEX-API-AppToken": "wrong"})
    assert (401, "Unauthorized") == (unknown.status_code, unknown.json()["title"])


def test_what_a_hook_sends_as_its_key_is_not_in_the_journal(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, WORKFLOW, key="a-shared-secret")

    assert {"key": "***"} == oms.journal()[0]["body"]["hook"]["headers"]
    assert "a-shared-secret" not in oms.http.get("/sandbox/api/hooks").text
    assert "a-shared-secret" not in oms.http.get("/journal").text


def test_the_answer_to_a_configuration_may_be_the_one_of_the_reference(start: Start, receiver: Receiver) -> None:
    answer = configure(start(config_answer="notification"), receiver).json()

    assert {"Domain", "OrderId", "State", "LastState", "LastChange", "CurrentChange", "Origin"} == set(answer)
