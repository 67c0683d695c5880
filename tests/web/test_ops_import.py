"""Shipments come in by file: what is right is in, what is wrong is told row by row, and nothing is half in."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.web.stage import Relay, webhook_body

HEAD = "account,order_id,invoice_number,tracking_numbers,invoice_key,courier,invoiced_at"
ROW = "mystore,1527103869572-01,000045781,QX004512345BR,,,"
CSV, NDJSON = "text/csv", "application/x-ndjson"


def sent(relay: Relay, body: Any, media_type: str = CSV, token: str = "operator", **query: str) -> Any:
    headers = {"Authorization": f"Bearer token-of-{token}", "Content-Type": media_type}
    content = body.encode() if isinstance(body, str) else body
    return relay.http.post("/ops/v1/shipments/import", content=content, headers=headers, params=query)


def imported(relay: Relay, body: Any, media_type: str = CSV, **more: str) -> list[dict[str, Any]]:
    """Import, and return what was told; the last line without its duration."""
    answer = sent(relay, body, media_type, **more)
    assert (200, NDJSON) == (answer.status_code, answer.headers["content-type"]), answer.text
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert told[-1].pop("seconds") >= 0
    return told


def summary(**counts: int) -> dict[str, Any]:
    return {"kind": "summary", "rows": 0, "created": 0, "known": 0, "woken": 0, "refused": 0, "unreported": 0} | counts


def bad(told: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(line["line"], line["field"], line["problem"]) for line in told if line["kind"] == "row"]


def shipments(relay: Relay) -> dict[tuple[str, str, str], list[str]]:
    items = relay.ops("GET", "/shipments", params={"limit": "500"}).json()["items"]
    return {
        (item["account"], item["order_id"], item["invoice_number"]): item["tracking_numbers"]
        for item in reversed(items)
    }


@pytest.mark.parametrize(
    "body",
    [
        f"{HEAD}\n{ROW}\n",
        f"{HEAD}\r\n{ROW}\r\n",
        f"\ufeff{HEAD}\n{ROW}",
        f"{HEAD}\n{ROW}\n".replace(",", ";"),
        f"{HEAD}\n{ROW}\n".replace(",", "\t"),
        f"\n{ROW}\n\n,,,,,,\n".replace("\n", f"{HEAD}\n", 1),
        'Order ID;INVOICE-NUMBER;Account;tracking_numbers\n1527103869572-01;"000045781";mystore;"QX004512345BR"',
    ],
    ids=["plain", "CRLF", "BOM, no last newline", "semicolons", "tabs", "empty lines", "other order and quotes"],
)
def test_csv_is_read_however_it_was_saved(relay: Relay, body: str) -> None:
    told = imported(relay, body)

    assert [("summary", 1, 1)] == [(line["kind"], line["rows"], line["created"]) for line in told]
    assert {("mystore", "1527103869572-01", "000045781"): ["QX004512345BR"]} == shipments(relay)


def test_ndjson_is_read_with_numbers_as_list_or_text(relay: Relay) -> None:
    rows: list[dict[str, Any]] = [
        {"order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["A 1", "A2"]},
        {"order_id": "v2-01", "invoice_number": 2, "tracking_numbers": "B1; B2, B3", "courier": None},
        {"account": "other", "order_id": "v3-01", "invoice_number": "3", "tracking_numbers": []},
    ]
    body = "\n\n".join(json.dumps(row) for row in rows)

    assert [summary(line=5, rows=3, created=3)] == imported(relay, body, NDJSON, account="mystore")
    assert {
        ("mystore", "v1-01", "1"): ["A 1", "A2"],
        ("mystore", "v2-01", "2"): ["B1", "B2", "B3"],
        ("other", "v3-01", "3"): [],
    } == shipments(relay)


def test_numbers_side_by_side_are_two_and_a_number_with_spaces_is_one(relay: Relay) -> None:
    imported(relay, f"{HEAD}\nmystore,v1-01,1,QX004512345BR QX004512346BR|QX 0045.12347-BR,,,\n")

    (numbers,) = shipments(relay).values()
    assert {"QX004512345BR", "QX004512346BR", "QX 0045.12347-BR"} == set(numbers)


def test_a_value_may_hold_newlines_and_the_lines_after_it_are_counted_right(relay: Relay) -> None:
    told = imported(relay, f'{HEAD}\nmystore,v1-01,1,,,"Fast\nand ""furious""",\nmystore,v2-01,2/3,,,,\n')

    assert [4] == [line for line, *_ in bad(told)]
    assert {("mystore", "v1-01", "1")} == set(shipments(relay))
    assert 'Fast\nand "furious"' == relay.ops("GET", "/shipments").json()["items"][0]["courier"]


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        ("mystore,,1,,,,", "order_id", "is empty"),
        ("mystore,v1-01,,,,,", "invoice_number", "is empty"),
        (",v1-01,1,,,,", "account", "is empty"),
        ("nobody,v1-01,1,,,,", "account", "no account of this name is configured, or the token may not write to it"),
        ("mystore,v1-01,1/2,,,,", "invoice_number", "VTEX cannot take it"),
        ("mystore,v1/01,1,,,,", "order_id", "String should match pattern"),
        ("mystore,v1-01,1,,3.52603E+43,,", "invoice_key", "a spreadsheet turned the number into scientific notation"),
        ("mystore,v1-01,1,,,,20260304", "invoiced_at", "is no time with an offset"),
        ("mystore,v1-01,1,,,,2026-03-04T15:04:31", "invoiced_at", "Input should have timezone info"),
        ("mystore,v1-01,1,\u0007,,,", "tracking_numbers", "must be a text of 1 to 100 printable characters"),
        ("mystore,v1-01,1", "", "it has 3 values where the first line names 7 columns"),
        ("mystore,v1-01,1,,,,,", "", "it has 8 values where the first line names 7 columns"),
        ("x" * 70_000, "", "the line is longer than 65536 bytes"),
        ('mystore,v1-01,1,,,"open,', "", "a quotation mark is opened and not closed within 50 lines"),
    ],
)
def test_a_bad_row_is_told_with_line_field_and_advice_and_the_others_are_in(
    relay: Relay, row: str, field: str, problem: str
) -> None:
    told = imported(relay, f"{HEAD}\nmystore,v0-01,1,,,,\n{row}\nmystore,v9-01,1,,,,\n")

    ((line, named, said),) = bad(told)
    assert (3, field) == (line, named)
    assert said.startswith(problem)
    assert all(line["advice"] for line in told if line["kind"] == "row")
    assert summary(line=4, rows=2, created=2, refused=1) == told[-1]
    assert ["v0-01", "v9-01"] == sorted(order for _, order, _ in shipments(relay))


