"""What `try` prints is a contract: scripts and carriers' engineers read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.carriers import adapters, find
from app.cli.saved import guess_content_type
from app.cli.trying import UNREADABLE
from app.examples import FOLDER, example, examples
from app.web.catalogue import CATALOGUE
from tests.cli.conftest import Run

DELIVERED = str(FOLDER / "easypost" / "delivered.http")
KEYS = {"carrier", "adapter_version", "events", "ignored", "warnings"}
EVENT_KEYS = {
    "tracking_number",
    "code",
    "milestone",
    "occurred_at",
    "city",
    "state",
    "description",
    "event_id",
    "references",
}
REFERENCE_KEYS = {"order_id", "invoice_number", "invoice_key"}


def promised(document: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a golden document that `try` promises."""
    events = [{key: event[key] for key in EVENT_KEYS} for event in document["events"]]
    return {**{key: document[key] for key in KEYS}, "events": events}


@pytest.mark.parametrize("slug", sorted(adapters()))
def test_every_sample_maps_to_its_golden_document(run: Run, slug: str) -> None:
    for case in examples(slug):
        result = run("try", slug, str(FOLDER / slug / f"{case.name}.http"), "--json")
        document = json.loads(result.stdout)
        assert case.expected is not None
        if result.exit_code == 0:
            assert promised(json.loads(case.expected)) == document, case.name
            assert all(set(event["references"]) == REFERENCE_KEYS for event in document["events"])
        else:
            assert (2, set(UNREADABLE) | {"detail"}) == (result.exit_code, set(document)), case.name


def test_a_body_that_cannot_be_read_is_a_problem_document_and_exit_status_2(run: Run) -> None:
    result = run("try", "easypost", "-", "--json", stdin=b'{"result": 1')

    problem = json.loads(result.stdout)
    assert 2 == result.exit_code
    assert "" == result.stderr
    assert UNREADABLE == {key: problem[key] for key in UNREADABLE}
    assert problem["detail"].startswith("$")


def test_the_problem_is_the_one_that_the_http_interface_knows() -> None:
    kind = CATALOGUE["malformed-payload"]

    assert {"type": f"/problems/{kind.slug}", "title": kind.title, "status": kind.status} == UNREADABLE


def test_without_json_an_unreadable_body_is_a_sentence(run: Run) -> None:
    result = run("try", "mandae", "-", stdin=b"{}[")

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("carrier-relay: Mandaê cannot be read: $")


def test_people_get_a_table_and_where_each_field_stood(run: Run) -> None:
    result = run("try", "easypost", DELIVERED)

    assert 0 == result.exit_code
    assert result.stdout.startswith("EasyPost, adapter version ")
    assert "DELIVERED" in result.stdout
    assert "$.result.tracking_code" in result.stdout


def test_a_part_that_is_no_event_is_shown_with_its_reason(run: Run) -> None:
    result = run("try", "easypost", str(FOLDER / "easypost" / "batch-created.http"))

    assert "0 events" in result.stdout
    assert "Ignored: an event about a batch of labels" in result.stdout


def test_a_body_alone_maps_like_the_whole_request(run: Run, folder: Path) -> None:
    (folder / "body.bin").write_bytes(example("jt-express-br", "delivered").webhook.body)

    alone = run("try", "jt-express-br", "body.bin", "--json")
    whole = run("try", "jt-express-br", str(FOLDER / "jt-express-br" / "delivered.http"), "--json")

    assert 0 == alone.exit_code
    assert whole.stdout == alone.stdout


def test_a_raw_request_is_read_from_standard_input(run: Run) -> None:
    result = run("try", "easypost", "-", "--json", stdin=Path(DELIVERED).read_bytes())

    assert run("try", "easypost", DELIVERED, "--json").stdout == result.stdout


def test_no_configuration_is_read(run: Run, folder: Path) -> None:
    (folder / "relay.toml").write_text("this is no TOML")

    assert 0 == run("try", "easypost", DELIVERED).exit_code


@pytest.mark.parametrize(
    ("slug", "body", "expected"),
    [
        ("easypost", b'\xef\xbb\xbf  {"a": 1}', "application/json"),
        ("easypost", b"[]", "application/json"),
        ("jt-express-br", b"bizContent=%7B%7D", "application/x-www-form-urlencoded"),
        ("jt-express-br", b'{"bizContent": "{}"}', "application/json"),
        ("jt-express-br", b"", ""),
        ("easypost", b"<xml/>", ""),
        ("easypost", b"\x00\x01", "application/json"),
    ],
)
def test_the_content_type_is_told_from_the_body(slug: str, body: bytes, expected: str) -> None:
    assert expected == guess_content_type(find(slug), body)


def test_a_content_type_that_a_relay_would_refuse_is_told(run: Run) -> None:
    result = run("try", "easypost", DELIVERED, "--content-type", "text/csv")

    assert "A relay answers 415 to text/csv: this carrier sends application/json." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("easypots", DELIVERED), "no carrier is called 'easypots'; did you mean easypost?"),
        (("easypost", "missing.json"), "missing.json cannot be read: No such file or directory"),
        (("easypost", DELIVERED, "--header", "nonsense"), "--header 'nonsense' is no header; write 'Name: value'"),
        (("easypost", DELIVERED, "--secret-file", "missing"), "--secret-file missing cannot be read"),
    ],
)
def test_wrong_arguments_end_with_2_and_a_sentence(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    result = run("try", *arguments)

    assert 2 == result.exit_code
    assert problem in result.stderr
    assert "Traceback" not in result.stderr
