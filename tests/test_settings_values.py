"""What each value may be, how a wrong one is refused, and that no secret is ever shown."""

from collections.abc import Mapping
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app.errors import ConfigurationError
from app.model import Milestone
from app.settings import Account, ListenAddress, Settings, Source, load_settings

EMPTY = Path("/dev/null")
DIGEST = "ab" * 32
ACCOUNT = "RELAY_ACCOUNTS__MYSTORE"
SOURCE = f"{ACCOUNT}__CARRIERS__LOGGI"
CREDENTIALS = {f"{ACCOUNT}__APP_KEY": "key-of-mystore", f"{ACCOUNT}__APP_TOKEN": "token-of-mystore"}


def loaded(environ: Mapping[str, str]) -> Settings:
    return load_settings(CREDENTIALS | dict(environ), EMPTY)


def refused(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        loaded(environ)
    return refusal.value.problems


def refused_toml(tmp_path: Path, text: str) -> tuple[str, ...]:
    config = tmp_path / "relay.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(CREDENTIALS, config)
    return tuple(problem.replace(str(config), "relay.toml") for problem in refusal.value.problems)


def test_every_kind_of_value_is_read() -> None:
    settings = loaded(
        {
            "RELAY_LISTEN": "0.0.0.0:9000",
            "RELAY_OPS_LISTEN": "[::1]:9001",
            "RELAY_TRUSTED_PROXIES": '["192.0.2.0/24", "2001:db8::/32"]',
            "RELAY_PUBLIC_URL": "https://relay.example/base/",
            f"{ACCOUNT}__FIRST_READ": "false",
            f"{ACCOUNT}__FORWARD_FROM": "2026-01-31",
            f"{ACCOUNT}__FORWARD_MILESTONES": '["DELIVERED", "RETURNED"]',
            f"{ACCOUNT}__STALE_AFTER": "36h",
            f"{ACCOUNT}__PREFER": '["intelipost", "loggi"]',
            f"{SOURCE}__NETWORKS": "203.0.113.0/24",
            f"{SOURCE}__TIMEZONE": "America/Manaus",
            "RELAY_TOKENS": (
                f'[{{"name": "ops", "role": "admin", "sha256": "{DIGEST.upper()}", "accounts": ["mystore"]}}]'
            ),
        }
    )
    account = settings.accounts["mystore"]
    assert settings.listen == ListenAddress("0.0.0.0", 9000)
    assert settings.ops_listen == ListenAddress("::1", 9001)
    assert settings.trusted_proxies == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    assert settings.public_url == "https://relay.example/base"
    assert account.first_read is False
    assert account.forward_from == date(2026, 1, 31)
    assert account.forward_milestones == (Milestone.DELIVERED, Milestone.RETURNED)
    assert account.stale_after == timedelta(hours=36)
    assert account.prefer == ("intelipost", "loggi")
    assert account.carriers["loggi"].networks == (ip_network("203.0.113.0/24"),)
    assert account.carriers["loggi"].timezone is ZoneInfo("America/Manaus")
    assert settings.tokens[0].sha256 == DIGEST
    assert settings.tokens[0].accounts == ("mystore",)


def test_the_base_url_follows_from_the_account_name_unless_given() -> None:
    settings = loaded(
        {
            "RELAY_ACCOUNTS__MY_STORE": '{"app_key": "k", "app_token": "t"}',
            f"{ACCOUNT}__BASE_URL": "http://127.0.0.1:8099/",
        }
    )
    assert settings.accounts["my-store"].base_url == "https://my-store.vtexcommercestable.com.br"
    assert settings.accounts["mystore"].base_url == "http://127.0.0.1:8099"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("1.5", 1.5), ("15m", 900), ("36 h", 129_600), ("2d", 172_800), ("10s", 10)],
)
def test_durations_are_seconds_or_carry_their_unit(text: str, expected: float) -> None:
    duration = loaded({f"{ACCOUNT}__STALE_AFTER": text}).accounts["mystore"].stale_after
    assert duration == timedelta(seconds=expected)


