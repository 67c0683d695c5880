"""`explain` asks a running relay why it refused a request."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from app.carriers import adapters
from app.cli.samples import signed_request
from app.examples import example
from app.source import Source
from app.verification import Credentials
from tests.cli.conftest import Run, Start

CONFIGURATION = f"""
[[tokens]]
name = "ana"
role = "operator"
sha256 = "{hashlib.sha256(b"an invented token").hexdigest()}"
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["the-live-secret"]
[accounts.other]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.other.carriers.easypost]
secrets = ["the-secret-of-the-other"]
"""


@pytest.fixture
def refused(start: Start, folder: Path) -> tuple[str, str]:
    """Post to one account what is signed for another; return the relay's address and the refusal's id."""
    (folder / "relay.toml").write_text(CONFIGURATION)
    url = start("serve", "--port", "0").until_ready().find(r"(\S+)/livez")
    source = Source(
        owner="mystore",
        accounts=("mystore",),
        adapter=adapters()["easypost"],
        credentials=Credentials(secrets=("the-secret-of-the-other",)),
    )
    # A short one: of a longer body only the beginning is kept.
    request = signed_request(source, example("easypost", "tracker-created").webhook, datetime.now(UTC))
    assert len(request.body) <= 4096
    reply = httpx.request(request.method, url + request.path, headers=dict(request.headers), content=request.body)
    assert 401 == reply.status_code
    return url, reply.json()["id"]


def test_an_operator_learns_whose_secret_it_was(run: Run, refused: tuple[str, str]) -> None:
    url, refusal = refused
    asked = ("explain", refusal, "--url", url, "--token", "an invented token")

    text, document = run(*asked).stdout, json.loads(run(*asked, "--json").stdout)

    assert text.startswith(f"{refusal}: mystore/easypost, wrong-credential\n")
    assert "The signature is right with a secret of other/easypost." in text
    assert [refusal, "mystore", 1] == [document["id"], document["owner"], len(document["findings"])]
    assert "the-secret-of-the-other" not in text


def test_an_id_that_is_not_kept_ends_with_1(run: Run, refused: tuple[str, str]) -> None:
    url, _ = refused

    result = run("explain", "ref_0000000000000", "--url", url, "--token", "an invented token")

    assert (1, "") == (result.exit_code, result.stdout)
    assert "404" in result.stderr
