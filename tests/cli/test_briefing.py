"""`carriers brief` writes what a carrier's engineer needs, and the call in it is one that the relay accepts."""

import base64
import json
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.adapter import Adapter
from app.briefing import BRIEFINGS, CUSTOMER, ITSELF, REGIONS, WITHOUT_PUSH
from app.carriers import adapters
from app.cli.briefing import make_brief
from app.cli.letters import LETTERS
from app.cli.proofs import Language
from app.examples import examples
from app.model import Webhook
from app.source import Source
from app.verification import Credentials, verify
from tests.cli.conftest import Run, Start

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "public-half:the-live-secret"
KEY = "an-invented-path-key"
CONFIGURATION = f"""
public_url = "https://hooks.mystore.example"
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["{SECRET}"]
[accounts.mystore.carriers.intelipost]
secrets = ["an-api-key"]
[accounts.mystore.carriers.lalamove]
secrets = ["{SECRET}"]
[accounts.mystore.carriers.mandae]
path_key = "{KEY}"
unsigned = true
alias = "p7f3"
"""


def source_of(adapter: Adapter) -> Source:
    scheme = adapter.verification
    is_open = not (scheme.needs_secret or scheme.binds_body)
    credentials = Credentials(secrets=() if is_open else (SECRET,), unsigned=is_open, path_key=is_open)
    key = KEY if is_open else None
    return Source(owner="mystore", accounts=("mystore",), adapter=adapter, credentials=credentials, path_key=key)


def request_of(curl: str) -> Webhook:
    """Read a call as a shell and curl would."""
    words = shlex.split(curl.replace(" \\\n", " "))
    body = b""
    if words[0] == "printf":
        body = base64.b64decode(words[2])
        words = words[words.index("curl") :]
    else:
        body = words[words.index("--data-binary") + 1].encode()
    url = next(word for word in words if word.startswith("https://"))
    headers = [words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "--header"]
    path, _, query = url.removeprefix("https://hooks.example").partition("?")
    return Webhook(
        method=words[words.index("--request") + 1],
        path=path,
        query=query,
        headers=tuple((name.lower(), value) for name, value in headers),
        body=body,
        received_at=NOW,
    )


def test_a_briefing_is_of_a_carrier_that_exists_and_in_one_region_only() -> None:
    assert set() == set(BRIEFINGS) - set(adapters())
    assert len(BRIEFINGS) == sum(len(region) for region in REGIONS)


@pytest.mark.parametrize("slug", sorted(BRIEFINGS))
def test_a_briefing_says_everything_shortly(slug: str) -> None:
    briefing = BRIEFINGS[slug]

    assert briefing.pushes in {ITSELF, CUSTOMER} or briefing.pushes.startswith("through ")
    assert all(re.fullmatch(r"[A-Z]{2}|global", country) for country in briefing.countries)
    assert briefing.countries
    assert briefing.references
    assert all(text.endswith(".") and len(text) < 200 for text in (*briefing.setup, *briefing.traps))
    assert briefing.setup
    assert briefing.traps


def test_carriers_that_push_nothing_name_what_to_use_instead() -> None:
    named = {word for carrier in WITHOUT_PUSH for word in re.findall(r"`([a-z0-9-]+)`", carrier.instead)}

    assert named <= set(adapters())
    assert {"Canada Post", "Purolator", "Total Express"} <= {carrier.name for carrier in WITHOUT_PUSH}


@pytest.mark.parametrize("slug", sorted(adapters()))
def test_the_call_in_a_brief_is_accepted(slug: str) -> None:
    adapter = adapters()[slug]
    source = source_of(adapter)

    brief = make_brief(source, "https://hooks.example", "en", NOW, show_secrets=True)

    assert brief.curl is not None
    request = request_of(brief.curl)
    assert request.path == brief.verify_url.removeprefix("https://hooks.example")
    assert adapter.accepts(request.content_type)
    if brief.is_signed:
        assert verify(adapter.verification, request, source.credentials, NOW).webhook is request
    else:
        assert not adapter.verification.needs_secret


@pytest.mark.parametrize("slug", sorted(adapters()))
@pytest.mark.parametrize("language", sorted(LETTERS))
def test_no_brief_tells_a_secret_unasked(slug: str, language: Language) -> None:
    brief = make_brief(source_of(adapters()[slug]), "https://hooks.example", language, NOW, show_secrets=False)

    text = json.dumps([brief.url, brief.verify_url, brief.curl, brief.proof])
    assert "the-live-secret" not in text
    assert base64.b64encode(SECRET.encode()).decode() not in text
    assert KEY not in text


def test_a_letter_names_everything_in_the_language_asked_for(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)

    letter = run("carriers", "brief", "mandae", "--lang", "pt", "--show-secrets").stdout

    assert letter.startswith("Webhooks de rastreamento da Mandaê para mystore\n")
    assert f"https://hooks.mystore.example/w/p7f3/{KEY}/verify" in letter
    for status in (200, 401, 404, 413, 503):
        assert f"\n{status}: " in letter
    assert "Retry-After" in letter


def test_a_carrier_that_stops_at_refusals_is_told_that_they_are_answered_200(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)

    answers = json.loads(run("carriers", "brief", "lalamove", "--json").stdout)["answers"]

    assert [200, 404, 405, 503, 200] == [status for status, _ in answers]


def test_a_carrier_that_is_not_configured_ends_with_3(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)

    assert 3 == run("carriers", "brief", "loggi").exit_code
    assert 2 == run("carriers", "brief", "nobody").exit_code


def test_a_missing_public_address_is_said(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION.replace('public_url = "https://hooks.mystore.example"', ""))

    result = run("carriers", "brief", "easypost")

    assert "https://relay.example/webhooks/easypost/mystore" in result.stdout
    assert "public_url is not set" in result.stderr


@pytest.mark.parametrize("slug", ["easypost", "intelipost", "lalamove", "mandae"])
def test_a_running_relay_answers_the_call_with_204(slug: str, run: Run, start: Start, folder: Path) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)
    url = start("serve", "--port", "0").until_ready().find(r"(\S+)/livez")
    curl = json.loads(run("carriers", "brief", slug, "--show-secrets", "--json").stdout)["curl"]
    request = request_of(curl.replace("https://hooks.mystore.example", "https://hooks.example"))

    reply = httpx.request(request.method, url + request.path, headers=dict(request.headers), content=request.body)

    assert 204 == reply.status_code, reply.text


def test_a_shell_gets_every_byte_of_a_body_back() -> None:
    """Whatever curl does with the words, the shell hands them over unharmed."""
    odd = [slug for slug in adapters() if any(not each.webhook.body.isascii() for each in examples(slug))]
    assert odd
    for slug in odd:
        curl = make_brief(source_of(adapters()[slug]), "https://hooks.example", "en", NOW, show_secrets=True).curl
        assert curl is not None
        if curl.startswith("curl"):
            echo = curl.replace("curl", "printf '%s\\n'", 1).encode()
            shown = subprocess.run(["sh", "-c", echo], check=True, capture_output=True).stdout
            assert request_of(curl).body + b"\n" == shown[-len(request_of(curl).body) - 1 :]
