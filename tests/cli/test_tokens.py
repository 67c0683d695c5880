"""`token new` prints what opens the operators' interface, once, and what the relay is told of it."""

import hashlib
import re

import pytest

from app.settings import load_settings
from tests.cli.conftest import Run

ACCOUNTS = {"RELAY_ACCOUNTS__A__APP_KEY": "k", "RELAY_ACCOUNTS__A__APP_TOKEN": "t"}


def test_both_ways_to_configure_a_token_are_the_same_and_hold_its_digest(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = run("token", "new", "ops", "--role", "operator", "--accounts", "a").stdout
    token = output.splitlines()[0]
    toml = re.search(r"\[\[tokens\]\]\n(?:\w+ = .+\n)+", output)
    variable = re.search(r"RELAY_TOKENS='(.+)'", output)
    assert toml is not None
    assert variable is not None
    file = tmp_path_factory.mktemp("settings") / "relay.toml"
    file.write_text(toml[0])

    by_file = load_settings(ACCOUNTS, config=file).tokens
    by_variable = load_settings(ACCOUNTS | {"RELAY_TOKENS": variable[1]}).tokens

    (made,) = by_file
    assert by_variable == by_file
    assert ("ops", "operator", ("a",)) == (made.name, made.role, made.accounts)
    assert hashlib.sha256(token.encode()).hexdigest() == made.sha256
    assert 1 == output.count(token)


def test_no_token_is_made_twice(run: Run) -> None:
    made = {run("token", "new", "ops", "--role", "admin").stdout.splitlines()[0] for _ in range(5)}

    assert 5 == len(made)
    assert all(len(token) > 40 for token in made)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("a name", "--role", "viewer"), "NAME must be 1 to 64 characters"),
        (("ops", "--role", "viewer", "--accounts", "A,b"), "--accounts takes names of [a-z0-9-]"),
        (("ops", "--role", "king"), "Invalid value for '--role'"),
        (("ops",), "Missing option '--role'"),
    ],
)
def test_wrong_arguments_end_with_2(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    result = run("token", "new", *arguments)

    assert 2 == result.exit_code
    assert problem in result.stderr
