"""`try --verify` says whether a saved webhook is genuine, and with which secret."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.examples import FOLDER, examples
from tests.cli.answering import Answering
from tests.cli.conftest import Run

DELIVERED = FOLDER / "easypost" / "delivered.http"
SECRET = "clé-de-tést-µ9"
CONFIGURATION = """
[accounts.mystore]
app_key = "key"
app_token = "token"
[accounts.mystore.carriers.easypost]
secrets = ["another-secret", "clé-de-tést-µ9"]
"""


def saved_elsewhere(folder: Path, sample: Path = DELIVERED) -> str:
    """Save the sample as an engineer would: without the lines that speak about it."""
    head, _, body = sample.read_bytes().partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if not line.lower().startswith(b"x-fixture-")]
    (folder / "saved.http").write_bytes(b"\n".join(kept) + b"\n\n" + body)
    return "saved.http"


def test_a_sample_is_genuine_by_the_secret_that_it_names(run: Run) -> None:
    result = run("try", "easypost", str(DELIVERED), "--verify")

    assert 0 == result.exit_code
    assert result.stdout.startswith("Genuine: HMAC-SHA256")
    assert SECRET not in result.output


def test_beside_json_the_verdict_goes_to_standard_error(run: Run) -> None:
    result = run("try", "easypost", str(DELIVERED), "--verify", "--json")

    assert "easypost" == json.loads(result.stdout)["carrier"]
    assert result.stderr.startswith("Genuine")


def test_a_wrong_secret_is_refused_and_the_webhook_still_mapped(run: Run, folder: Path) -> None:
    (folder / "secret").write_text("not-it\n")

    result = run("try", "easypost", str(DELIVERED), "--secret-file", "secret", "--json")

    assert 1 == result.exit_code
    assert "Refused (wrong-credential)" in result.stderr
    assert 4 == len(json.loads(result.stdout)["events"])


def test_the_secret_may_stand_in_a_variable(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_TRY_SECRET", SECRET)

    result = run("try", "easypost", saved_elsewhere(folder), "--verify")

    assert 0 == result.exit_code
    assert "that of RELAY_TRY_SECRET" in result.stdout


def test_the_configured_secrets_are_used_where_no_other_is_given(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)

    result = run("try", "easypost", saved_elsewhere(folder), "--verify")

    assert 0 == result.exit_code
    assert "(secret 2 of 2, that configured for mystore/easypost)" in result.stdout


def test_without_any_secret_the_ways_to_give_one_are_named(run: Run, folder: Path) -> None:
    result = run("try", "easypost", saved_elsewhere(folder), "--verify")

    assert 3 == result.exit_code
    assert "--secret-file" in result.stderr
    assert "RELAY_TRY_SECRET" in result.stderr
    assert "accounts.<account>.carriers.easypost" in result.stderr


def test_an_account_without_the_carrier_is_named_with_those_that_have_it(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)

    result = run("try", "easypost", saved_elsewhere(folder), "--verify", "--account", "other")

    assert 2 == result.exit_code
    assert "other has no easypost configured; it is configured for: mystore" in result.stderr


def test_where_nothing_is_signed_there_is_nothing_to_verify(run: Run) -> None:
    result = run("try", "mandae", str(FOLDER / "mandae" / "delivered.http"), "--verify")

    assert 0 == result.exit_code
    assert result.stdout.startswith("Nothing to verify: Mandaê")


def test_a_key_set_can_be_given_for_carriers_that_sign_with_keys(run: Run, folder: Path) -> None:
    case = next(case for case in examples("shipengine") if case.name == "delivered-v2")
    (folder / "jwks.json").write_text(case.secret or "")
    (folder / "empty.json").write_text('{"keys": []}')
    file = str(FOLDER / "shipengine" / "delivered-v2.http")

    right = run("try", "shipengine", file, "--secret-file", "jwks.json")
    wrong = run("try", "shipengine", file, "--secret-file", "empty.json")

    assert (0, 1) == (right.exit_code, wrong.exit_code)
    assert "the key set holds no RSA key" in wrong.stdout


@pytest.mark.parametrize(
    ("status", "bodies", "code", "text"),
    [
        (200, {"/jwks": b'{"keys": []}'}, 1, "Refused (wrong-credential): the key set holds no RSA key"),
        (500, {}, 4, "answered 500"),
    ],
)
def test_the_configured_key_set_is_fetched(
    run: Run, folder: Path, status: int, bodies: Mapping[str, bytes], code: int, text: str
) -> None:
    with Answering(status, bodies) as keys:
        source = f'[accounts.mystore.carriers.shipengine]\njwks_url = "{keys.url}/jwks"\n'
        (folder / "relay.toml").write_text(CONFIGURATION + source)
        saved = saved_elsewhere(folder, FOLDER / "shipengine" / "delivered-v2.http")
        result = run("try", "shipengine", saved, "--verify")

    assert ["/jwks"] == [asked.path for asked in keys.asked]
    assert code == result.exit_code
    assert text in result.output


def test_what_was_signed_long_ago_is_told_from_what_was_signed_wrongly(run: Run, folder: Path) -> None:
    case = next(case for case in examples("shipengine") if case.name == "delivered-v2")
    with Answering(200, {"/jwks": (case.secret or "").encode()}) as keys:
        source = f'[accounts.mystore.carriers.shipengine]\njwks_url = "{keys.url}/jwks"\n'
        (folder / "relay.toml").write_text(CONFIGURATION + source)
        saved = saved_elsewhere(folder, FOLDER / "shipengine" / "delivered-v2.http")
        result = run("try", "shipengine", saved, "--verify")

    assert 1 == result.exit_code
    assert "Rightly signed, but not at a time that a relay takes now" in result.stdout


def test_an_empty_secret_proves_nothing(run: Run, folder: Path) -> None:
    (folder / "secret").write_text("\n")

    result = run("try", "easypost", str(DELIVERED), "--secret-file", "secret")

    assert (2, True) == (result.exit_code, "the secret to verify with is empty" in result.stderr)
