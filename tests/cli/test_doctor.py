"""`doctor` says in plain words what is wrong, and ends with 1 when something is."""

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.store.sqlite import Ownership
from tests.cli.answering import Answering
from tests.cli.conftest import Run, Start

CONFIGURATION = """
lock_wait_seconds = 0
public_url = "https://relay.shop.example"
listen = "127.0.0.1:1"
[accounts.mystore]
app_key = "key-of-the-store"
app_token = "token-of-the-store"
base_url = "{url}"
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret-of-a-good-length"]
[[tokens]]
name = "ops"
role = "operator"
sha256 = "{digest}"
"""


class Findings(NamedTuple):
    status: int
    well: bool
    texts: dict[str, list[str]]

    def at(self, level: str) -> str:
        return "\n".join(self.texts.get(level, []))


@pytest.fixture
def doctor(run: Run) -> Callable[..., Findings]:
    def doctor(*arguments: str) -> Findings:
        result = run("doctor", "--json", *arguments)
        document = json.loads(result.stdout)
        texts: dict[str, list[str]] = {}
        for finding in document["findings"]:
            texts.setdefault(finding["level"], []).append(f"{finding['about']}: {finding['text']}")
        return Findings(result.exit_code, document["well"], texts)

    return doctor


@pytest.fixture
def vtex() -> Iterator[Answering]:
    with Answering(404) as server:
        yield server


@pytest.fixture
def configured(folder: Path, vtex: Answering, monkeypatch: pytest.MonkeyPatch) -> Path:
    known = socket.getaddrinfo

    def nowhere(host: Any, *given: Any, **more: Any) -> Any:
        if host in {"127.0.0.1", b"127.0.0.1"}:
            return known(host, *given, **more)
        raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    file = folder / "relay.toml"
    file.write_text(CONFIGURATION.format(url=vtex.url, digest="0" * 64))
    return file


