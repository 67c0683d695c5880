"""Declared carriers in the configuration: they are carriers like any other, and never one that has a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.carriers import adapters
from app.errors import ConfigurationError
from app.main import adapters_of, sources_of
from app.mapping.stored import unconfigured
from app.settings import Settings, load_settings
from app.store.inbox import StoredWebhook
from tests.declared.documents import NOW, acme

NOTHING = Path("/dev/null")
ACCOUNT = {"RELAY_ACCOUNTS__MYSTORE__APP_KEY": "key", "RELAY_ACCOUNTS__MYSTORE__APP_TOKEN": "token"}
SECRETS = "RELAY_ACCOUNTS__MYSTORE__CARRIERS__{}__SECRETS"


def settings(slug: str, table: dict[str, Any], **variables: str) -> Settings:
    return load_settings({"RELAY_DECLARED": json.dumps({slug: table}), **ACCOUNT, **variables}, NOTHING)


def test_a_source_of_a_declared_carrier_is_configured_as_any() -> None:
    found = settings("acme", acme(), **{SECRETS.format("ACME"): '["a-secret-of-acme"]'})
    (source,) = sources_of(found, adapters())

    assert "/webhooks/acme/mystore" == source.path
    assert "Acme Log" == source.adapter.name
    assert ("a-secret-of-acme",) == source.credentials.secrets


def test_a_declared_carrier_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "relay.toml"
    file.write_text(
        """
        [declared.acme]
        documentation = "https://docs.acme-log.example/webhooks"
        parcel.tracking_number = "number"
        events.code = "status"
        statuses.delivered = "DELIVERED"
        verification = [{ scheme = "bearer" }, { scheme = "basic" }]
        """,
        "utf-8",
    )

    assert "Acme" == adapters_of(load_settings({}, file), adapters())["acme"].name


def test_declared_and_known_carriers_are_listed_together_in_alphabetical_order() -> None:
    found = adapters_of(settings("acme", acme()), adapters())

    assert {"acme"} == found.keys() - adapters().keys()
    assert sorted(found) == list(found)


def test_a_known_carrier_cannot_be_declared() -> None:
    with pytest.raises(
        ConfigurationError, match=r"declared\.easypost: EasyPost is known already; call yours easypost-own"
    ):
        adapters_of(settings("easypost", acme()), adapters())


def test_every_declaration_that_is_wrong_is_told() -> None:
    wrong = {"acme": acme(zone="here"), "other": acme(events__code="a.")}
    found = load_settings({"RELAY_DECLARED": json.dumps(wrong)}, NOTHING)

    with pytest.raises(ConfigurationError) as refusal:
        sources_of(found, adapters())
    assert ["declared.acme.zone", "declared.other.events.code"] == [p.partition(":")[0] for p in refusal.value.problems]


def test_a_declared_carrier_that_cannot_sign_needs_a_secret_path() -> None:
    unsigned = acme(verification={"scheme": "unsigned", "because": "it cannot"})
    variables = {"RELAY_ACCOUNTS__MYSTORE__CARRIERS__ACME__UNSIGNED": "true"}

    with pytest.raises(ConfigurationError, match=r"accounts\.mystore\.carriers\.acme\.path_key is missing"):
        sources_of(settings("acme", unsigned, **variables), adapters())


def test_webhooks_of_a_declared_carrier_can_be_read_after_its_source_is_gone() -> None:
    carriers = adapters_of(settings("acme", acme()), adapters())

    assert carriers["acme"] is unconfigured(_stored("acme"), carriers).adapter
    assert adapters()["easypost"] is unconfigured(_stored("easypost"), {}).adapter


def _stored(carrier: str) -> StoredWebhook:
    return StoredWebhook(
        id=1,
        owner="mystore",
        carrier=carrier,
        received_at=NOW,
        method="POST",
        path=f"/webhooks/{carrier}/mystore",
        query="",
        headers=(),
        peer="",
        body=b"{}",
        fetched=None,
        state="unmappable",
        map_attempts=1,
    )
