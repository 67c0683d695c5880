"""`doctor` tries the way that webhooks take, and names what stands in it."""

import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Run, Start
from tests.cli.passing import Passed, Passing
from tests.e2e.relay import until

TOKEN: Final = "an-invented-token-of-an-operator"
CONFIGURATION: Final = f"""
lock_wait_seconds = 0
listen = "127.0.0.1:0"
[accounts.mystore]
app_key = "key-of-the-store"
app_token = "token-of-the-store"
base_url = "http://127.0.0.1:1"
mode = "observe"
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret-of-a-good-length"]
[accounts.mystore.carriers.mandae]
path_key = "an-invented-path-key"
unsigned = true
[accounts.mystore.carriers.intelipost]
secrets = ["another-invented-secret"]
networks = ["192.0.2.0/24"]
[[tokens]]
name = "ops"
role = "operator"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
"""


def reformatted(passed: Passed) -> None:
    passed.body = json.dumps(json.loads(passed.body or b"null"), indent=1).encode()


def shortened(passed: Passed) -> None:
    passed.path = passed.path.removeprefix("/webhooks")


def forbidding(passed: Passed) -> None:
    passed.answer = (403, b"<h1>Forbidden</h1>")


Found = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A relay that runs, the proxy in front of it, and how both are looked at."""

    url: str
    public: str
    proxy: Passing
    file: Path
    run: Run

    def look(self) -> Found:
        """Return what doctor found, by what it is about, with its level."""
        found: Found = {}
        for each in json.loads(self.run("doctor", "--json").stdout)["findings"]:
            found.setdefault(each["about"], []).append((each["level"], each["text"]))
        return found

    def post_unsigned(self) -> None:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        connection.request("POST", "/webhooks/easypost/mystore", b"{}", {"Content-Type": "application/json"})
        assert connection.getresponse().status == 401
        connection.close()


@pytest.fixture
def scene(start: Start, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    file, known = folder / "relay.toml", socket.getaddrinfo

    def resolve(host: Any, *given: Any, **more: Any) -> Any:
        public = host in {"relay.shop.example", b"relay.shop.example"}
        return known("127.0.0.1" if public else host, *given, **more)

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    file.write_text(CONFIGURATION)
    url = start("serve").until_ready().find(r"(\S+)/livez")
    with Passing(url) as proxy:
        public = f"http://relay.shop.example:{proxy.port}"
        configuration = CONFIGURATION.replace('listen = "127.0.0.1:0"', f'listen = "{urlsplit(url).netloc}"')
        file.write_text(f'public_url = "{public}"\n{configuration}')
        yield Scene(url=url, public=public, proxy=proxy, file=file, run=run)


def named(found: Found, about: str, level: str, words: str) -> bool:
    return any(level == each and words in text for each, text in found.get(about, []))


def test_what_stands_between_carriers_and_the_relay_is_named(scene: Scene) -> None:
    unchanged = f"a signed sample comes through {scene.public} unchanged"

    found = scene.look()
    assert named(found, "mystore/easypost", "ok", unchanged)
    assert named(found, "mystore/mandae", "ok", unchanged)
    # It would be refused for the address that it comes from.
    assert not [text for _, text in found["mystore/intelipost"] if "sample" in text]

    scene.proxy.change = reformatted
    found = scene.look()
    changed = "something in between changes the body, its headers or the path"
    assert named(found, "mystore/easypost", "problem", changed)
    # Nothing is signed that could break.
    assert named(found, "mystore/mandae", "ok", unchanged)

    scene.proxy.change = shortened
    found = scene.look()
    assert named(found, "mystore/easypost", "problem", "something in between changes the path")
    assert named(found, "mystore/mandae", "problem", "something in between changes the path")

    scene.proxy.change = forbidding
    scene.proxy.paths.clear()
    found = scene.look()
    assert named(found, "mystore/easypost", "problem", "answers a signed sample 403, and not as a relay does")
    # What is in between may be a stranger, who must not learn the key.
    assert named(found, "mystore/mandae", "warning", "it would carry the secret")
    assert not [path for path in scene.proxy.paths if "an-invented-path-key" in path]

    scene.proxy.close()
    found = scene.look()
    assert named(found, "public_url", "warning", "cannot be reached from here")
    assert not [text for _, text in found["mystore/easypost"] if "sample" in text]


def test_secrets_that_differ_are_named(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(scene.look(), "refusals", "note", "set RELAY_OPS_TOKEN to an operator's token")

    scene.file.write_text(scene.file.read_text().replace("an-invented-secret-of-a-good-length", "a-secret-of-tomorrow"))
    assert named(scene.look(), "mystore/easypost", "problem", "which has others: restart it")

    known = scene.file.read_text()
    unknown = known.replace("carriers.easypost", "carriers.loggi").replace(
        "an-invented-path-key", "a-key-of-tomorrow-001"
    )
    scene.file.write_text(unknown)
    assert named(scene.look(), "relay", "warning", "knows none of these sources")
    scene.file.write_text(known)

    monkeypatch.setenv("RELAY_OPS_TOKEN", TOKEN)
    assert named(scene.look(), "refusals", "ok", "nothing was refused within a day for want of a proof")

    scene.post_unsigned()
    scene.post_unsigned()
    words = "2 requests could not be proven within a day. The newest: "
    # They are kept a moment after they were answered.
    until(lambda: named(scene.look(), "mystore/easypost", "warning", words), seconds=20, failing=scene.look)

    monkeypatch.setenv("RELAY_OPS_TOKEN", "another")
    assert named(scene.look(), "refusals", "note", "does not show them to RELAY_OPS_TOKEN")
