"""What the relay sends to VTEX, and what the bundled VTEX answers and posts, is what openapi/vtex.json says.

The relay's client and the sandbox share no code; the document is held against both, over HTTP.
"""

import json
import re
from collections.abc import AsyncIterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from app.egress import Egress, Reply
from app.vtex import Client, OrderQuery, Span
from app.vtex.hook import hook_request
from tests.documents import ROOT
from tests.forwarder.making import account
from tests.sandbox.conftest import Oms, Start
from tests.sandbox.receiver import receiving

CONTRACT: Final[dict[str, Any]] = json.loads((ROOT / "openapi" / "vtex.json").read_text("utf-8"))
ORDER: Final = "1527103869572-01"
INVOICE: Final = "000045781"
UPDATE: Final = {
    "isDelivered": False,
    "deliveredDate": None,
    "events": [{"city": "", "state": "", "description": "Em trânsito", "date": "2026-03-03T09:30:00-03:00"}],
}
PACKAGE: Final = {
    "trackingNumber": "QX004512345BR",
    "trackingUrl": None,
    "dispatchedDate": None,
    "courier": "Transportes Exemplo",
}


class Exchange(NamedTuple):
    method: str
    url: str
    sent: bytes
    reply: Reply


class Recording(Egress):
    """Call, and keep what was said by both sides."""

    exchanges: list[Exchange]

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        total_seconds: float,
        content: bytes | AsyncIterable[bytes] | None = None,
        max_bytes: int = 65_536,
    ) -> Reply:
        assert content is None or isinstance(content, bytes)
        reply = await super().call(
            method, url, headers=headers, total_seconds=total_seconds, content=content, max_bytes=max_bytes
        )
        self.exchanges.append(Exchange(method.lower(), url, content or b"", reply))
        return reply


def fits(value: object, schema: Mapping[str, Any]) -> list[str]:
    """Say what of a value is not as a schema has it."""
    whole = {**schema, "components": CONTRACT["components"]}
    return [f"{error.json_path}: {error.message}" for error in OAS31Validator(whole).iter_errors(value)]


