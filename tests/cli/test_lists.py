"""Any list of a running relay, as a table, JSON or CSV; and what is changed by command beside it."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from app.carriers import adapters
from app.cli.lists import LISTS
from app.web import schemas
from app.web.routes import document
from tests.cli.answering import Answering
from tests.cli.conftest import Run

EVENT = {"id": "ev_1", "code": "=1+1", "milestone": "UNKNOWN", "owner": "mystore", "subject": "a\x1b[2Jb", "size": 3}


@pytest.fixture
def relay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    assert folder.is_dir()
    with Answering() as answering:
        monkeypatch.setenv("RELAY_OPS_URL", answering.url)
        monkeypatch.setenv("RELAY_OPS_TOKEN", "an-invented-token")
        answering.bodies["/ops/v1/events"] = json.dumps({"items": [EVENT], "next": None}).encode()
        yield answering


def test_every_filter_and_path_is_one_that_the_interface_has() -> None:
    paths = document(adapters())["paths"]
    for what, each in LISTS.items():
        taken = {parameter["name"] for parameter in paths[f"/ops/v1{each.path}"]["get"].get("parameters", ())}
        assert set(each.filters) <= taken, what
        # What the interface takes and the command does not would be missed; `owner` is `account` by another name.
        assert taken - {"limit", "cursor", "owner"} <= set(each.filters), what


def test_every_column_is_one_that_the_list_shows() -> None:
    shown: Mapping[str, type[BaseModel]] = {
        "webhooks": schemas.WebhookItem,
        "refusals": schemas.RefusalItem,
        "events": schemas.EventItem,
        "attempts": schemas.AttemptItem,
        "shipments": schemas.ShipmentItem,
        "quiet": schemas.QuietItem,
        "dead": schemas.DeadCauseItem,
        "parked": schemas.SubjectItem,
        "unmatched": schemas.SubjectItem,
        "unknown-codes": schemas.UnknownCode,
        "sources": schemas.Source,
        "accounts": schemas.AccountItem,
        "audit": schemas.AuditItem,
        "tokens": schemas.TokenItem,
    }
    assert LISTS.keys() == shown.keys()
    for what, each in LISTS.items():
        assert set(each.columns) <= set(shown[what].model_fields), what


def test_a_terminal_does_not_obey_what_it_is_shown(relay: Answering, run: Run) -> None:
    shown = run("list", "events", "--where", "code==1+1")

    assert 0 == shown.exit_code
    assert "a·[2Jb" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_csv_is_safe_to_open_and_json_keeps_its_numbers(relay: Answering, run: Run) -> None:
    (row,) = csv.DictReader(io.StringIO(run("list", "events", "--form", "csv").stdout))

    assert "'=1+1" == row["code"]
    assert {"items": [EVENT]} == json.loads(run("list", "events", "--json").stdout)
    assert EVENT == json.loads(run("list", "events", "--form", "ndjson").stdout)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "nothing"], "there are webhooks"),
        (["list", "events", "--where", "colour=red"], "filters of events"),
        (["list", "events", "--where", "code"], "takes name=value"),
        (["shipments", "list", "--quiet", "5d", "--order", "v1-01"], "--account only"),
    ],
)
def test_what_is_no_list_and_no_filter_is_told_with_those_there_are(
    relay: Answering, run: Run, arguments: list[str], told: str
) -> None:
    found = run(*arguments)

    assert (2, True) == (found.exit_code, told in found.output)
    assert [] == relay.asked


def test_quiet_shipments_leave_as_csv(relay: Answering, run: Run) -> None:
    item = {"id": "sh_1", "order_id": "v1-01", "quiet_days": 6.5, "tracking_numbers": ["A", "B"]}
    relay.bodies["/ops/v1/shipments/quiet"] = json.dumps({"items": [item], "next": None}).encode()

    (row,) = csv.DictReader(io.StringIO(run("shipments", "list", "--quiet", "5d", "--csv").stdout))

    assert ("v1-01", "6.5", "A; B") == (row["order_id"], row["quiet_days"], row["tracking_numbers"])
    assert "ID  " in run("shipments", "list", "--quiet", "5d").stdout


def test_a_token_is_made_rotated_and_taken_back(relay: Answering, run: Run) -> None:
    made = {"name": "night", "role": "operator", "expires_at": None, "old_until": "2026-03-05", "token": "relay_x"}
    for path in ("", "/night/rotate", "/night/revoke"):
        relay.bodies[f"/ops/v1/tokens{path}"] = json.dumps(made).encode()

    assert "relay_x" in run("token", "create", "night", "--role", "operator", "--accounts", "a,b").stdout
    assert "opens until 2026-03-05" in run("token", "rotate", "night").stdout
    assert "opens nothing any more" in run("token", "revoke", "night", "--reason", "left").stdout
    assert ["/ops/v1/tokens", "/ops/v1/tokens/night/rotate", "/ops/v1/tokens/night/revoke"] == [
        each.path for each in relay.asked
    ]


def test_a_correction_is_sent(relay: Answering, run: Run) -> None:
    relay.bodies["/ops/v1/shipments/sh_1/corrections"] = b'{"id": "sh_1", "order_id": "v1-01"}'

    said = run("shipments", "correct", "sh_1", "entrega em verificação", "--reason", "asked")

    assert (0, True) == (said.exit_code, "order v1-01" in said.stdout)


def test_an_account_is_limited(relay: Answering, run: Run) -> None:
    held = {"is_limited": True, "rate_per_second": 2.5, "concurrency": 3}
    relay.bodies["/ops/v1/accounts/mystore/limits"] = json.dumps(held).encode()

    said = run("accounts", "limit", "mystore", "--rate", "2.5", "--concurrency", "3", "--reason", "gently")

    assert (0, "mystore: 2.5 calls per second, 3 in flight, by an operator.\n") == (said.exit_code, said.stdout)