@pytest.mark.parametrize(
    ("body", "line", "problem"),
    [
        ('{"order_id": "v1-01"', 1, "the line is not JSON"),
        ("[]", 1, "the line is JSON, but no object"),
        ('{"order": "v1-01"}', 1, "is no field of an import"),
        ('\n{"order_id": 1, "invoice_number": [], "account": "mystore"}', 2, "Input should be a valid string"),
        ('{"order_id": "v", "invoice_number": "1", "tracking_numbers": {"a": 1}}', 1, "is neither a text nor a list"),
        ("[" * 60_000, 1, "the line is nested too deeply"),
    ],
)
def test_a_bad_line_of_ndjson_is_told(relay: Relay, body: str, line: int, problem: str) -> None:
    told = imported(relay, body, NDJSON, account="mystore")

    ((where, _, said),) = bad(told)
    assert line == where
    assert said.startswith(problem)
    assert {} == shipments(relay)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", "line 1: there is nothing to import"),
        ("account,order_id,invoice\n", "line 1: invoice: is no column of an import; call it invoice_number"),
        ("account,pedido,invoice_number\n", "line 1: pedido: is no column of an import; leave it out"),
        ("account,order_id,order id,invoice_number\n", "line 1: order_id: is there twice"),
        ("account,order_id\n", "line 1: invoice_number: is missing from the first line"),
        ("order_id,invoice_number\n", "line 1: account: is missing from the first line"),
        (f"{HEAD}\n".encode("utf-16"), "line 1: the file is UTF-16; save the file as UTF-8"),
        ("conta é,order_id\n".encode("latin-1"), "line 1: the line is not UTF-8 at its byte 7"),
        ("x" * 70_000, "line 1: the line is longer"),
    ],
    ids=["empty", "near", "foreign", "twice", "no invoice", "no account", "UTF-16", "Latin-1", "long"],
)
def test_a_first_line_that_is_wrong_refuses_the_whole_file(relay: Relay, body: Any, detail: str) -> None:
    answer = sent(relay, body)

    assert (422, "/problems/invalid-request") == (answer.status_code, answer.json()["type"])
    assert answer.json()["detail"].startswith(detail)


def test_a_line_in_another_encoding_is_told_and_the_others_are_in(relay: Relay) -> None:
    body = f"{HEAD}\nmystore,v1-01,1,,,Expresso,\n".encode() + "mystore,v2-01,2,,,Rápido,\n".encode("latin-1")

    told = imported(relay, body)

    assert [(3, "", "the line is not UTF-8 at its byte 20")] == bad(told)
    assert "save the file as UTF-8" in told[0]["advice"]