def operation(method: str, path: str) -> dict[str, Any]:
    for template, operations in CONTRACT["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            described: dict[str, Any] = operations[method]
            return described
    pytest.fail(f"{method} {path} is not in the contract")


def wrong_with(exchange: Exchange) -> Iterator[str]:
    """Hold one call and its answer against the contract."""
    parts = urlsplit(exchange.url)
    described = operation(exchange.method, parts.path)
    name = described["operationId"]
    known = {
        parameter["name"]: parameter for parameter in described.get("parameters", []) if parameter["in"] == "query"
    }
    asked = parse_qs(parts.query)
    yield from (f"{name}: asks for {each}, which is not described" for each in asked.keys() - known.keys())
    yield from (f"{name}: lacks {each}" for each, told in known.items() if told["required"] and each not in asked)
    body = described.get("requestBody")
    if (body is None) != (not exchange.sent):
        yield f"{name}: sends a body or none, against the contract"
    elif body is not None:
        schema = body["content"]["application/json"]["schema"]
        yield from (f"{name} sends {error}" for error in fits(json.loads(exchange.sent), schema))
    answer = described["responses"].get(str(exchange.reply.status))
    if answer is None:
        yield f"{name}: is answered {exchange.reply.status}, which is not described"
    elif "content" in answer:
        schema = answer["content"]["application/json"]["schema"]
        yield from (f"{name} answers {error}" for error in fits(json.loads(exchange.reply.body), schema))


async def everything(client: Client, hook_url: str) -> None:
    """Make each call that the relay makes."""
    moment = datetime(2026, 3, 4, 18, tzinfo=UTC)
    span = Span(since=moment - timedelta(days=2), until=moment + timedelta(days=1))
    await client.order_hook()
    await client.feed_config()
    await client.receive_feed()
    await client.configure_hook(hook_url, "a-shared-secret")
    await client.configure_feed()
    await client.patch_invoice(ORDER, INVOICE, PACKAGE)
    await client.put_tracking(ORDER, INVOICE, UPDATE)
    await client.get_order(ORDER)
    await client.get_order("no-such-order")
    await client.list_orders(OrderQuery(invoiced=span, created=span), 1)
    await client.order_hook()
    await client.feed_config()
    received = await client.receive_feed()
    assert received.found
    await client.commit_feed([str(item.handle) for item in received.found])
    await client.remove_feed()
    await client.remove_hook()


@pytest.mark.anyio
async def test_calls_and_answers_are_what_the_contract_says(start: Start) -> None:
    oms: Oms = start(read_after_write_delay_seconds=0)
    oms.seed_invoiced(tracking_number=None)
    async with Recording() as egress:
        egress.exchanges = []
        with receiving() as receiver:
            client = Client(replace(account(), base_url=str(oms.http.base_url).rstrip("/")), egress)
            await everything(client, receiver.url)
            oms.http.post("/sandbox/api/notifications/send?everything=true")

    assert [] == [error for exchange in egress.exchanges for error in wrong_with(exchange)]
    made = {
        operation(each.method, urlsplit(each.url).path)["operationId"]
        for each in egress.exchanges
        if each.reply.status in {200, 204}
    }
    described = {each["operationId"] for operations in CONTRACT["paths"].values() for each in operations.values()}
    assert described == made


def test_what_a_hook_is_sent_is_what_the_contract_says(oms: Oms) -> None:
    schema = CONTRACT["webhooks"]["orderChanged"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    with receiving() as receiver:
        asked = hook_request(receiver.url, "a-shared-secret")
        assert oms.http.post("/api/orders/hook/config", json=asked).is_success
        oms.seed_invoiced()
        assert oms.http.post(f"/sandbox/api/orders/{ORDER}/announce").is_success
        oms.http.post("/sandbox/api/notifications/send?everything=true")

        assert len(receiver.received) > 1
        assert [] == [error for body, _ in receiver.received for error in fits(body, schema)]


def test_the_contract_is_a_valid_document_whose_examples_fit() -> None:
    validate(CONTRACT)
    checked = 0
    for operations in (*CONTRACT["paths"].values(), *CONTRACT["webhooks"].values()):
        for described in operations.values():
            contents = [described.get("requestBody", {}), *described["responses"].values()]
            for content in (each["content"]["application/json"] for each in contents if "content" in each):
                examples = [content["example"]] if "example" in content else []
                examples += [each["value"] for each in content.get("examples", {}).values()]
                assert examples, described["operationId"]
                assert [] == [error for example in examples for error in fits(example, content["schema"])]
                checked += 1
            for parameter in described.get("parameters", []):
                assert [] == fits(parameter["example"], parameter["schema"])
    assert checked > 10


def test_each_call_says_what_it_is_for_and_each_field_what_it_means() -> None:
    schemas = CONTRACT["components"]["schemas"]
    calls = [each for operations in CONTRACT["paths"].values() for each in operations.values()]

    assert [] == [each["operationId"] for each in calls if not each["summary"] or "resource" not in each["description"]]
    assert [] == [name for name, schema in schemas.items() if not schema.get("description")]
    assert [] == [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, told in schema["properties"].items()
        if "$ref" not in told and not told.get("description")
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"events": [{"city": "", "description": "x", "date": "2026-03-03"}]}, "'state' is a required property"),
        ({"deliveredDate": "2026-03-05T09:00"}, "does not match"),
        ({"delivered": True}, "Additional properties are not allowed"),
    ],
)
def test_a_body_that_is_not_vtexs_is_seen(changed: dict[str, Any], said: str) -> None:
    assert said in "\n".join(fits({**UPDATE, **changed}, {"$ref": "#/components/schemas/UpdateTrackingStatusRequest"}))
