"""A key that no setting is called stops the start, wherever it stands, and the right one is named."""

from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.settings import load_settings

CREDENTIALS = {
    "RELAY_ACCOUNTS__MYSTORE__APP_KEY": "key-of-mystore",
    "RELAY_ACCOUNTS__MYSTORE__APP_TOKEN": "token-of-mystore",
}
EMPTY = Path("/dev/null")
SOURCE = "accounts.mystore.carriers.loggi"
SOURCE_VARIABLE = "RELAY_ACCOUNTS__MYSTORE__CARRIERS__LOGGI"


def refused(environ: dict[str, str], config: Path = EMPTY) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(environ, config)
    return refusal.value.problems


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        (
            "RELAY_DATABASE_URI",
            "database_uri / RELAY_DATABASE_URI is no setting; did you mean database_url / RELAY_DATABASE_URL?",
        ),
        (
            "RELAY_ACOUNTS__MYSTORE__APP_KEY",
            (
                "acounts / RELAY_ACOUNTS is no setting; did you mean accounts / RELAY_ACCOUNTS?"
                " (in RELAY_ACOUNTS__MYSTORE__APP_KEY)"
            ),
        ),
        (
            "RELAY_ACCOUNTS__MYSTORE__TIME_ZONE",
            (
                "accounts.mystore.time_zone / RELAY_ACCOUNTS__MYSTORE__TIME_ZONE is no setting;"
                " did you mean accounts.mystore.timezone / RELAY_ACCOUNTS__MYSTORE__TIMEZONE?"
            ),
        ),
        (
            "RELAY_ACCOUNTS__MYSTORE__CARRIER__LOGGI__SECRETS",
            (
                "accounts.mystore.carrier / RELAY_ACCOUNTS__MYSTORE__CARRIER is no setting;"
                " did you mean accounts.mystore.carriers / RELAY_ACCOUNTS__MYSTORE__CARRIERS?"
                " (in RELAY_ACCOUNTS__MYSTORE__CARRIER__LOGGI__SECRETS)"
            ),
        ),
        (
            f"{SOURCE_VARIABLE}__SECRET",
            (
                f"{SOURCE}.secret / {SOURCE_VARIABLE}__SECRET is no setting;"
                f" did you mean {SOURCE}.secrets / {SOURCE_VARIABLE}__SECRETS?"
            ),
        ),
        (
            "RELAY_GROUPS__BRANDS__ACCOUNT",
            (
                "groups.brands.account / RELAY_GROUPS__BRANDS__ACCOUNT is no setting;"
                " did you mean groups.brands.accounts / RELAY_GROUPS__BRANDS__ACCOUNTS?"
            ),
        ),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_right_one_at_every_depth(variable: str, problem: str) -> None:
    assert refused(CREDENTIALS | {variable: "anything"}) == (problem,)


@pytest.mark.parametrize(
    ("line", "wrong", "right"),
    [
        ("databse_url = 1", "databse_url", "database_url"),
        ("[acounts.mystore]", "acounts", "accounts"),
        ("[accounts.mystore]\nbase_ulr = 1", "accounts.mystore.base_ulr", "accounts.mystore.base_url"),
        (f"[{SOURCE}]\npathkey = 1", f"{SOURCE}.pathkey", f"{SOURCE}.path_key"),
        ("[groups.b.carriers.loggi]\nalais = 1", "groups.b.carriers.loggi.alais", "groups.b.carriers.loggi.alias"),
        ("[[tokens]]\nnmae = 1", "tokens[0].nmae", "tokens[0].name"),
    ],
)
def test_a_misspelt_key_of_a_file_is_refused_with_the_right_one_at_every_depth(
    tmp_path: Path, line: str, wrong: str, right: str
) -> None:
    config = tmp_path / "relay.toml"
    config.write_text(line, encoding="utf-8")
    problem = refused(CREDENTIALS, config)[0]
    assert problem.startswith(f"{wrong} / RELAY_")
    assert f" is no setting; did you mean {right} / RELAY_" in problem
    assert problem.endswith(f"? (in {config})")


