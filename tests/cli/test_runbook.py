"""What the runbook says is to be typed is typed here, at a relay that runs."""

import hashlib
import re
import shlex
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.conftest import Run, Start
from tests.documents import DOCS
from tests.e2e.relay import until

TOKEN: Final = "an-invented-token-of-an-operator"
ALERTS: Final = (DOCS / "runbook.md").read_text("utf-8").split("\n# Problems", 1)[0]
CONFIGURATION: Final = """
listen = "{listen}"
[accounts.mystore]
app_key = "key-of-the-store"
app_token = "token-of-the-store"
base_url = "{vtex}"
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret-of-a-good-length"]
[[tokens]]
name = "ops"
role = "operator"
sha256 = "{digest}"
"""
NOT_NOW: Final = {"accounts probe", "hook show", "hook install"}
"""An account that is open cannot be probed, and an operator may not say where the hook leads: that is what they say."""
SHIPMENTS: Final = "order_id,invoice_number,tracking_numbers\n1527103869572-01,000045781,9400900000000000000017\n"


OPERATOR: Final = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Scene:
    """A relay with a parked parcel, a refused request and a shipment, as the placeholders of the runbook name them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def newest(self, what: str) -> str:
        return str(self.listed(what)[0]["id"])

    def listed(self, what: str) -> list[dict[str, object]]:
        items: list[dict[str, object]] = httpx.get(
            f"{self.url}/ops/v1/{what}?limit=1", headers=OPERATOR, timeout=30
        ).json()["items"]
        return items

    def post_unsigned(self) -> None:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        connection.request("POST", "/webhooks/easypost/mystore", b"{}", {"Content-Type": "application/json"})
        connection.getresponse().read()
        connection.close()


@pytest.fixture
def scene(start: Start, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    vtex = start("sandbox", "--port", "0", "--shop", "3").until_ready().find(r"(http://\S+:\d+)")
    file, digest = folder / "relay.toml", hashlib.sha256(TOKEN.encode()).hexdigest()
    file.write_text(CONFIGURATION.format(listen="127.0.0.1:0", vtex=vtex, digest=digest))
    (folder / "shipments.csv").write_text(SHIPMENTS)
    url = start("serve").until_ready().find(r"(\S+)/livez")
    file.write_text(CONFIGURATION.format(listen=urlsplit(url).netloc, vtex=vtex, digest=digest))
    monkeypatch.setenv("RELAY_OPS_URL", url)
    monkeypatch.setenv("RELAY_OPS_TOKEN", TOKEN)
    scene = Scene(url)
    scene.post_unsigned()
    assert 0 == run("send", "easypost", "delivered").exit_code
    shipment = {"account": "mystore", "order_id": "1527103869580-01", "invoice_number": "000045782"}
    assert httpx.post(f"{url}/ops/v1/shipments", json=shipment, headers=OPERATOR, timeout=30).is_success
    until(lambda: bool(scene.listed("parked")), seconds=20, failing=lambda: scene.listed("webhooks"))
    return scene


def typed(name: str) -> list[list[str]]:
    """Return the calls of a program that the runbook shows, without what follows a pipe."""
    lines = re.findall(rf"^    ({name} .+)$", ALERTS, re.MULTILINE)
    return [shlex.split(line.partition(" | ")[0]) for line in dict.fromkeys(lines)]


def test_each_command_of_the_runbook_does_what_it_is_for(scene: Scene, run: Run) -> None:
    def given(word: str) -> str:
        match word:
            case "REF_ID":
                return scene.newest("refusals")
            case "SU_ID":
                return scene.newest("parked")
            case _:
                return word

    commands = typed("carrier-relay")
    assert len(commands) > 15
    failed = []
    for words in commands:
        result = run(*map(given, words[1:]))
        expected = 1 if " ".join(words[1:3]) in NOT_NOW else 0
        if result.exit_code != expected:
            failed.append((" ".join(words), result.exit_code, result.output[-300:]))
    assert [] == failed


def test_each_call_of_the_runbook_is_answered(scene: Scene) -> None:
    lost = []
    for words in typed("curl"):
        (url,) = [word for word in words if "://" in word or word.startswith("$RELAY_OPS_URL")]
        if not url.startswith("$RELAY_OPS_URL"):
            continue  # From outside.
        path = url.removeprefix("$RELAY_OPS_URL")
        method = "POST" if "-d" in words else "GET"
        if "/ID" in path:
            path = path.replace("/ID", f"/{scene.newest(path.split('/')[3])}")
        content = words[words.index("-d") + 1] if "-d" in words else None
        answer = httpx.request(method, scene.url + path, content=content, headers=OPERATOR, timeout=30)
        if answer.status_code != 200:
            lost.append((method, path, answer.status_code, answer.text[:200]))
    assert [] == lost