def test_addresses_are_written_as_they_are_read() -> None:
    assert str(ListenAddress.parse("[::]:8080")) == "[::]:8080"
    assert str(ListenAddress.parse("localhost:0")) == "localhost:0"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (f"{SOURCE}__SECRETS", "", "accounts.mystore.carriers.loggi.secrets[0] / {} is empty; set the secret,"),
        (f"{SOURCE}__SECRETS", '["a", " "]', "accounts.mystore.carriers.loggi.secrets[1] / {} is empty; set"),
        (f"{SOURCE}__SECRETS", "[]", "accounts.mystore.carriers.loggi.secrets / {} is empty; list at least one"),
        (f"{SOURCE}__SECRETS", '["a", 5]', "accounts.mystore.carriers.loggi.secrets[1] / {} must be text"),
        (f"{SOURCE}__SECRETS", '["a"', "accounts.mystore.carriers.loggi.secrets / {} is not a JSON list: "),
        (f"{SOURCE}__PATH_KEY", "p7f3", "accounts.mystore.carriers.loggi.path_key / {} has 4 characters and could"),
        (f"{SOURCE}__PATH_KEY", "slash/slash", "accounts.mystore.carriers.loggi.path_key / {} stands in a URL"),
        (f"{SOURCE}__ALIAS", "a b", "accounts.mystore.carriers.loggi.alias / {} must be at least 4 characters"),
        (f"{SOURCE}__HEADER", "x key", "accounts.mystore.carriers.loggi.header / {} must be the name of an HTTP"),
        (f"{SOURCE}__NETWORKS", "203.0.113.7/24", "accounts.mystore.carriers.loggi.networks[0] / {} must be a net"),
        (f"{SOURCE}__NETWORKS", "[5]", "accounts.mystore.carriers.loggi.networks[0] / {} must be a network"),
        (f"{SOURCE}__UNSIGNED", "perhaps", "accounts.mystore.carriers.loggi.unsigned / {} must be a valid boolean"),
        (f"{SOURCE}__SIGNED_PATH", "hooks?a=1", "accounts.mystore.carriers.loggi.signed_path / {} must be the path"),
        (f"{SOURCE}__JWKS_URL", "http://keys.example/", "accounts.mystore.carriers.loggi.jwks_url / {} would send"),
        (
            f"{SOURCE}__STATUSES",
            '{"BDE 01": "DELIVERD"}',
            'accounts.mystore.carriers.loggi.statuses."BDE 01" / {} must be',
        ),
        (f"{SOURCE}__STATUSES", "DELIVERED", "accounts.mystore.carriers.loggi.statuses / {} is not a JSON object"),
        (f"{SOURCE}__STATUSES", "[]", "accounts.mystore.carriers.loggi.statuses / {} must be a valid dictionary"),
        (f"{SOURCE}", "secret", "accounts.mystore.carriers.loggi / {} is not a JSON object: "),
        (f"{SOURCE}", '"secret"', "accounts.mystore.carriers.loggi / {} must be a table of alias, header, "),
        (f"{ACCOUNT}__CARRIERS", "5", "accounts.mystore.carriers / {} must be a table of names"),
        (f"{ACCOUNT}__BASE_URL", "mystore", "accounts.mystore.base_url / {} must be a URL that begins with https"),
        (f"{ACCOUNT}__BASE_URL", "https://h:99999", "accounts.mystore.base_url / {} must be a URL that begins"),
        (f"{ACCOUNT}__BASE_URL", "https://a:b@h.example", "accounts.mystore.base_url / {} must be a URL without user"),
        (f"{ACCOUNT}__HISTORY", "dleta", "accounts.mystore.history / {} must be 'auto', 'delta' or 'full', not 'dlet"),
        (f"{ACCOUNT}__STALE_AFTER", "soon", "accounts.mystore.stale_after / {} must be a number of seconds, or a n"),
        (f"{ACCOUNT}__STALE_AFTER", "0", "accounts.mystore.stale_after / {} must be a number of seconds"),
        (f"{ACCOUNT}__STALE_AFTER", "999999999999d", "accounts.mystore.stale_after / {} must be a number of sec"),
        (f"{ACCOUNT}__RETRY_BASE_SECONDS", "0", "accounts.mystore.retry_base_seconds / {} must be greater than 0"),
        (f"{ACCOUNT}__RETRY_BASE_SECONDS", "nan", "accounts.mystore.retry_base_seconds / {} must be"),
        (f"{ACCOUNT}__CONCURRENCY", "0", "accounts.mystore.concurrency / {} must be greater than or equal to 1"),
        (f"{ACCOUNT}__PREFER", '["a", "a"]', "accounts.mystore.prefer[1] / {} repeats 'a'"),
        (f"{ACCOUNT}__PREFER", '["A_b"]', "accounts.mystore.prefer[0] / {} must be a name of [a-z0-9] in which"),
        ("RELAY_LISTEN", "8080", "listen / {} must be host:port, such as '127.0.0.1:8080' or '[::]:8080', not '8080'"),
        ("RELAY_LISTEN", "::1:8080", "listen / {} must be host:port"),
        ("RELAY_LISTEN", "127.0.0.1:port", "listen / {} must be host:port"),
        ("RELAY_LISTEN", "http://relay:80", "listen / {} must be host:port"),
        ("RELAY_LISTEN", ":8080", "listen / {} must be host:port"),
        ("RELAY_LISTEN", "[relay]:8080", "listen / {} must be host:port"),
        ("RELAY_LISTEN", "127.0.0.1:70000", "listen / {} must be host:port"),
        ("RELAY_OPS_LISTEN", "127.0.0.1:8080", "ops_listen / {} is the same as listen: leave it out"),
        ("RELAY_PUBLIC_URL", "relay.example", "public_url / {} must be a URL that begins with https://"),
        ("RELAY_MAX_BODY_BYTES", "10MB", "max_body_bytes / {} must be a valid integer"),
        ("RELAY_DATABASE_URL", "postgres://u:p@db/relay", "database_url / {} begins with postgres://; write postgre"),
        ("RELAY_DATABASE_URL", "mysql://u:p@db/relay", "database_url / {} must begin with sqlite:/// or postgresql"),
        ("RELAY_DATABASE_URL", "sqlite:///:memory:", "database_url / {} needs a plain file, such as sqlite:///data"),
        (
            "RELAY_TOKENS",
            f'[{{"name": "a b", "role": "admin", "sha256": "{DIGEST}"}}]',
            "tokens[0].name / {} must be 1 to 64 characters of [A-Za-z0-9._@-], not 'a b'",
        ),
        ("RELAY_TOKENS", "admin", "tokens / {} is not a JSON list: "),
        ("RELAY_TOKENS", '["admin"]', "tokens[0] / {} must be a table of accounts, name, role, sha256"),
        ("RELAY_TOKENS", '{"name": "ops"}', "tokens / {} must be a valid tuple"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_the_way_out(name: str, text: str, problem: str) -> None:
    (found,) = refused({name: text})
    assert found.startswith(problem.format(name))


def test_a_near_value_is_proposed() -> None:
    (history,) = refused({f"{ACCOUNT}__HISTORY": "dleta"})
    assert history.endswith("not 'dleta'; did you mean 'delta'?")
    (zone,) = refused({f"{ACCOUNT}__TIMEZONE": "Amercia/Sao_Paulo"})
    assert zone.endswith("names no time zone: 'Amercia/Sao_Paulo'; did you mean 'America/Sao_Paulo'?")
    (unlike,) = refused({f"{ACCOUNT}__TIMEZONE": "../xyzzy"})
    assert unlike.endswith("names no time zone: '../xyzzy'; names look like 'America/Sao_Paulo'")


def test_names_with_other_characters_are_refused_with_one_that_would_do(tmp_path: Path) -> None:
    (problem,) = refused_toml(tmp_path, '[accounts.My_Store]\napp_key = "k"\napp_token = "t"\n')
    assert problem == (
        "accounts.My_Store / RELAY_ACCOUNTS__MY_STORE must be a name of [a-z0-9] in which single hyphens stand,"
        " not 'My_Store'; write my-store"
    )


def test_a_wrong_type_in_toml_is_refused(tmp_path: Path) -> None:
    problems = refused_toml(
        tmp_path,
        """
        database_url = 5
        listen = 8080
        accounts.mystore.timezone = 3
        accounts.mystore.app_key = 123
        accounts.mystore.stale_after = true
        """,
    )
    # The environment's credentials go over the wrong one of the file.
    assert problems == (
        "database_url / RELAY_DATABASE_URL must be text, such as 'sqlite:///data/relay.db' (in relay.toml)",
        "listen / RELAY_LISTEN must be host:port, such as '127.0.0.1:8080' or '[::]:8080', not 8080 (in relay.toml)",
        (
            "accounts.mystore.timezone / RELAY_ACCOUNTS__MYSTORE__TIMEZONE must be text, such as 'America/Sao_Paulo'"
            " (in relay.toml)"
        ),
        (
            "accounts.mystore.stale_after / RELAY_ACCOUNTS__MYSTORE__STALE_AFTER must be a number of seconds, or a"
            " number with s, m, h or d, such as '36h', not True (in relay.toml)"
        ),
    )


def test_a_group_needs_known_accounts_and_a_name_of_its_own() -> None:
    problems = refused(
        {
            "RELAY_GROUPS__MYSTORE__ACCOUNTS": '["mystore", "mystore"]',
            "RELAY_GROUPS__BRANDS__ACCOUNTS": '["mystore", "other"]',
            "RELAY_GROUPS__EMPTY__ACCOUNTS": "[]",
        }
    )
    assert [problem.replace("RELAY_GROUPS__", "") for problem in problems] == [
        "groups.empty.accounts / EMPTY__ACCOUNTS is empty; list at least one, or leave the setting out",
        "groups.brands.accounts[1] / BRANDS__ACCOUNTS names no account: 'other'; configured: mystore",
        "groups.mystore / MYSTORE has the name of an account, and both stand in URLs: rename the group",
        "groups.mystore.accounts[1] / MYSTORE__ACCOUNTS repeats 'mystore'",
    ]


def test_a_contradiction_is_found_beside_other_faults() -> None:
    problems = refused({"RELAY_GROUPS__BRANDS__ACCOUNTS": "other", "RELAY_LEDGER_DAYS": "many"})
    assert problems[1] == (
        "groups.brands.accounts[0] / RELAY_GROUPS__BRANDS__ACCOUNTS names no account: 'other'; configured: mystore"
    )
    assert problems[0].startswith("ledger_days / RELAY_LEDGER_DAYS must be a valid integer")


def test_an_alias_belongs_to_one_source() -> None:
    (problem,) = refused(
        {
            f"{SOURCE}__ALIAS": "p7f3",
            "RELAY_GROUPS__BRANDS": '{"accounts": ["mystore"], "carriers": {"mandae": {"alias": "p7f3"}}}',
        }
    )
    assert problem == (
        "groups.brands.carriers.mandae.alias / RELAY_GROUPS__BRANDS__CARRIERS__MANDAE__ALIAS"
        " is also accounts.mystore.carriers.loggi.alias: take another one (in RELAY_GROUPS__BRANDS)"
    )


def test_tokens_have_names_and_digests_of_their_own_and_known_accounts() -> None:
    token = f'{{"name": "ops", "role": "viewer", "sha256": "{DIGEST}", "accounts": ["nobody"]}}'
    assert refused({"RELAY_TOKENS": f"[{token}, {token.replace(DIGEST, DIGEST.upper())}]"}) == (
        "tokens[1].name / RELAY_TOKENS is that of tokens[0] as well",
        "tokens[1].sha256 / RELAY_TOKENS is that of tokens[0] as well",
        "tokens[0].accounts[0] / RELAY_TOKENS names no account: 'nobody'; configured: mystore",
        "tokens[1].accounts[0] / RELAY_TOKENS names no account: 'nobody'; configured: mystore",
    )


def test_contradictions_are_refused_without_load_settings_too() -> None:
    with pytest.raises(ValidationError, match="names no account: 'nobody'"):
        Settings.model_validate({"groups": {"brands": {"accounts": ["nobody"]}}})


def test_settings_cannot_be_changed() -> None:
    settings = loaded({f"{SOURCE}__SECRETS": "a"})
    account = settings.accounts["mystore"]
    with pytest.raises(ValidationError):
        settings.ledger_days = 1  # type: ignore[misc]
    with pytest.raises(ValidationError):
        account.locale = "en"
    with pytest.raises(TypeError):
        settings.accounts["other"] = account  # type: ignore[index]


def test_settings_can_be_made_of_finished_values() -> None:
    settings = loaded(
        {
            f"{ACCOUNT}__STALE_AFTER": "36h",
            f"{SOURCE}__NETWORKS": "203.0.113.0/24",
            f"{SOURCE}__SECRETS": "a",
            f"{SOURCE}__TIMEZONE": "UTC",
        }
    )
    account = settings.accounts["mystore"]
    source = Source(**dict(account.carriers["loggi"]))
    again = Settings(
        database_url=settings.database_url,
        listen=settings.listen,
        accounts={"mystore": Account(**dict(account) | {"carriers": {"loggi": source}})},
    )
    assert again == settings
