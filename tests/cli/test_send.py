"""`send` posts what a carrier would, signed with what is configured, and says how it was answered."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.samples import signed_request, with_tracking_number
from app.examples import example, examples
from app.main import sources_of
from app.reading import read
from app.settings import load_settings
from app.verification import verify
from tests.cli.conftest import Run, Start

CONFIGURATION = """
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["the-live-secret", "the-old-secret"]
[accounts.mystore.carriers.intelipost]
secrets = ["an-api-key"]
[accounts.mystore.carriers.mandae]
path_key = "an-invented-path-key"
unsigned = true
alias = "p7f3"
[accounts.mystore.carriers.shipengine]
jwks_url = "http://127.0.0.1:9/jwks"
[accounts.other]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.other.carriers.intelipost]
secrets = ["another-api-key"]
"""


@pytest.fixture
def configured(folder: Path) -> Path:
    (folder / "relay.toml").write_text(CONFIGURATION)
    return folder


@pytest.fixture
def url(start: Start, configured: Path) -> str:
    return start("serve", "--port", "0").until_ready().find(r"(\S+)/livez")


@pytest.mark.parametrize(
    "arguments",
    [
        ("easypost", "delivered"),
        ("mandae", "delivered"),
        ("intelipost", "delivered", "--account", "other"),
        ("easypost", "in-transit", "--tracking-number", "EZ0000000017"),
    ],
)
def test_a_sample_is_accepted_by_the_relay_that_is_configured_alike(
    run: Run, url: str, arguments: tuple[str, ...]
) -> None:
    result = run("send", *arguments, "--url", f"{url}/")

    assert 0 == result.exit_code, result.output
    assert re.search(r'200 \{"id": "wh_\w+", "status": "accepted"\}', result.stdout)
    assert re.search(rf"Operators see it at {url}/ops/v1/webhooks/wh_\w+", result.stdout)


def test_a_refusal_ends_with_1_and_says_where_to_look(run: Run, url: str, configured: Path) -> None:
    (configured / "relay.toml").write_text(CONFIGURATION.replace("the-live-secret", "not-the-relays-secret"))

    result = run("send", "easypost", "delivered", "--url", url)

    assert 1 == result.exit_code
    assert "401" in result.stdout
    assert f"Refused; operators see why at {url}/ops/v1/refusals/ref_" in result.stdout


def test_the_address_is_the_configured_one_unless_another_is_given(run: Run, url: str, configured: Path) -> None:
    port = url.rpartition(":")[2]
    (configured / "relay.toml").write_text(f'listen = "0.0.0.0:{port}"\n{CONFIGURATION}')

    result = run("send", "easypost", "delivered")

    assert result.stdout.startswith(f"POST http://127.0.0.1:{port}/webhooks/easypost/mystore (")


def test_nothing_that_answers_ends_with_4(run: Run, configured: Path) -> None:
    result = run("send", "easypost", "delivered", "--url", "http://127.0.0.1:1")

    assert (4, "") == (result.exit_code, result.stdout)
    assert "no relay answers at http://127.0.0.1:1" in result.stderr


def test_without_a_case_the_samples_are_listed(run: Run) -> None:
    result = run("send", "jt-express-br")

    assert 0 == result.exit_code
    assert all(f"\n  {case.name} " in result.stdout for case in examples("jt-express-br"))
    assert re.search(r"delivered +DELIVERED", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("easypost", "nonsense"), 2, "easypost has no sample 'nonsense'"),
        (("easypots", "delivered"), 2, "did you mean easypost?"),
        (("intelipost", "delivered"), 2, "name one with --account: mystore, other"),
        (("jt-express-br", "delivered"), 3, "no account has jt-express-br configured"),
        (("shipengine", "in-transit"), 2, "--private-key FILE"),
        (("shipengine", "in-transit", "--private-key", "missing.pem"), 2, "--private-key missing.pem cannot be read"),
        (("shipengine", "in-transit", "--private-key", "relay.toml"), 2, "is no PEM of an RSA key"),
        (("easypost", "delivered", "--tracking-number", "a b"), 2, "--tracking-number takes 1 to 100"),
        (("easypost", "batch-created", "--tracking-number", "AB17"), 2, "shows no tracking number to replace"),
        (("easypost", "delivered", "--repeat", "0"), 2, "--repeat"),
        (("easypost", "delivered", "--url", "relay.example"), 2, "is not an http or https address"),
    ],
)
def test_what_cannot_be_sent_is_explained(
    run: Run, configured: Path, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    result = run("send", *arguments)

    assert code == result.exit_code
    assert problem in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [(), ("--url", "http://127.0.0.1:1")])
def test_without_account_and_demonstration_there_is_nothing_to_sign_with(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("send", "easypost", "delivered", *arguments)

    assert 3 == result.exit_code
    assert "there is no secret to sign with: set accounts.<account>.carriers.easypost" in result.stderr


def test_what_a_dead_demonstration_left_behind_is_not_used(run: Run, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "demo.json").write_text('{"pid": 4194305, "url": "http://127.0.0.1:1"}')

    assert 3 == run("send", "easypost", "delivered").exit_code


def test_a_key_of_ones_own_signs_for_carriers_that_use_keys(run: Run, url: str, configured: Path) -> None:
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (configured / "rsa.pem").write_bytes(key.private_bytes(*pem))
    (configured / "ec.pem").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*pem))

    sent = run("send", "shipengine", "in-transit", "--url", url, "--private-key", "rsa.pem")
    other = run("send", "shipengine", "in-transit", "--url", url, "--private-key", "ec.pem")

    # The relay gets as far as asking for the key set, which nobody serves here.
    assert (1, True) == (sent.exit_code, "503" in sent.stdout)
    assert (2, True) == (other.exit_code, "holds a key that is not RSA" in other.stderr)


@pytest.mark.parametrize(("slug", "case"), [("easypost", "delivered"), ("jt-express-br", "delivered")])
def test_another_number_stands_wherever_the_samples_stood(slug: str, case: str) -> None:
    adapter = adapters()[slug]
    before = read(adapter, example(slug, case).webhook)

    after = read(adapter, with_tracking_number(adapter, example(slug, case), "AB-17"))

    assert {"AB-17"} == {number for event in after.events for number in event.tracking_numbers}
    assert [event.code for event in before.events] == [event.code for event in after.events]


def test_the_samples_of_every_carrier_can_be_signed_and_are_then_genuine(tmp_path: Path) -> None:
    variables = demo_variables(
        adapters(), folder=tmp_path, vtex_url="http://127.0.0.1:9", app_key="k", app_token="t", ops_token="o"
    )
    now = datetime.now(UTC)
    genuine: set[str] = set()
    for source in sources_of(load_settings(variables), adapters()):
        adapter = source.adapter
        for case in examples(adapter.slug) if source.credentials.secrets else ():
            request = signed_request(source, case.webhook, now)
            headers = tuple((name.lower(), value) for name, value in request.headers.items())
            path = request.path.partition("?")[0]  # Some signatures cover it.
            webhook = replace(case.webhook, path=path, headers=headers, body=request.body)
            is_test_call = adapter.probe_is_unsigned and adapter.probe and adapter.probe(webhook) is not None
            if not is_test_call:
                verify(adapter.verification, webhook, source.credentials, now)
                genuine.add(adapter.slug)

    assert {slug for slug, adapter in adapters().items() if adapter.verification.needs_secret} == genuine