@pytest.mark.parametrize(
    ("token", "status"), [("", 401), ("nobody", 401), ("viewer", 403), ("support", 403), ("operator", 200)]
)
def test_only_operators_import(relay: Relay, token: str, status: int) -> None:
    assert status == sent(relay, f"{HEAD}\n{ROW}\n", token=token).status_code
    assert (1 if status == 200 else 0) == len(shipments(relay))


def test_each_row_is_held_against_the_accounts_of_the_token(relay: Relay) -> None:
    told = imported(relay, f"{HEAD}\n{ROW}\nother,v1-01,1,,,,\n", token="mystore-operator")

    assert [(3, "account")] == [(line, field) for line, field, _ in bad(told)]
    assert {"mystore"} == {account for account, *_ in shipments(relay)}
    assert 403 == sent(relay, f"{HEAD}\n", token="mystore-operator", account="other").status_code
    assert "/problems/unknown-account" == sent(relay, f"{HEAD}\n", account="nobody").json()["type"]


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "application/json"}, {}, {"Content-Type": CSV, "Content-Encoding": "gzip"}], ids=str
)
def test_another_type_of_body_is_415(relay: Relay, headers: dict[str, str]) -> None:
    answer = relay.ops("POST", "/shipments/import", token="operator")
    assert 415 == answer.status_code
    authorised = {"Authorization": "Bearer token-of-operator", **headers}
    assert 415 == relay.http.post("/ops/v1/shipments/import", content=b"x", headers=authorised).status_code


def test_importing_again_changes_nothing_and_what_waited_is_woken(relay: Relay) -> None:
    relay.deliver(webhook_body("QX004512345BR"))
    relay.read()
    body = f"{HEAD}\n{ROW}\n" + "".join(f"mystore,v{n}-01,{n},N{n},,,\n" for n in range(450))

    first, again = imported(relay, body), imported(relay, body)

    assert [summary(line=452, rows=451, created=451, woken=1)] == first
    assert [summary(line=452, rows=451, known=451)] == again
    assert [relay.dependencies.now()] == relay.woken
    assert "due" == relay.ops("GET", "/shipments", params={"order_id": "1527103869572-01"}).json()["items"][0]["state"]


def test_a_client_that_sends_all_before_it_reads_gets_its_answer(relay: Relay) -> None:
    """Twenty thousand bad rows are more than any buffer between the two holds."""
    told = imported(relay, f"{HEAD}\n" + "mystore,,1,,,,\n" * 20_000 + ROW)

    assert 20_000 == told[-1]["refused"]
    assert 1 == told[-1]["rows"]
    assert told[-1]["refused"] == len(bad(told)) + told[-1]["unreported"]
    assert len(bad(told)) >= 5_000


class TestWhileItRuns:
    HEAD_OF_REQUEST = (
        b"POST /ops/v1/shipments/import HTTP/1.1\r\nHost: relay.example\r\nContent-Type: text/csv\r\n"
        b"Authorization: Bearer token-of-operator\r\nTransfer-Encoding: chunked\r\n\r\n"
    )

    def pieces(self, text: str) -> Iterator[bytes]:
        for piece in (text[:7], text[7:]):
            yield f"{len(piece.encode()):x}\r\n".encode() + piece.encode() + b"\r\n"

    def test_the_answer_begins_before_the_body_has_ended(self, relay: Relay) -> None:
        with closing(socket.create_connection(("127.0.0.1", relay.stage.port), timeout=10)) as connection:
            connection.sendall(self.HEAD_OF_REQUEST + b"".join(self.pieces(f"{HEAD}\nmystore,,1,,,,\n")))
            told = b""
            while b'"field": "order_id"' not in told:
                told += connection.recv(65536)
            connection.sendall(b"".join(self.pieces(f"{ROW}\n")) + b"0\r\n\r\n")
            while b'"summary"' not in told:
                told += connection.recv(65536)

        assert 1 == len(shipments(relay))

    def test_of_a_sender_that_goes_away_whole_chunks_are_in(self, relay: Relay) -> None:
        rows = "".join(f"mystore,v{n}-01,{n},,,,\n" for n in range(250))
        seen = set()
        with closing(socket.create_connection(("127.0.0.1", relay.stage.port), timeout=10)) as connection:
            connection.sendall(self.HEAD_OF_REQUEST + b"".join(self.pieces(f"{HEAD}\n{rows}")))
            # Gone before that, it may take with it what was not read yet.
            while 200 not in seen:
                seen.add(len(shipments(relay)))
        for _ in range(20):
            seen.add(len(shipments(relay)))
        assert {200} <= seen <= {0, 100, 200}
