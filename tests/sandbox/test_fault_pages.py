"""The Faults page: its forms, whom they trust, and what the journal tells."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.sandbox.fault_forms import KIND_NAMES
from app.sandbox.fault_words import FAULT_WORDS
from app.sandbox.words import WORDS
from tests.sandbox.conftest import COLLECTED, Oms, Start

PAGE = "/faults"
TOKEN = re.compile(r'name="token" value="([^"]+)"')


def token(oms: Oms) -> str:
    match = TOKEN.search(oms.http.get(PAGE).text)
    assert match
    return match[1]


def send(oms: Oms, path: str = PAGE, **fields: str) -> httpx.Response:
    return oms.http.post(path, data={"token": token(oms), **fields})


def items(oms: Oms) -> list[Any]:
    found = oms.http.get("/sandbox/api/faults").json()["items"]
    assert isinstance(found, list)
    return found


def text(answer: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


FORM = {
    "moment": "after",
    "seconds": "0.5",
    "status": "429",
    "body": "html",
    "retry_after_form": "date",
    "retry_after_seconds": "30",
    "threshold": "3",
    "description": "Por telefone",
    "account": " mystore ",
    "route": "put-tracking",
    "order_id": "",
    "percent": "12.5",
    "count": "4",
    "seed": "",
}
TARGET = {"account": "mystore", "route": "put-tracking", "order_id": None}
CHANCE = {"probability": 0.125, "count": 4, "seed": None, "hits": 0, "remaining": 4}


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("latency", {"seconds": 0.5, "moment": "after", **CHANCE}),
        ("drop", {"moment": "after", **CHANCE}),
        (
            "error",
            {
                "status": 429,
                "moment": "after",
                "body": "html",
                "retry_after_form": "date",
                "retry_after_seconds": 30,
                **CHANCE,
            },
        ),
        ("malformed", CHANCE),
        ("slow-body", {"seconds": 0.5, **CHANCE}),
        ("revoked", CHANCE),
        ("read-delay", {"seconds": 0.5, **CHANCE}),
        ("foreign-row", {"moment": "after", "description": "Por telefone", **CHANCE}),
        ("circuit-breaker", {"seconds": 0.5, "threshold": 3, "hits": 0, "open_until": None}),
    ],
)
def test_the_form_makes_every_kind_of_fault_of_what_that_kind_has(oms: Oms, kind: str, own: dict[str, Any]) -> None:
    answer = send(oms, **FORM, kind=kind)

    assert (303, "/faults") == (answer.status_code, answer.headers["location"])
    assert [{"id": 1, "kind": kind, **TARGET, **own}] == items(oms)


def test_the_form_offers_every_kind_and_every_route(oms: Oms) -> None:
    page = oms.http.get(PAGE).text

    offered = re.findall(r'<option value="([^"]*)"', page)
    assert {*KIND_NAMES, "put-tracking", "get-order", "list-orders", "unknown"} <= set(offered)


def test_an_absent_retry_after_is_none(oms: Oms) -> None:
    send(oms, **{**FORM, "retry_after_form": "absent"}, kind="error")

    assert [None] == [item["retry_after_seconds"] for item in items(oms)]


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"kind": "error", "status": "302", "count": "0"}, "Status , For the next … hits"),
        ({"kind": "error", "status": ""}, "Status"),
        ({"kind": "latency", "seconds": "soon", "percent": "all"}, "Seconds , Percent of the calls"),
        ({"kind": "drop", "percent": "101"}, "Percent of the calls"),
        ({"kind": "drop", "route": "nowhere"}, "Route"),
        ({"kind": "flood"}, "What goes wrong"),
        ({}, "What goes wrong"),
    ],
)
def test_a_form_that_is_no_fault_says_which_fields_to_put_right_and_keeps_the_others(
    oms: Oms, fields: dict[str, str], labels: str
) -> None:
    answer = send(oms, **{**FORM, **fields})

    assert 422 == answer.status_code
    assert f"Nothing was added. Put these right: {labels} At work" in text(answer)
    assert 'value="Por telefone"' in answer.text
    assert [] == items(oms)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/remove"])
@pytest.mark.parametrize(
    ("headers", "forged"),
    [
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Sec-Fetch-Site": "same-site"}, {}),
        ({}, {"token": "guessed"}),
        ({}, {"token": ""}),
    ],
)
def test_a_form_that_another_site_may_have_sent_changes_nothing(
    oms: Oms, path: str, headers: dict[str, str], forged: dict[str, str]
) -> None:
    send(oms, kind="drop")

    answer = oms.http.post(path, data={"token": token(oms), "kind": "drop", "id": "1", **forged}, headers=headers)

    assert 403 == answer.status_code
    assert "Nothing was changed; send it again." in text(answer)
    assert 1 == len(items(oms))


def test_a_browser_of_the_page_itself_is_trusted(oms: Oms) -> None:
    headers = {"Origin": str(oms.http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}

    answer = oms.http.post(PAGE, data={"token": token(oms), "kind": "drop"}, headers=headers)

    assert 303 == answer.status_code


def test_a_token_is_good_for_one_start_of_the_sandbox_only(start: Start) -> None:
    old = token(start())

    assert old != token(start())


def test_a_body_that_is_no_form_changes_nothing(oms: Oms) -> None:
    assert 403 == oms.http.post(PAGE, content=b"&".join([b"a=1"] * 100)).status_code
    assert 403 == oms.http.post(PAGE, content=b"\xff\xfe").status_code


def test_faults_are_removed_one_by_one_or_all_together(oms: Oms) -> None:
    for kind in ("drop", "malformed", "revoked"):
        send(oms, kind=kind)

    seen = []
    for fault_id in ("2", "2", "²", "all"):
        assert 303 == send(oms, f"{PAGE}/remove?lang=pt", id=fault_id).status_code
        seen.append([item["kind"] for item in items(oms)])

    assert [["drop", "revoked"], ["drop", "revoked"], ["drop", "revoked"], []] == seen


def test_the_page_tells_what_is_at_work_and_every_page_how_many_there_are(oms: Oms) -> None:
    send(oms, kind="error", status="503", body="html", percent="30", account="demo", order_id="77")
    send(oms, kind="drop", moment="after", count="2", percent="100")
    send(oms, kind="circuit-breaker", seconds="20", threshold="1", percent="100")
    send(oms, kind="error", status="500", percent="100")
    with pytest.raises(httpx.RemoteProtocolError):
        oms.http.get("/mystore/api/oms/pvt/orders")

    page = text(oms.http.get(PAGE))

    assert "1 Error answer 503 html before it takes effect Account demo Order 77 30 % of calls 0 Remove #1" in page
    assert "2 Dropped connection after it took effect every call 2 times, left 1 1 Remove #2" in page
    assert "3 Circuit breaker 20 s every call 1 × 5xx in a row 0" in page
    assert "4 Error answer 500 json before it takes effect every call always 0" in page
    assert "Faults 4" in text(oms.http.get("/"))


def test_an_open_circuit_breaker_says_until_when(oms: Oms) -> None:
    send(oms, kind="circuit-breaker", seconds="20", threshold="1")
    send(oms, kind="error", status="500", percent="100")
    oms.http.get("/api/oms/pvt/orders")

    assert "open until 18:04:51.052" in text(oms.http.get(PAGE))


def test_the_journal_and_the_orders_page_show_which_fault_hit_a_call(oms: Oms) -> None:
    oms.seed_invoiced()
    send(oms, kind="drop", moment="after", percent="100", count="1")
    send(oms, kind="foreign-row", percent="100")
    with pytest.raises(httpx.RemoteProtocolError):
        oms.put(COLLECTED)

    for page in ("/journal", "/orders/1527103869572-01"):
        shown = text(oms.http.get(page))
        assert "dropped #1 Dropped connection after it took effect #2 Another writer's row before it takes" in shown
        assert "derrubada #1 Conexão derrubada depois de ter efeito" in text(oms.http.get(page, params={"lang": "pt"}))


def test_the_page_runs_no_script_escapes_what_it_shows_and_sends_forms_home_only(oms: Oms) -> None:
    oms.http.post("/sandbox/api/faults", json={"kind": "drop", "account": "<script>alert(1)</script>"})

    answer = oms.http.get(PAGE)

    assert "<script" not in answer.text
    assert "<script>alert(1)</script>" in text(answer)
    assert (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ) == answer.headers["content-security-policy"]
    assert "same-origin" == answer.headers["referrer-policy"]
    assert not re.search(r'\s(style|on[a-z]+)="', answer.text)


def test_the_page_never_renews_itself_under_a_form_that_is_being_filled_in(oms: Oms) -> None:
    assert 'http-equiv="refresh"' not in oms.http.get(PAGE, params={"live": "1"}).text


def test_every_label_belongs_to_a_field(oms: Oms) -> None:
    page = oms.http.get(PAGE).text

    labels = re.findall(r'<label for="([^"]+)"', page)
    assert len(labels) > 10
    assert set(labels) == set(re.findall(r'<(?:input|select) id="([^"]+)"', page))


def test_the_words_of_faults_are_there_in_both_languages_and_hide_no_others() -> None:
    assert FAULT_WORDS["en"].keys() == FAULT_WORDS["pt"].keys()
    assert set() == FAULT_WORDS["en"].keys() & WORDS["en"].keys()


def test_the_page_speaks_portuguese(oms: Oms) -> None:
    send(oms, kind="read-delay", seconds="2.5", percent="50")

    page = text(oms.http.get(PAGE, params={"lang": "pt"}))

    assert "Em ação" in page
    assert "1 Leitura atrasada 2.5 s toda chamada 50 % das chamadas 0 Remover #1" in page
