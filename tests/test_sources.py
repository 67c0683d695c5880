"""What a source must hold before a relay starts with it."""

from pathlib import Path

import pytest

from app.carriers import adapters
from app.errors import ConfigurationError
from app.main import sources_of
from app.settings import load_settings
from app.source import Source

ACCOUNT = {"RELAY_ACCOUNTS__MYSTORE__APP_KEY": "key", "RELAY_ACCOUNTS__MYSTORE__APP_TOKEN": "token"}


def source(carrier: str, **settings: str) -> Source:
    prefix = f"RELAY_ACCOUNTS__MYSTORE__CARRIERS__{carrier}__"
    environ = ACCOUNT | {f"{prefix}{name.upper()}": value for name, value in settings.items()}
    (found,) = sources_of(load_settings(environ, Path("/dev/null")), adapters())
    return found


def test_a_carrier_that_may_sign_needs_a_secret_or_a_path_key() -> None:
    assert source("FRENET", secrets='["invented-token"]').credentials.secrets == ("invented-token",)
    assert source("FRENET", unsigned="true", path_key="a-path-key-of-some-length").credentials.unsigned
    with pytest.raises(ConfigurationError, match=r"frenet\.unsigned must be true"):
        source("FRENET", path_key="a-path-key-of-some-length")


def test_a_secret_for_our_own_calls_keeps_nobody_out() -> None:
    with pytest.raises(ConfigurationError, match=r"mercado-envios\.unsigned must be true"):
        source("MERCADO_ENVIOS", secrets='["invented-token"]')


def test_a_carrier_that_signs_its_path_can_be_told_which() -> None:
    assert source("LALAMOVE", secrets='["s"]', signed_path="/hooks/l").credentials.signed_path == "/hooks/l"
