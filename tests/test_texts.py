"""An account's own texts stand in the place of what carriers and the relay would say."""

import json
from types import MappingProxyType
from typing import Any

import pytest

from app.account import Account
from app.carriers import adapters
from app.errors import ConfigurationError
from app.main import accounts_of, sources_of
from app.model import Milestone
from app.settings import Settings, load_settings
from app.vtex import description

CODE, MILESTONE = "Saiu hoje, fique em casa", "Chega hoje"


def settings(**texts: Any) -> Settings:
    return load_settings(
        {
            "RELAY_ACCOUNTS__DEMO__APP_KEY": "a-key",
            "RELAY_ACCOUNTS__DEMO__APP_TOKEN": "a-token",
            "RELAY_ACCOUNTS__DEMO__TEXTS": json.dumps(texts),
        }
    )


def account(choice: str = "carrier", **texts: str) -> Account:
    return Account(
        name="demo",
        base_url="https://demo.example",
        app_key="k",
        app_token="t",
        description=choice,
        texts=MappingProxyType({key.replace("__", "/"): text for key, text in texts.items()}),
    )


def shown(given: Account, words: str | None = "Objeto saiu", milestone: Milestone = Milestone.OUT_FOR_DELIVERY) -> str:
    return description(words, milestone, given, carrier="loggi", code="7")


@pytest.mark.parametrize("choice", ["carrier", "phrase"])
def test_a_code_goes_before_its_milestone_and_both_before_everything_else(choice: str) -> None:
    assert CODE == shown(account(choice, loggi__7=CODE, OUT_FOR_DELIVERY=MILESTONE))
    assert MILESTONE == shown(account(choice, loggi__8=CODE, OUT_FOR_DELIVERY=MILESTONE))
    assert MILESTONE == shown(account(choice, easypost__7=CODE, OUT_FOR_DELIVERY=MILESTONE))


def test_other_rows_keep_their_words() -> None:
    given = account(loggi__8=CODE, DELIVERED="Chegou")

    assert "Objeto saiu" == shown(given)
    assert "Saiu para entrega" == shown(given, words=None)


def test_an_unknown_code_can_be_given_a_text() -> None:
    assert CODE == shown(account(loggi__7=CODE), milestone=Milestone.UNKNOWN)


def test_texts_come_from_the_settings_with_their_white_space_made_plain() -> None:
    read = accounts_of(settings(**{"OUT_FOR_DELIVERY": f" {MILESTONE}\n", "loggi/7 b": CODE}))["demo"]

    assert {"OUT_FOR_DELIVERY": MILESTONE, "loggi/7 b": CODE} == dict(read.texts)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({"OUT_FOR_DELIVRY": "x"}, "did you mean OUT_FOR_DELIVERY?"),
        ({"delivered": "x"}, "did you mean DELIVERED?"),
        ({"Loggi/7": "x"}, "must be a milestone, or carrier/code such as easypost/in_transit, not 'Loggi/7'"),
        ({"loggi/": "x"}, "must be a milestone, or carrier/code"),
        ({"DELIVERED": "  "}, "must be a text of 1 to 5000 characters"),
        ({"DELIVERED": "x" * 5001}, "must be a text of 1 to 5000 characters"),
        ({"DELIVERED": 1}, "accounts.demo.texts.DELIVERED"),
    ],
)
def test_a_text_that_could_never_be_shown_stops_the_start(texts: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ConfigurationError, match="RELAY_ACCOUNTS__DEMO__TEXTS") as refused:
        settings(**texts)

    assert refusal in str(refused.value)


def test_a_text_for_a_carrier_that_there_is_not_stops_the_start() -> None:
    with pytest.raises(ConfigurationError) as refused:
        sources_of(settings(**{"logi/7": CODE}), adapters())

    assert "accounts.demo.texts.\"logi/7\" names no carrier; did you mean 'loggi'?" == str(refused.value)
