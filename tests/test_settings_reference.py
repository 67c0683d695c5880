"""The reference of settings names each of them, with its variable, type and default."""

from app.settings import SettingDoc, Settings, describe_settings, is_kubernetes_link


def documented() -> dict[str, SettingDoc]:
    return {setting.path: setting for setting in describe_settings()}


def test_every_setting_is_described_in_a_sentence() -> None:
    for setting in describe_settings():
        assert setting.description[:1].isupper(), setting.path
        assert setting.description.endswith("."), setting.path
        assert setting.type, setting.path


def test_every_top_level_setting_is_in_the_reference() -> None:
    roots = {setting.path.partition(".")[0].removesuffix("[]") for setting in describe_settings()}
    assert roots == set(Settings.model_fields)


def test_a_setting_is_named_in_both_forms_with_placeholders() -> None:
    assert documented()["accounts.<account>.carriers.<carrier>.secrets"] == SettingDoc(
        path="accounts.<account>.carriers.<carrier>.secrets",
        variable="RELAY_ACCOUNTS__<ACCOUNT>__CARRIERS__<CARRIER>__SECRETS",
        type="list: secret",
        default="[]",
        description=(
            "What the carrier signs or authenticates with, newest first; every one is live, so list the old one"
            " too while it is being rotated. For HTTP Basic write user:password."
        ),
    )


def test_types_and_defaults_are_in_words() -> None:
    reference = documented()
    shown = {
        path: (reference[path].type, reference[path].default)
        for path in (
            "database_url",
            "listen",
            "public_url",
            "trusted_proxies",
            "log_format",
            "accounts.<account>.app_key",
            "accounts.<account>.base_url",
            "accounts.<account>.first_read",
            "accounts.<account>.stale_after",
            "accounts.<account>.timezone",
            "accounts.<account>.concurrency",
            "groups.<group>.accounts",
            "declared.<carrier>",
            "tokens[].sha256",
        )
    }
    assert shown == {
        "database_url": ("sqlite:///… or postgresql://…", '"sqlite:///data/relay.db"'),
        "listen": ("host:port", '"127.0.0.1:8080"'),
        "public_url": ("URL, or null", "null"),
        "trusted_proxies": ("list: network (203.0.113.0/24)", "[]"),
        "log_format": ("one of json, text", '"json"'),
        "accounts.<account>.app_key": ("secret", None),
        "accounts.<account>.base_url": ("https:// URL", "https://<account>.vtexcommercestable.com.br"),
        "accounts.<account>.first_read": ("true or false", "true"),
        "accounts.<account>.stale_after": ("seconds, or such as 36h or 2d, or null", "null"),
        "accounts.<account>.timezone": ("time zone name", '"America/Sao_Paulo"'),
        "accounts.<account>.concurrency": ("whole number from 1", "8"),
        "groups.<group>.accounts": ("list: name of [a-z0-9-]", None),
        "declared.<carrier>": ("table", "{}"),
        "tokens[].sha256": ("64 hexadecimal digits", None),
    }


def test_the_fields_of_a_list_are_set_by_the_variable_of_the_list() -> None:
    assert documented()["tokens[].role"].variable == "RELAY_TOKENS"


def test_no_setting_has_a_name_that_kubernetes_may_take() -> None:
    for setting in describe_settings():
        for value in ("tcp://198.51.100.7:8080", "8080", "tcp"):
            assert not is_kubernetes_link(setting.variable, value), setting.path