def test_a_misspelt_secret_file_is_refused_with_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "accounts__mystore__app_tokn").write_text("s3cr3t", encoding="utf-8")
    (problem,) = refused(CREDENTIALS | {"RELAY_SECRETS_DIR": str(tmp_path)})
    assert "did you mean accounts.mystore.app_token / RELAY_ACCOUNTS__MYSTORE__APP_TOKEN?" in problem
    assert f"(in {tmp_path / 'accounts__mystore__app_tokn'})" in problem
    assert "s3cr3t" not in problem


def test_a_misspelt_key_inside_json_is_refused_with_the_right_one() -> None:
    problems = refused(
        CREDENTIALS
        | {
            "RELAY_ACCOUNTS__MYSTORE__CARRIERS": '{"loggi": {"secretes": ["a"]}}',
            "RELAY_TOKENS": '[{"name": "ops", "role": "admin", "sha265": "00"}]',
        }
    )
    assert (
        f"did you mean {SOURCE}.secrets / {SOURCE_VARIABLE}__SECRETS? (in RELAY_ACCOUNTS__MYSTORE__CARRIERS)"
        in (problems[1])
    )
    assert problems[0].startswith("tokens[0].sha265 / RELAY_TOKENS is no setting; did you mean tokens[0].sha256")


def test_a_key_like_nothing_gets_the_list_of_what_there_is() -> None:
    (problem,) = refused({"RELAY_GROUPS__BRANDS__XYZZY": "1"})
    assert problem == "groups.brands.xyzzy / RELAY_GROUPS__BRANDS__XYZZY is no setting; here are accounts, carriers"


def test_one_underscore_where_two_are_needed_is_explained() -> None:
    (problem,) = refused({"RELAY_ACCOUNTS_MYSTORE_APP_KEY": "k"})
    assert problem == (
        "accounts_mystore_app_key / RELAY_ACCOUNTS_MYSTORE_APP_KEY is no setting:"
        " levels are parted by two underscores, as in RELAY_ACCOUNTS__…"
    )


def test_parts_below_a_value_are_refused() -> None:
    (problem,) = refused({"RELAY_TOKENS__0__NAME": "ops"})
    assert problem == (
        "tokens / RELAY_TOKENS takes one value; write a list or a table as JSON (in RELAY_TOKENS__0__NAME)"
    )


def test_the_place_of_the_configuration_cannot_stand_in_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text('secrets_dir = "/run/secrets"', encoding="utf-8")
    (problem,) = refused({}, config)
    assert problem == (f"secrets_dir / RELAY_SECRETS_DIR can only be a variable of the environment (in {config})")


def test_an_account_that_a_misspelt_name_made_up_points_to_the_right_one() -> None:
    problems = refused(CREDENTIALS | {"RELAY_ACCOUNTS__MYSTROE__LOCALE": "es"})
    assert problems == (
        (
            "accounts.mystroe.app_key / RELAY_ACCOUNTS__MYSTROE__APP_KEY is missing; set it,"
            " or did you mean accounts.mystore.app_key?"
        ),
        (
            "accounts.mystroe.app_token / RELAY_ACCOUNTS__MYSTROE__APP_TOKEN is missing; set it,"
            " or did you mean accounts.mystore.app_token?"
        ),
    )


def test_everything_wrong_is_reported_at_once() -> None:
    problems = refused(
        {
            "RELAY_LOG_LEVL": "info",
            "RELAY_LEDGER_DAYS": "many",
            "RELAY_ACCOUNTS__MYSTORE__APP_KEY": "",
            "RELAY_GROUPS": '{"mystore": {"accounts": ["nobody"]}}',
        }
    )
    assert [problem.split(" / ")[0] for problem in problems] == [
        "log_levl",
        "ledger_days",
        "accounts.mystore.app_key",
        "accounts.mystore.app_token",
        "groups.mystore",
        "groups.mystore.accounts[0]",
    ]
