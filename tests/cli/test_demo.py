"""With no account configured `serve` is a demonstration, which newcomers can talk to."""

import re
import shlex
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Self

import httpx
import pytest

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.demo.parcels import ACCOUNT, PARCELS, Parcel
from app.main import sources_of
from app.settings import load_settings
from tests.cli.processes import Running, clean_environment

ARRIVAL_SECONDS = 20.0


class Demo(Running):
    """A demonstration, with the orders' pages as they were when it said that it was ready."""

    pages: dict[str, str]

    def until_ready(self) -> Self:
        super().until_ready()
        self.pages = {page: httpx.get(page).text for page in map(self.page_of, PARCELS)}
        return self

    def page_of(self, parcel: Parcel) -> str:
        return self.find(rf"(http://\S+/orders/{parcel.order_id}\S*)")

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command in the folder of the demonstration."""
        started = Running(self.folder, *arguments)
        try:
            return subprocess.CompletedProcess(arguments, started.wait(), started.rest(), started.errors)
        finally:
            started.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"), "serve", "--port", "0")
    try:
        yield running.until_ready()
    finally:
        running.close()


def parcel_of(carrier: str) -> Parcel:
    (parcel,) = [parcel for parcel in PARCELS if parcel.carrier == carrier]
    return parcel


def rows_on(page: str) -> int:
    """Count the rows of all timelines on an order's page, as its reader would."""
    return page.count('<td class="when">')


def until(true: Callable[[], bool]) -> None:
    pause, deadline = threading.Event(), time.monotonic() + ARRIVAL_SECONDS
    while not true():
        if time.monotonic() > deadline:
            pytest.fail("what the test waits for did not come about")
        pause.wait(0.05)


def test_the_rows_of_every_relayed_sample_are_on_its_orders_page(demo: Demo) -> None:
    expected: dict[str, int] = {}
    for parcel in PARCELS:
        page = demo.page_of(parcel)
        expected[page] = expected.get(page, 0) + parcel.events

    assert len({parcel.carrier for parcel in PARCELS}) >= 3
    assert expected == {page: rows_on(text) for page, text in demo.pages.items()}
    assert all(parcel.tracking_number in demo.pages[demo.page_of(parcel)] for parcel in PARCELS)


def test_send_reaches_the_demonstration_without_any_configuration(demo: Demo) -> None:
    page = demo.page_of(parcel_of("easypost"))

    sent = demo.call("send", "easypost", "delivered")

    assert 0 == sent.returncode, sent.stderr
    assert '"status": "accepted"' in sent.stdout
    assert page in sent.stdout
    until(lambda: rows_on(httpx.get(page).text) > rows_on(demo.pages[page]))
    assert ("Delivered on" in demo.pages[page], "Delivered on" in httpx.get(page).text) == (False, True)


def test_a_sample_with_a_number_of_nobody_is_taken_and_says_which_numbers_have_orders(demo: Demo) -> None:
    sent = demo.call("send", "mandae", "delivered", "--tracking-number", "ZZ0000017", "--repeat", "2")

    assert 0 == sent.returncode, sent.stderr
    assert ["accepted", "duplicate"] == re.findall(r'"status": "(\w+)"', sent.stdout)
    assert "No order has the number ZZ0000017" in sent.stdout
    assert all(parcel.tracking_number in sent.stdout for parcel in PARCELS)


def test_a_carrier_that_signs_with_its_own_key_is_not_sent_for_without_one(demo: Demo) -> None:
    sent = demo.call("send", "shipengine", "in-transit")

    assert (2, "") == (sent.returncode, sent.stdout)
    assert "only the carrier holds the private key" in sent.stderr
    assert "--private-key FILE" in sent.stderr


def test_the_curl_command_that_it_prints_is_signed_and_refused_when_a_byte_changes(demo: Demo) -> None:
    words = shlex.split(demo.find(r"(curl -i .+)"))
    url, file = words[2], Path(words[-1].removeprefix("@"))
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    body = file.read_bytes()

    genuine = httpx.post(url, headers=headers, content=body)
    changed = httpx.post(url, headers=headers, content=body.replace(b"100", b"101", 1))

    assert (200, 401) == (genuine.status_code, changed.status_code)


def test_the_operators_token_that_it_prints_opens_the_interface(demo: Demo) -> None:
    words = shlex.split(demo.find(r"(curl -H .+)"))
    name, value = words[2].split(": ", 1)

    listed = httpx.get(words[3], headers={name: value})

    assert sum(len(parcel.cases) for parcel in PARCELS) <= len(listed.json()["items"])


def test_the_try_command_that_it_prints_works(demo: Demo) -> None:
    words = shlex.split(demo.find(r"\n\s+(\S.* try \S+ \S+)"))

    assert 0 == demo.call(*words[words.index("try") :]).returncode


def test_its_vtex_tells_it_of_orders_by_the_hook_that_it_installed(demo: Demo) -> None:
    shown = demo.call("hook", "show", "demo")

    assert 0 == shown.returncode, shown.stderr
    assert "VTEX's order hook of demo tells this relay." in shown.stdout
    assert "/vtex/demo/orders-hook" in shown.stdout


def test_its_secrets_are_for_its_owner_only(demo: Demo) -> None:
    file = demo.folder / "data" / "demo.json"

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(file.parent.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_0_and_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = Running(tmp_path, "serve", "--port", "0", environment=clean_environment(TMPDIR=str(scratch)))
    try:
        running.until_ready()
        busy = [path.name for path in scratch.iterdir()]
        status = running.stop(number)
    finally:
        running.close()

    assert (1, 0) == (len(busy), status)
    assert [] == list(scratch.iterdir())
    assert [] == list((tmp_path / "data").iterdir())
    # What it says of its last calls is no complaint.
    assert [] == [line for line in running.errors.splitlines() if "Z INFO " not in line]


def test_asked_to_stop_while_it_sets_up_it_leaves_nothing_behind_either(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = Running(tmp_path, "serve", "--port", "0", environment=clean_environment(TMPDIR=str(scratch)))
    try:
        until(lambda: any(scratch.iterdir()))
        status = running.stop()
    finally:
        running.close()

    assert 0 == status, running.errors
    assert [] == list(scratch.iterdir())


def test_every_carrier_is_configured_with_secrets_that_differ_each_time(tmp_path: Path) -> None:
    def made() -> dict[str, str]:
        return demo_variables(
            adapters(), folder=tmp_path, vtex_url="http://127.0.0.1:9", app_key="k", app_token="t", ops_token="o"
        )

    first, second = made(), made()
    sources = sources_of(load_settings(first, config=_empty(tmp_path)), adapters())

    assert set(adapters()) == {source.adapter.slug for source in sources}
    assert {(ACCOUNT,)} == {source.accounts for source in sources}
    differing = {name for name in first if first[name] != second[name]}
    with_secrets = {name for name in first if "CARRIERS" in name and first[name] != "{}"}
    assert {*with_secrets, f"RELAY_ACCOUNTS__{ACCOUNT.upper()}__HOOK_KEY"} == differing


def _empty(folder: Path) -> Path:
    file = folder / "empty.toml"
    file.write_text("")
    return file
