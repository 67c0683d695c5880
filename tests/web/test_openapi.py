"""The OpenAPI document: valid, complete, true to the adapters, and the one in the repository."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from app.carriers import adapters
from app.web.routes import document, export
from tests.web.stage import ADAPTERS, Relay, made_up

FILE = Path(__file__).resolve().parents[2] / "openapi" / "relay.json"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(adapters())


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_the_file_in_the_repository_is_what_the_code_says(described: dict[str, Any], tmp_path: Path) -> None:
    """`make openapi` writes it anew."""
    export(tmp_path / "relay.json", adapters())

    assert (tmp_path / "relay.json").read_text("utf-8") == FILE.read_text("utf-8")
    assert described == json.loads(FILE.read_text("utf-8"))


def test_the_document_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def test_every_operation_has_a_name_of_its_own(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]

    assert len(set(names)) == len(names)


def test_every_carrier_has_its_path_and_a_path_to_try(described: dict[str, Any]) -> None:
    for slug, adapter in adapters().items():
        cannot_sign = not adapter.verification.needs_secret and not adapter.verification.binds_body
        path = f"/webhooks/{slug}/{{account}}" + ("/{key}" if cannot_sign else "")
        assert {method.lower() for method in adapter.methods} <= set(described["paths"][path])
        assert "post" in described["paths"][f"{path}/verify"]


def test_every_example_fits_its_schema(described: dict[str, Any]) -> None:
    checked = 0
    for _, _, operation in operations(described):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = {**content["schema"], "components": described["components"]}
            for example in content.get("examples", {}).values():
                OAS31Validator(schema).validate(example["value"])
                checked += 1

    assert checked >= len(adapters())


def test_examples_of_fields_fit_their_schemas(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            for example in field.get("examples", ()):
                OAS31Validator({**field, "components": described["components"]}).validate(example)


def test_every_operation_of_operators_needs_a_token_and_says_how_it_refuses(described: dict[str, Any]) -> None:
    for path, _, operation in operations(described):
        if path.startswith("/ops/"):
            assert [{"token": []}] == operation["security"], path
            assert {"401", "403", "422", "503"} <= set(operation["responses"]), path
            assert "{" not in path or "404" in operation["responses"], path
            schema = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
            assert {"$ref": "#/components/schemas/Problem"} == schema


class TestOfMadeUpCarriers:
    @pytest.fixture
    def made(self) -> dict[str, Any]:
        return document(ADAPTERS, url="https://relay.example")

    def test_it_is_valid(self, made: dict[str, Any]) -> None:
        validate(made)
        assert [{"url": "https://relay.example"}] == made["servers"]

    def test_a_signature_is_a_security_scheme(self, made: dict[str, Any]) -> None:
        assert {"type": "apiKey", "in": "header", "name": "x-signature"}.items() <= made["components"][
            "securitySchemes"
        ]["signed"].items()
        assert [{"signed": []}] == made["paths"]["/webhooks/signed/{account}"]["post"]["security"]

    def test_a_carrier_that_cannot_sign_has_its_key_in_the_path(self, made: dict[str, Any]) -> None:
        item = made["paths"]["/webhooks/keyed/{account}/{key}"]

        assert ["account", "key"] == [parameter["name"] for parameter in item["parameters"]]
        assert [] == item["post"]["security"]

    def test_a_demanded_answer_and_a_replaced_refusal_are_told(self, made: dict[str, Any]) -> None:
        responses = made["paths"]["/webhooks/strict/{account}"]["post"]["responses"]

        assert {"201", "202", "404", "405", "408", "429", "503"} == set(responses)
        assert '{"code":"1"}' == responses["201"]["content"]["application/json"]["example"]
        assert "application/problem+json" in responses["202"]["content"]

    def test_methods_and_media_types_are_those_of_the_adapter(self, made: dict[str, Any]) -> None:
        assert {"parameters", "get", "head", "post", "put"} == set(made["paths"]["/webhooks/curious/{account}"])
        body = made["paths"]["/webhooks/xml/{account}"]["post"]["requestBody"]
        assert {"application/xml", "text/xml"} == set(body["content"])

    def test_refusals_in_the_status_of_the_answer_share_its_entry(self) -> None:
        both = document({"both": made_up("both", refusal_status=200)})
        responses = both["paths"]["/webhooks/both/{account}"]["post"]["responses"]

        validate(both)
        assert {"application/json", "application/problem+json"} == set(responses["200"]["content"])
        assert "401" not in responses


def test_what_is_served_is_the_document_of_its_carriers(relay: Relay) -> None:
    served = relay.http.get("/openapi.json").json()

    assert document(ADAPTERS, version="0.0.0") == served
