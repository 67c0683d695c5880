"""Several secrets live at once, and none is ever shown."""

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.errors import ConfigurationError
from app.settings import Settings, load_settings

EMPTY = Path("/dev/null")
ACCOUNT = "RELAY_ACCOUNTS__MYSTORE"
SOURCE = f"{ACCOUNT}__CARRIERS__LOGGI"
CREDENTIALS = {f"{ACCOUNT}__APP_KEY": "key-of-mystore", f"{ACCOUNT}__APP_TOKEN": "token-of-mystore"}


def loaded(environ: Mapping[str, str]) -> Settings:
    return load_settings(CREDENTIALS | dict(environ), EMPTY)


def refused(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        loaded(environ)
    return refusal.value.problems


def test_several_live_secrets_keep_their_order() -> None:
    source = loaded({f"{SOURCE}__SECRETS": '["new", "old"]'}).accounts["mystore"].carriers["loggi"]
    assert [secret.get_secret_value() for secret in source.secrets] == ["new", "old"]


@pytest.mark.parametrize("text", ["plain", 'with "quotes", and commas', "{looks: like, an: object}", "p%C3%A3o"])
def test_a_single_secret_needs_no_json(text: str) -> None:
    source = loaded({f"{SOURCE}__SECRETS": text}).accounts["mystore"].carriers["loggi"]
    assert [secret.get_secret_value() for secret in source.secrets] == [text]


def test_a_line_break_after_a_secret_is_not_part_of_it() -> None:
    source = loaded({f"{SOURCE}__SECRETS": "s3cr3t\n"}).accounts["mystore"].carriers["loggi"]
    assert source.secrets[0].get_secret_value() == "s3cr3t"


SECRETS: dict[str, str] = {
    f"{ACCOUNT}__APP_KEY": "s3cr3t-app-key",
    f"{ACCOUNT}__APP_TOKEN": "s3cr3t-app-token",
    f"{ACCOUNT}__HOOK_KEY": "s3cr3t-hook-key",
    f"{SOURCE}__SECRETS": '["s3cr3t-new", "s3cr3t-old"]',
    f"{SOURCE}__PATH_KEY": "s3cr3t-path-key",
    "RELAY_DATABASE_URL": "postgresql://relay:s3cr3t-password@db.example/relay",
}


def test_secrets_are_in_no_rendering_of_the_settings(caplog: pytest.LogCaptureFixture) -> None:
    settings = loaded(SECRETS)
    assert settings.accounts["mystore"].app_key.get_secret_value() == "s3cr3t-app-key"
    logging.getLogger("test").warning("%s %r", settings, settings)
    renderings = [
        str(settings),
        repr(settings),
        f"{settings.accounts}",
        settings.model_dump_json(),
        str(settings.model_dump()),
        caplog.text,
    ]
    assert [text for text in renderings if "s3cr3t" in text] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {f"{SOURCE}__SECRETS": '["s3cr3t-new", "s3cr3t-old"'},
        {f"{SOURCE}__SECRETS": '["s3cr3t-new", {"s3cr3t": "s3cr3t"}]'},
        {f"{SOURCE}__PATH_KEY": "s3cr3t"},
        {f"{SOURCE}__PATH_KEY": "s3cr3t s3cr3t s3cr3t"},
        {SOURCE: "s3cr3t"},
        {SOURCE: '["s3cr3t"]'},
        {SOURCE: '{"secrets": {"a": "s3cr3t"}, "path_key": ["s3cr3t"]}'},
        {ACCOUNT: '{"app_key": "s3cr3t", "app_token": ["s3cr3t"], "hook_key": {"s3cr3t": 1}}'},
        {"RELAY_DATABASE_URL": "mysql://relay:s3cr3t@db.example/relay"},
        {"RELAY_PUBLIC_URL": "https://user:s3cr3t@relay.example"},
        {f"{ACCOUNT}__BASE_URL": "https://user:s3cr3t@relay.example"},
        {f"{ACCOUNT}__APP_SECRET": "s3cr3t"},
    ],
)
def test_secrets_are_in_no_error_and_no_traceback(wrong: dict[str, str]) -> None:
    # A deeper variable would go over the wrong one and mend it.
    right = {name: text for name, text in SECRETS.items() if not name.startswith(tuple(wrong))}
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(right | wrong, EMPTY)
    error = refusal.value
    text = "".join(traceback.format_exception(error, chain=True)) + repr(error) + repr(error.problems)
    assert "s3cr3t" not in text
    assert error.__context__ is None


def test_secrets_are_in_no_error_of_the_model_itself() -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings.model_validate({"accounts": {"mystore": {"app_key": "s3cr3t", "app_token": ["s3cr3t"]}}})
    assert "s3cr3t" not in str(refusal.value)


def test_a_token_itself_in_place_of_its_digest_is_not_repeated() -> None:
    (problem,) = refused({"RELAY_TOKENS": '[{"name": "ops", "role": "viewer", "sha256": "s3cr3t"}]'})
    assert problem == (
        "tokens[0].sha256 / RELAY_TOKENS must be the SHA-256 digest of the token as 64 hexadecimal digits"
    )


def test_settings_are_equal_when_everything_in_them_is() -> None:
    assert loaded(SECRETS) == loaded(SECRETS)
    assert loaded(SECRETS) != loaded(SECRETS | {f"{SOURCE}__PATH_KEY": "s3cr3t-path-key-2"})
