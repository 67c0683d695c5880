"""The commonest mistakes, made for real: doctor names each, in the words that docs/doctor.md quotes."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from app.vtex.hook import hook_request
from tests.cli.answering import Answering
from tests.cli.conftest import Run, Start
from tests.cli.processes import Running, clean_environment
from tests.cli.test_doctor_ways import TOKEN, Scene, reformatted, scene, shortened
from tests.documents import DOCS
from tests.e2e.relay import until

__all__ = ["scene"]

KEY: Final = "vtexappkey-mystore-ABCDEF"
CONFIGURATION: Final = """
lock_wait_seconds = 0
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1:1"
[accounts.mystore]
app_key = "vtexappkey-mystore-ABCDEF"
app_token = "token-of-the-store"
hook_key = "an-invented-hook-key"
base_url = "{vtex}"
rate_per_second = 100
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret-of-a-good-length"]
[[tokens]]
name = "ops"
role = "admin"
sha256 = "{digest}"
"""


def quoted() -> dict[str, list[str]]:
    """Return the words that the page says doctor says, by mistake."""
    rows = re.findall(r"^\| ([^|]+) \| (`[^|]+`) \|", (DOCS / "doctor.md").read_text("utf-8"), re.MULTILINE)
    return {mistake: re.findall(r"`([^`]+)`", said) for mistake, said in rows}


class Store:
    """A VTEX that runs as a process of its own, and an account configured for it."""

    def __init__(self, start: Start, run: Run, folder: Path) -> None:
        self.vtex = start("sandbox", "--port", "0").until_ready().find(r"(http://\S+:\d+)")
        self.start, self.run, self.file = start, run, folder / "relay.toml"
        digest = "0" * 64
        self.file.write_text(CONFIGURATION.format(vtex=self.vtex, digest=digest))

    def change(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def let_in(self, *resources: str, key: str = KEY) -> None:
        """Let one key in at VTEX, with a role that holds these resources."""
        held = list(resources) or ["notify-invoice", "view-order", "list-orders", "feed-hook-admin", "feed-hook-view"]
        credential = {"account": "demo", "app_key": key, "app_token": "token-of-the-store", "resources": held}
        assert httpx.put(f"{self.vtex}/sandbox/api/options", json={"credentials": [credential]}).is_success

    def serve(self) -> str:
        """Run the relay, and have doctor find it."""
        url = self.start("serve").until_ready().find(r"(\S+)/livez")
        self.change('listen = "127.0.0.1:0"', f'listen = "{urlsplit(url).netloc}"')
        return url

    def said(self) -> str:
        """Return what doctor calls a problem or warns of."""
        found: list[dict[str, str]] = json.loads(self.run("doctor", "--json").stdout)["findings"]
        return "\n".join(
            f"{each['about']}: {each['text']}" for each in found if each["level"] in {"problem", "warning"}
        )


@pytest.fixture
def store(start: Start, run: Run, folder: Path) -> Store:
    return Store(start, run, folder)


def test_the_page_tells_of_the_mistakes_that_are_made_here() -> None:
    assert list(MADE) == list(quoted())


def wrong_key(store: Store) -> str:
    store.let_in()
    store.change("token-of-the-store", "token-of-yesterday")
    return store.said()


def role_that_lacks_something(store: Store) -> str:
    said = []
    for held in (["notify-invoice"], ["view-order", "feed-hook-view"]):
        store.let_in(*held)
        said.append(store.said())
    return "\n".join(said)


def key_of_another_account(store: Store) -> str:
    store.let_in()
    store.change('app_key = "vtexappkey-mystore-ABCDEF"', 'app_key = "vtexappkey-otherstore-ABCDEF"')
    return store.said()


def wrong_clock(store: Store) -> str:
    with Answering(404) as vtex:
        vtex.ahead = timedelta(minutes=10)
        store.change(store.vtex, vtex.url)
        return store.said()


def hook_not_installed(store: Store) -> str:
    store.let_in()
    return store.said()


def foreign_hook(store: Store) -> str:
    headers = {"X-VTEX-API-AppKey": KEY, "X-VTEX-API-AppToken": "token-of-the-store"}
    with Answering(200) as others:
        body = hook_request(f"{others.url}/orders", "a-key-of-the-erp")
        assert httpx.post(f"{store.vtex}/api/orders/hook/config", json=body, headers=headers).is_success
        return store.said()


def disk_that_cannot_be_written(store: Store) -> str:
    # No file may grow: for the process that is the disk that is full.
    command = f"ulimit -f 0; exec {sys.executable} -m app doctor --no-online"
    asked = subprocess.run(
        ["bash", "-c", command],
        cwd=store.file.parent,
        env=clean_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert 1 == asked.returncode, asked.stderr
    return asked.stdout


def two_processes(store: Store) -> str:
    store.start("serve").until_ready()
    # The second one, as its settings would have it, is to listen elsewhere.
    store.change('listen = "127.0.0.1:0"', 'listen = "127.0.0.1:1"')
    second = Running(store.file.parent, "serve")
    assert 4 == second.wait()
    second.close()
    return store.said()


def unreachable(scene: Scene) -> str:
    scene.proxy.close()
    return everything(scene)


def other_secret(scene: Scene) -> str:
    scene.post_unsigned()
    return everything(scene)


def rewriting_proxy(scene: Scene) -> str:
    scene.proxy.change = reformatted
    first = everything(scene)
    scene.proxy.change = shortened
    return first + everything(scene)


def everything(scene: Scene) -> str:
    return "\n".join(text for found in scene.look().values() for level, text in found if level != "ok")


MADE: Final[dict[str, Callable[[Any], str]]] = {
    "the key or its token is wrong": wrong_key,
    "the key's role lacks something": role_that_lacks_something,
    "the key is another account's": key_of_another_account,
    "the clock is wrong": wrong_clock,
    "carriers cannot reach `public_url`": unreachable,
    "VTEX's hook is not there": hook_not_installed,
    "VTEX's hook is somebody else's": foreign_hook,
    "the carrier signs with another secret": other_secret,
    "a proxy rewrites paths or bodies": rewriting_proxy,
    "the disk cannot be written": disk_that_cannot_be_written,
    "two processes use one file": two_processes,
}
WITH_A_PROXY: Final = {unreachable, other_secret, rewriting_proxy}
SHOWN_BY_THE_RELAY: Final = "its role lacks something"
"""What a key may not write shows with the first write only."""


@pytest.mark.parametrize("mistake", [mistake for mistake, make in MADE.items() if make not in WITH_A_PROXY])
def test_doctor_names_a_mistake_when_it_is_made(store: Store, mistake: str) -> None:
    said = MADE[mistake](store)

    for words in quoted()[mistake]:
        assert words in said or words == SHOWN_BY_THE_RELAY, said


@pytest.mark.parametrize("mistake", [mistake for mistake, make in MADE.items() if make in WITH_A_PROXY])
def test_doctor_names_what_is_wrong_on_the_way_in(scene: Scene, mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_OPS_TOKEN", TOKEN)

    said = MADE[mistake](scene)

    for words in quoted()[mistake]:
        assert words in said


def test_a_key_that_may_not_write_is_named_once_it_was_refused(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.change("0" * 64, hashlib.sha256(TOKEN.encode()).hexdigest())
    monkeypatch.setenv("RELAY_OPS_TOKEN", TOKEN)
    store.let_in("view-order", "list-orders", "feed-hook-view")
    store.serve()
    parcels = (
        ("9400900000000000000017", "000045781", "delivered"),
        ("9400900000000000000024", "000045782", "in-transit"),
    )
    for number, invoice, case in parcels:
        order = {"invoices": [{"invoice_number": invoice, "tracking_number": number}]}
        order_id = httpx.post(f"{store.vtex}/sandbox/api/orders", json=order).json()["order_id"]
        assert 0 == run("shipments", "add", "mystore", order_id, invoice, number).exit_code
        assert 0 == run("send", "easypost", case, "--tracking-number", number).exit_code

    until(lambda: SHOWN_BY_THE_RELAY in store.said(), seconds=30, failing=store.said)


@pytest.fixture
def closed_folder(store: Store) -> Iterator[Path]:
    folder = store.file.parent / "data"
    folder.mkdir(mode=0o500)
    yield folder
    folder.chmod(0o700)


def test_a_folder_that_the_user_may_not_write_to_is_named(store: Store, closed_folder: Path) -> None:
    # Whoever runs the tests as root may write anywhere, until that is taken away.
    drop = ["setpriv", "--bounding-set=-dac_override"] if closed_folder.owner() == "root" else []
    asked = subprocess.run(
        [*drop, sys.executable, "-m", "app", "doctor", "--no-online"],
        cwd=store.file.parent,
        env=clean_environment(),
        check=False,
        capture_output=True,
        text=True,
    )

    assert 1 == asked.returncode
    assert f"{closed_folder} cannot be written (Permission denied)" in asked.stdout
    assert [] == list(closed_folder.iterdir())