def configure(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_all_is_well_where_everything_fits(doctor: Callable[..., Findings], configured: Path, vtex: Answering) -> None:
    found = doctor()

    assert (0, True) == (found.status, found.well)
    assert {"ok", "note", "warning"} == set(found.texts)
    assert found.at("warning").startswith("public_url: https://relay.shop.example cannot be reached from here")
    assert ["/api/oms/pvt/orders/carrier-relay-doctor-0", "/api/oms/pvt/orders"] == [asked.path for asked in vtex.asked]
    assert {("GET", "key-of-the-store")} == {(asked.method, asked.headers["x-vtex-api-appkey"]) for asked in vtex.asked}
    assert "mystore: VTEX knows the key" in found.at("ok")
    assert "posts to https://relay.shop.example/webhooks/easypost/mystore" in found.at("ok")
    assert "data/relay.db does not exist yet" in found.at("note")
    assert not (configured.parent / "data").exists()


def test_people_get_lines_and_a_count(run: Run, configured: Path) -> None:
    result = run("doctor", "--no-online")

    assert 0 == result.exit_code
    assert result.stdout.endswith("\n\n0 problems and 0 warnings.\n")
    assert "an-invented-secret" not in result.stdout
    assert "token-of-the-store" not in result.stdout


@pytest.mark.parametrize(
    ("status", "level", "text"),
    [
        (401, "problem", "VTEX refuses app_key and app_token (401"),
        (403, "problem", "forbids it to read orders (403)"),
        (429, "warning", "VTEX answers 429"),
        (500, "problem", "answers 500"),
    ],
)
def test_what_vtex_says_of_the_key_is_told_apart(
    doctor: Callable[..., Findings], configured: Path, vtex: Answering, status: int, level: str, text: str
) -> None:
    vtex.status = status

    found = doctor()

    assert (0 if level == "warning" else 1) == found.status
    assert text in found.at(level)


def test_a_vtex_that_cannot_be_reached_is_not_a_key_that_is_refused(
    doctor: Callable[..., Findings], configured: Path, vtex: Answering
) -> None:
    configure(configured, vtex.url, "http://127.0.0.1:1")

    found = doctor()

    assert 1 == found.status
    assert "http://127.0.0.1:1 cannot be reached" in found.at("problem")
    assert "refuses" not in found.at("problem")


def test_a_page_is_no_answer_of_an_account(doctor: Callable[..., Findings], configured: Path, vtex: Answering) -> None:
    vtex.bodies["/api/oms/pvt/orders/carrier-relay-doctor-0"] = b"<html>Nothing here</html>"

    assert "answers 404 with a page, and not as VTEX does: is there such an account?" in doctor().at("problem")


def test_nobody_is_asked_offline(doctor: Callable[..., Findings], configured: Path, vtex: Answering) -> None:
    found = doctor("--no-online")

    assert (0, []) == (found.status, vtex.asked)


@pytest.mark.parametrize(
    ("ahead", "level", "text"),
    [
        (timedelta(minutes=10), "problem", "s behind VTEX's: signed times are refused over it"),
        (timedelta(minutes=-10), "problem", "s ahead of VTEX's: signed times are refused over it"),
        (timedelta(minutes=-1), "warning", "s ahead of VTEX's: let something keep it right"),
    ],
)
def test_a_clock_that_differs_from_vtexs_is_told(
    doctor: Callable[..., Findings], configured: Path, vtex: Answering, ahead: timedelta, level: str, text: str
) -> None:
    vtex.ahead = ahead

    assert text in doctor().at(level)


def test_every_problem_of_the_settings_is_a_finding(doctor: Callable[..., Findings], folder: Path) -> None:
    (folder / "relay.toml").write_text("max_body_byte = 1\nlisten = 'here'\n")

    found = doctor()

    assert 1 == found.status
    assert ["settings", "settings"] == [text.partition(":")[0] for text in found.texts["problem"]]


def test_what_is_missing_is_said(doctor: Callable[..., Findings], folder: Path) -> None:
    found = doctor()

    assert 1 == found.status
    assert "no account is configured" in found.at("problem")
    assert "`carrier-relay token new` makes a token" in found.at("warning")
    assert "public_url: is not set" in found.at("warning")


@pytest.mark.parametrize(
    ("url", "level", "text"),
    [
        ("http://relay.shop.example", "warning", "is not https"),
        ("https://192.168.0.7", "problem", "leads to this machine or network"),
        ("https://localhost", "problem", "leads to this machine or network"),
    ],
)
def test_a_public_url_that_carriers_cannot_use_is_told(
    doctor: Callable[..., Findings], configured: Path, vtex: Answering, url: str, level: str, text: str
) -> None:
    configure(configured, "https://relay.shop.example", url)
    configure(configured, vtex.url, "https://mystore.myvtex.com")

    assert text in doctor("--no-online").at(level)


def test_weakly_protected_sources_are_told(doctor: Callable[..., Findings], configured: Path) -> None:
    sources = """
[accounts.mystore.carriers.mandae]
path_key = "guessable"
unsigned = true
[accounts.mystore.carriers.intelipost]
secrets = ["short", "an-old-secret-of-a-good-length"]
[[tokens]]"""
    configure(configured, "\n[[tokens]]", sources)

    found = doctor()

    assert 0 == found.status
    assert "mystore/mandae: path_key has 9 characters" in found.at("warning")
    assert "mystore/mandae: whoever learns its URL can post anything" in found.at("warning")
    assert "mystore/intelipost: a secret is shorter than 16 characters" in found.at("warning")
    assert "mystore/intelipost: its secret is sent as it is" in found.at("note")
    assert "mystore/intelipost: 2 secrets are live" in found.at("note")
    assert "guessable" not in str(found)


def test_a_carrier_that_there_is_not_is_a_problem(doctor: Callable[..., Findings], configured: Path) -> None:
    configure(configured, "carriers.easypost", "carriers.easypots")

    found = doctor()

    assert 1 == found.status
    assert "accounts.mystore.carriers.easypots names no carrier; did you mean 'easypost'?" in found.at("problem")


def test_a_database_is_looked_at_and_its_owner_named(
    run: Run, doctor: Callable[..., Findings], configured: Path
) -> None:
    run("migrate")
    free = doctor()
    owned = Ownership(configured.parent / "data" / "relay.db", wait_seconds=0)
    busy = doctor()
    owned.release()

    assert "nobody uses it now" in free.at("ok")
    assert "database: it has this release's schema" in free.at("ok")
    assert 1 == busy.status
    assert "is owned by another process (pid " in busy.at("problem")


def test_a_file_that_is_no_database_is_a_problem(doctor: Callable[..., Findings], configured: Path) -> None:
    folder = configured.parent / "data"
    folder.mkdir()
    (folder / "relay.db").write_text("this is a letter to a friend, and certainly no database\n" * 50)

    found = doctor()

    assert 1 == found.status
    assert "the database cannot be read" in found.at("problem")


def test_a_database_that_was_never_migrated_is_noted(doctor: Callable[..., Findings], configured: Path) -> None:
    folder = configured.parent / "data"
    folder.mkdir()
    (folder / "relay.db").touch()

    assert "it is empty, this release's is" in doctor().at("note")


def test_a_database_of_a_newer_release_is_a_problem_unless_it_says_that_this_one_works_on_it(
    run: Run, doctor: Callable[..., Findings], configured: Path
) -> None:
    run("migrate")
    with closing(sqlite3.connect(configured.parent / "data/relay.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "a newer release made, and this release works on it" in doctor().at("ok")

    with closing(sqlite3.connect(configured.parent / "data/relay.db")) as connection, connection:
        connection.execute("UPDATE compatibility SET served_from = '9999'")
    assert "it is at revision 9999, which a newer release made: run that one" in doctor().at("problem")


def test_a_database_url_that_this_release_cannot_use_is_a_problem(
    doctor: Callable[..., Findings], configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_DATABASE_URL", "sqlite:////proc/self/nowhere/relay.db")

    assert "database: " in doctor().at("problem")


def test_a_relay_that_runs_is_found_ready(start: Start, doctor: Callable[..., Findings], configured: Path) -> None:
    url = start("serve", "--port", "0").until_ready().find(r"(\S+)/livez")
    configure(configured, 'listen = "127.0.0.1:1"', f'listen = "{url.removeprefix("http://")}"')

    assert f"relay: one is ready at {url}" in doctor().at("ok")


def test_something_else_in_the_relays_place_is_a_problem(
    doctor: Callable[..., Findings], configured: Path, vtex: Answering
) -> None:
    configure(configured, 'listen = "127.0.0.1:1"', f'listen = "{vtex.url.removeprefix("http://")}"')

    assert "something else than a relay listens" in doctor().at("problem")
