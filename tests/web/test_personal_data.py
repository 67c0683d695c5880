"""What carriers' files declare as personal reaches no viewer by any route, in whatever shape it came."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import httpx
import pytest
from prometheus_client import CollectorRegistry

from app.adapter import Adapter
from app.carriers import adapters
from app.errors import MalformedPayload
from app.examples import examples
from app.model import CarrierEvent
from app.source import Source, Sources
from app.telemetry import Metrics
from app.verification import Credentials, Hmac
from app.web import Limits
from tests.console.visitor import visiting
from tests.redaction.hostile import Secrets, hostile
from tests.web.conftest import Start
from tests.web.stage import SECRET, Relay, sign
from tests.web.test_ops_every_route import ROUTES, address

CARRIERS = [adapter for adapter in adapters().values() if adapter.personal and any(adapter.personal.declared())]
PAGES = ("", "/webhooks/{webhooks}", "/webhooks", "/orders/{shipments}", "/orders", "/parked", "/audit")


@pytest.fixture
def carried(start: Start) -> Relay:
    """Serve every carrier that sends personal data, with a signature that a test can make."""
    signed = [
        replace(adapter, verification=Hmac(header="X-Signature"), probe=None, handshake=None) for adapter in CARRIERS
    ]
    sources = Sources(
        Source(owner="mystore", accounts=("mystore",), adapter=each, credentials=Credentials(secrets=(SECRET,)))
        for each in signed
    )
    metrics = Metrics(
        CollectorRegistry(),
        carriers=[each.slug for each in signed],
        accounts=("mystore", "other"),
        sources=[each.name for each in sources],
    )
    return start(sources=sources, metrics=metrics, limits=Limits(body_bytes=1 << 20))


def send(relay: Relay, adapter: Adapter, secrets: Secrets) -> list[str]:
    """Send each case with secrets where persons stand; return the ids."""
    ids: list[str] = []
    for example in examples(adapter.slug):
        assert adapter.personal is not None
        sent = hostile(example.webhook, adapter.personal, secrets)
        if sent is None or sent.method != "POST":
            continue
        headers = {"Content-Type": sent.header("content-type") or "application/json", "X-Signature": sign(sent.body)}
        path = f"/webhooks/{adapter.slug}/mystore"
        answer = relay.http.request("POST", path, content=sent.body, headers=headers)
        assert answer.is_success, answer.text
        ids.append(answer.json()["id"] if "id" in answer.text else "")
    return [id_ for id_ in ids if id_]


def place(relay: Relay, adapter: Adapter) -> str:
    """Make a shipment of what the cases are about, so that rows are made of their words."""
    numbers = {
        result.tracking_numbers[0]
        for example in examples(adapter.slug)
        for result in _parsed(adapter, example.webhook)
        if isinstance(result, CarrierEvent) and result.tracking_numbers
    }
    asked = {
        "account": "mystore",
        "order_id": f"v{int(hashlib.sha256(adapter.slug.encode()).hexdigest()[:8], 16)}-01",
        "invoice_number": "1",
        "tracking_numbers": sorted(numbers)[:5],
    }
    id_: str = relay.ops("POST", "/shipments", json=asked).json()["id"]
    return id_


def _parsed(adapter: Adapter, webhook: object) -> list[object]:
    try:
        return list(adapter.parse(webhook))  # type: ignore[arg-type]
    except MalformedPayload:
        return []


def everything(relay: Relay, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Read every route and the console's pages as a viewer."""
    for method, path in ROUTES:
        if method == "GET" and not path.endswith("/hook"):
            filled = address(path, ids).replace("/accounts/other", "/accounts/mystore")
            query = {"q": "v1", "account": "mystore"} if "{" not in path or "account" in path else {}
            yield path, relay.ops("GET", filled, token="viewer", params=query).text
    with httpx.Client(base_url=relay.stage.url) as client:
        visitor = visiting(client, "viewer")
        for page in PAGES:
            yield page, visitor.get(page.format(**ids)).text


@pytest.mark.parametrize("seed", [1])
def test_no_route_shows_a_viewer_what_is_declared(carried: Relay, seed: int) -> None:
    for number, adapter in enumerate(CARRIERS):
        secrets = Secrets(Random(seed * 1000 + number))  # noqa: S311 - nothing is kept secret by it
        sent = send(carried, adapter, secrets)
        if not sent:
            continue
        carried.read()
        shipment = place(carried, adapter)
        parked = carried.ops("GET", "/parked").json()["items"]
        parts = {part for made in secrets.made for part in made.split()}
        for id_ in sent:
            ids = {"webhooks": id_, "shipments": shipment, "parked": parked[0]["id"] if parked else "x"}
            reads = everything(carried, ids) if id_ == sent[-1] else one(carried, id_)
            for path, text in reads:
                assert [] == [part for part in parts if part in text], (adapter.slug, path)


def one(relay: Relay, id_: str) -> Iterator[tuple[str, str]]:
    yield "/webhooks/{id}", relay.ops("GET", f"/webhooks/{id_}", token="viewer").text


def test_support_is_shown_the_receiver_and_not_the_courier(carried: Relay) -> None:
    sent = next(each.webhook for each in examples("lalamove") if b'"driver"' in each.webhook.body)
    headers = {"Content-Type": "application/json", "X-Signature": sign(sent.body)}
    id_ = carried.http.post("/webhooks/lalamove/mystore", content=sent.body, headers=headers).json()["id"]
    shown = {role: carried.ops("GET", f"/webhooks/{id_}", token=role).json() for role in ("support", "operator")}

    assert "R. SOUZA" not in shown["support"]["body"]["content"]
    assert "[name of the courier" in shown["support"]["body"]["content"]
    assert shown["operator"]["body"]["content"].encode() == sent.body
    assert [True, False] == [shown[role]["is_masked"] for role in ("support", "operator")]


def test_an_exported_order_shows_support_the_receiver_only(carried: Relay) -> None:
    sent = next(each.webhook for each in examples("ssw") if b"M. LIMA" in each.webhook.body)
    headers = {"Content-Type": "application/json", "X-Signature": sign(sent.body)}
    carried.http.post("/webhooks/ssw/mystore", content=sent.body, headers=headers)
    order = {"account": "mystore", "order_id": "1502240771934-01"}
    carried.ops("POST", "/shipments", json={**order, "invoice_number": "48213"})
    carried.read()
    files = {
        role: carried.ops("POST", "/orders/export", token=role, json={**order, "reason": "asked"}).text
        for role in ("support", "operator")
    }

    assert ["M. LIMA" in files[role] for role in ("support", "operator")] == [True, True]
    assert ["LOJA EXEMPLO LTDA" in files[role] for role in ("support", "operator")] == [False, True]
