"""Where settings come from, which layer goes over which, and how names are written in each."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.model import Milestone
from app.settings import ListenAddress, Settings, is_kubernetes_link, load_settings

CREDENTIALS = {
    "RELAY_ACCOUNTS__MYSTORE__APP_KEY": "key-of-mystore",
    "RELAY_ACCOUNTS__MYSTORE__APP_TOKEN": "token-of-mystore",
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def written(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


def refused(environ: Mapping[str, str], config: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(environ, config)
    return refusal.value.problems


def secrets_of(settings: Settings, account: str, slug: str) -> list[str]:
    source = settings.accounts[account].carriers[slug]
    return [secret.get_secret_value() for secret in source.secrets]


def test_nothing_configured_gives_the_defaults() -> None:
    settings = load_settings({})
    assert settings.database_url.get_secret_value() == "sqlite:///data/relay.db"
    assert settings.listen == ListenAddress("127.0.0.1", 8080)
    assert settings.max_body_bytes == 10_485_760
    assert settings.accounts == {}


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_LEDGER_DAYS", "40")
    assert load_settings().ledger_days == 40


def test_constructing_the_model_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_LEDGER_DAYS", "40")
    monkeypatch.setenv("LEDGER_DAYS", "41")
    assert Settings().ledger_days == 35


def test_the_environment_goes_over_secret_files_over_toml_over_defaults(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    written(secrets / "RELAY_LEDGER_DAYS", "2\n")
    written(secrets / "resolve_within_days", "2\n")
    config = written(
        tmp_path / "relay.toml",
        "ledger_days = 1\nresolve_within_days = 1\nrefusals_max_count = 1\n",
    )
    settings = load_settings(
        {
            "RELAY_SECRETS_DIR": str(secrets),
            "RELAY_CONFIG": str(config),
            "RELAY_LEDGER_DAYS": "3",
        }
    )
    assert settings.ledger_days == 3
    assert settings.resolve_within_days == 2
    assert settings.refusals_max_count == 1
    assert settings.forward_slots == 16


def test_lists_replace_and_tables_merge(tmp_path: Path) -> None:
    config = written(
        tmp_path / "relay.toml",
        """
        [accounts.mystore]
        locale = "es"
        [accounts.mystore.carriers.loggi]
        secrets = ["first", "second"]
        statuses = {A = "DELIVERED", B = "RETURNED"}
        """,
    )
    settings = load_settings(
        CREDENTIALS
        | {
            "RELAY_ACCOUNTS__MYSTORE__CARRIERS__LOGGI__SECRETS": '["third"]',
            "RELAY_ACCOUNTS__MYSTORE__CARRIERS__LOGGI__STATUSES": '{"B": "CANCELLED"}',
        },
        config,
    )
    assert secrets_of(settings, "mystore", "loggi") == ["third"]
    assert settings.accounts["mystore"].carriers["loggi"].statuses == {
        "A": Milestone.DELIVERED,
        "B": Milestone.CANCELLED,
    }
    assert settings.accounts["mystore"].locale == "es"


def test_relay_toml_beside_the_process_is_read_unless_another_is_named(empty_folder: Path, tmp_path: Path) -> None:
    written(empty_folder / "relay.toml", "ledger_days = 7\n")
    other = written(tmp_path / "other.toml", "forward_slots = 3\n")
    assert load_settings({}).ledger_days == 7
    assert load_settings({"RELAY_CONFIG": ""}).ledger_days == 7
    assert load_settings({"RELAY_CONFIG": str(other)}).ledger_days == 35
    assert load_settings({}, other).forward_slots == 3


def test_a_folder_of_toml_files_is_merged_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "conf.d"
    written(folder / "10-global.toml", 'log_level = "debug"\nledger_days = 10\n')
    written(folder / "20-mystore.toml", '[accounts.mystore]\napp_key = "k"\napp_token = "t"\nlocale = "es"\n')
    written(folder / "30-later.toml", 'ledger_days = 30\n[accounts.mystore]\nlocale = "en"\n')
    written(folder / ".hidden.toml", "ledger_days = 99\n")
    written(folder / "README.md", "not a setting")
    settings = load_settings({}, folder)
    assert settings.log_level == "debug"
    assert settings.ledger_days == 30
    assert settings.accounts["mystore"].locale == "en"
    assert settings.accounts["mystore"].app_key.get_secret_value() == "k"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("broken.toml", "ledger_days = = 1", "config / RELAY_CONFIG is not TOML:"),
        ("latin.toml", None, "config / RELAY_CONFIG is not UTF-8:"),
        ("missing.toml", "", "config / RELAY_CONFIG cannot be read:"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start(
    tmp_path: Path, name: str, text: str | None, complaint: str
) -> None:
    place = tmp_path / name
    if text is None:
        place.write_bytes(b'public_url = "\xe9"')
    elif text:
        written(place, text)
    (problem,) = refused({"RELAY_CONFIG": str(place)})
    assert problem.startswith(complaint)
    assert name in problem


def test_a_folder_without_toml_stops_the_start(tmp_path: Path) -> None:
    (problem,) = refused({}, tmp_path / "cwd")
    assert "names a folder without any *.toml" in problem


def test_a_byte_order_mark_before_toml_is_no_fault(tmp_path: Path) -> None:
    place = tmp_path / "relay.toml"
    place.write_bytes(b"\xef\xbb\xbfledger_days = 5\n")
    assert load_settings({}, place).ledger_days == 5


def test_secret_files_are_named_like_variables_in_any_case_with_or_without_prefix(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    written(folder / "accounts__my-store__app_key", "from lower case\n")
    written(folder / "RELAY_ACCOUNTS__MY_STORE__APP_TOKEN", "from upper case\r\n")
    written(folder / "ACCOUNTS__MY_STORE__CARRIERS__LOGGI__SECRETS", '["new", "old"]\n')
    written(folder / "..data", "what the mounts of Kubernetes leave there")
    (folder / "folder").mkdir()
    settings = load_settings({"RELAY_SECRETS_DIR": str(folder)})
    account = settings.accounts["my-store"]
    assert account.app_key.get_secret_value() == "from lower case"
    assert account.app_token.get_secret_value() == "from upper case"
    assert secrets_of(settings, "my-store", "loggi") == ["new", "old"]


def test_a_secrets_folder_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (problem,) = refused({"RELAY_SECRETS_DIR": str(tmp_path / "nowhere")})
    assert problem.startswith("secrets_dir / RELAY_SECRETS_DIR cannot be read:")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "LISTEN").write_bytes(b"\xff")
    (problem,) = refused({"RELAY_SECRETS_DIR": str(tmp_path / "secrets")})
    assert "not UTF-8" in problem


def test_upper_case_and_underscores_in_variables_mean_lower_case_and_hyphens(tmp_path: Path) -> None:
    config = written(
        tmp_path / "relay.toml",
        """
        [accounts.my-store]
        app_key = "key from the file"
        app_token = "token from the file"
        [accounts.my-store.carriers.jt-express-br]
        timezone = "America/Manaus"
        """,
    )
    settings = load_settings(
        {
            "RELAY_ACCOUNTS__MY_STORE__APP_TOKEN": "token from the environment",
            "RELAY_ACCOUNTS__MY_STORE__CARRIERS__JT_EXPRESS_BR__SECRETS": "jt",
            "RELAY_ACCOUNTS__MY_STORE__CARRIERS__17TRACK__SECRETS": "seventeen",
        },
        config,
    )
    assert list(settings.accounts) == ["my-store"]
    account = settings.accounts["my-store"]
    assert account.app_key.get_secret_value() == "key from the file"
    assert account.app_token.get_secret_value() == "token from the environment"
    assert set(account.carriers) == {"jt-express-br", "17track"}
    assert str(account.carriers["jt-express-br"].timezone) == "America/Manaus"
    assert secrets_of(settings, "my-store", "jt-express-br") == ["jt"]


def test_lower_case_variables_are_settings_too() -> None:
    assert load_settings({"relay_ledger_days": "4"}).ledger_days == 4


def test_one_setting_under_two_spellings_of_a_variable_is_refused() -> None:
    (problem,) = refused({"RELAY_LEDGER_DAYS": "4", "relay_ledger_days": "5"})
    assert problem == (
        "ledger_days / RELAY_LEDGER_DAYS is set twice: RELAY_LEDGER_DAYS and relay_ledger_days; keep one"
    )


def test_a_whole_table_may_be_one_json_variable_and_deeper_variables_go_over_it() -> None:
    settings = load_settings(
        {
            "RELAY_ACCOUNTS": '{"my-store": {"app_key": "k", "app_token": "t", "locale": "es", "history": "full"}}',
            "RELAY_ACCOUNTS__MY_STORE": '{"locale": "en"}',
            "RELAY_ACCOUNTS__MY_STORE__HISTORY": "delta",
        }
    )
    account = settings.accounts["my-store"]
    assert (account.locale, account.history) == ("en", "delta")
    assert account.app_key.get_secret_value() == "k"


def test_an_empty_table_configures_a_source_and_takes_nothing_away(tmp_path: Path) -> None:
    config = written(tmp_path / "a.toml", "[accounts.mystore.carriers.loggi]\n")
    assert "loggi" in load_settings(CREDENTIALS, config).accounts["mystore"].carriers
    settings = load_settings(CREDENTIALS | {"RELAY_ACCOUNTS__MYSTORE__CARRIERS": "{}"}, config)
    assert "loggi" in settings.accounts["mystore"].carriers


def test_null_in_the_environment_takes_a_setting_of_the_file_back(tmp_path: Path) -> None:
    config = written(tmp_path / "relay.toml", 'public_url = "https://relay.example"\n')
    assert load_settings({}, config).public_url == "https://relay.example"
    assert load_settings({"RELAY_PUBLIC_URL": "null"}, config).public_url is None


def test_declared_carriers_come_from_toml_or_as_one_json_object(tmp_path: Path) -> None:
    config = written(tmp_path / "relay.toml", '[declared.acme]\nname = "Acme"\nstatuses = {X1 = "DELIVERED"}\n')
    expected = {"acme": {"name": "Acme", "statuses": {"X1": "DELIVERED"}}}
    assert load_settings({}, config).declared == expected
    variable = {"RELAY_DECLARED__ACME": '{"name": "Acme", "statuses": {"X1": "DELIVERED"}}'}
    assert load_settings(variable).declared == expected


def test_variables_that_kubernetes_injects_for_the_service_are_passed_over() -> None:
    injected = {
        "RELAY_SERVICE_HOST": "198.51.100.7",
        "RELAY_SERVICE_PORT": "8080",
        "RELAY_SERVICE_PORT_HTTP": "8080",
        "RELAY_PORT": "tcp://198.51.100.7:8080",
        "RELAY_PORT_8080_TCP": "tcp://198.51.100.7:8080",
        "RELAY_PORT_8080_TCP_PROTO": "tcp",
        "RELAY_PORT_8080_TCP_PORT": "8080",
        "RELAY_PORT_8080_TCP_ADDR": "198.51.100.7",
        "RELAY_OPS_SERVICE_HOST": "198.51.100.8",
        "RELAY_OPS_PORT": "tcp://198.51.100.8:9090",
        "RELAY_OPS_PORT_9090_TCP_ADDR": "198.51.100.8",
    }
    assert load_settings(injected) == load_settings({})


def test_a_port_that_somebody_wished_for_is_not_taken_for_kubernetes() -> None:
    (problem,) = refused({"RELAY_PORT": "8080"})
    assert problem == "port / RELAY_PORT is no setting; did you mean listen / RELAY_LISTEN?"
    assert not is_kubernetes_link("RELAY_SERVICE_PORT", "all of them")
    assert not is_kubernetes_link("RELAY_ACCOUNTS__A__PORT", "tcp://198.51.100.7:8080")


def test_variables_of_the_command_line_and_of_others_are_passed_over() -> None:
    foreign = {
        "RELAY_OPS_URL": "https://relay.example",
        "RELAY_OPS_TOKEN": "secret",
        "RELAYED": "1",
        "PATH": "/bin",
    }
    assert load_settings(foreign) == load_settings({})
